// Rules about Create orders, through the API alone: what each call answers, what it does to the order and to its
// resource, and what two agents at once do (docs/waldur.md, "Orders").

import { said } from "./api.ts";
import type { Rule } from "./rule.ts";
import {
  act,
  limitsOf,
  ORDERS,
  once,
  place,
  readOrder,
  type Site,
  statesOf,
  terminate,
  WORKER_MS,
  workerIsThrough,
} from "./site.ts";

/** Rules that leave orders and resources in many states behind. */
export function orderRules(): Rule[] {
  return [...createRules(), ...approvalRules(), ...raceRules()];
}

/** One Create order, taken to its end by `set_state_executing`; the rules are its steps. */
function createRules(): Rule[] {
  const placed = once((site) => place(site, "create"));
  const acts = (action: Parameters<typeof act>[2]) => async (site: Site) => {
    const order = await placed(site);
    const answer = await act(site, order.order, action);
    return `${said(answer)}; ${await statesOf(site, order)}`;
  };
  return [
    {
      name: "an owner's Create order waits for the provider, and its resource is there",
      expected: '201; pending-provider, Creating, {"storage":10}',
      async see(site) {
        const order = await placed(site);
        const states = await statesOf(site, order);
        return `${said(order.answer)}; ${states}, ${await limitsOf(site, order.resource)}`;
      },
    },
    {
      name: "a pending order cannot be done",
      expected: "409 Valid states for operation: executing.; pending-provider, Creating",
      see: acts("set_state_done"),
    },
    {
      name: "a resource in Creating cannot be terminated",
      expected: "409",
      see: async (site) => `${(await terminate(site, (await placed(site)).resource)).answer.status}`,
    },
    {
      name: "set_state_executing takes a pending order",
      expected: "200; executing, Creating",
      see: acts("set_state_executing"),
    },
    {
      name: "set_state_executing leaves no reviewer and starts no worker",
      expected: "provider_reviewed_at null, resource_uuid null",
      async see(site) {
        const order = await readOrder(site, (await placed(site)).order);
        const { provider_reviewed_at: reviewed, resource_uuid: allocation } = order;
        return `provider_reviewed_at ${reviewed}, resource_uuid ${allocation}`;
      },
    },
    {
      name: "set_state_done ends a Create order",
      expected: "200; done, OK",
      see: acts("set_state_done"),
    },
    {
      name: "set_state_done a second time is refused",
      expected: "409 Valid states for operation: executing.; done, OK",
      see: acts("set_state_done"),
    },
    {
      name: "a done order cannot be approved",
      expected: "409 Valid states for operation: pending-provider.; done, OK",
      see: acts("approve_by_provider"),
    },
    {
      name: "reject_by_provider ends a pending Create order and its resource",
      expected: "200; rejected, Terminated",
      async see(site) {
        const order = await place(site, "reject");
        return `${said(await act(site, order.order, "reject_by_provider"))}; ${await statesOf(site, order)}`;
      },
    },
  ];
}

/** One Create order, approved. */
function approvalRules(): Rule[] {
  const placed = once((site) => place(site, "approve"));
  return [
    {
      name: "approve_by_provider takes a pending order",
      expected: "200; executing, Creating; reviewed",
      async see(site) {
        const order = await placed(site);
        const answer = await act(site, order.order, "approve_by_provider");
        const { provider_reviewed_at: at } = await readOrder(site, order.order);
        return `${said(answer)}; ${await statesOf(site, order)}; ${at === null ? "not reviewed" : "reviewed"}`;
      },
    },
    {
      name: "approve_by_provider a second time is refused",
      expected: "409 Valid states for operation: pending-provider.",
      see: async (site) => said(await act(site, (await placed(site)).order, "approve_by_provider")),
    },
    {
      name: "an approved order cannot be rejected",
      expected: "409 Valid states for operation: pending-provider.",
      see: async (site) => said(await act(site, (await placed(site)).order, "reject_by_provider")),
    },
    {
      name: "an approved order that begins on a later day waits for it, and cannot be done before",
      expected: { current: "200; pending-start-date, Creating; 409" },
      staffOn: ["current"],
      async see(site) {
        const order = await place(site, "later", { body: { start_date: "2999-01-01" } });
        const approved = said(await act(site, order.order, "approve_by_provider"));
        const states = await statesOf(site, order);
        const { status } = await act(site, order.order, "set_state_done");
        // Neither rejected nor terminated can it be any more; what its consumer's DELETE leaves takes staff to end.
        await site.consumer.remove(`${ORDERS}${order.order}/`);
        return `${approved}; ${states}; ${status}`;
      },
    },
    {
      name: "a worker fills in the resource_uuid of an approved Create order",
      expected: { "2024": "filled in" },
      see: async (site) =>
        (await workerIsThrough(site, await placed(site))) ? "filled in" : `still null after ${WORKER_MS} ms`,
    },
  ];
}

/** Two agents at once. Which of them is first is not said; what comes of it is. */
function raceRules(): Rule[] {
  const both = async (site: Site, order: string, action: "approve_by_provider" | "set_state_done") => {
    const answers = await Promise.all([act(site, order, action), act(site, order, action)]);
    const statuses = answers.map(({ status }) => status);
    if (statuses.every((status) => status === 200 || status === 409)) return "200 or 409";
    return statuses.join(", ");
  };
  return [
    {
      name: "two approvals at once make one executing order",
      expected: "200 or 409; executing, Creating",
      async see(site) {
        const order = await place(site, "race-approve");
        return `${await both(site, order.order, "approve_by_provider")}; ${await statesOf(site, order)}`;
      },
    },
    {
      name: "two set_state_done at once make one done order",
      expected: "200 or 409; done, OK",
      async see(site) {
        const order = await place(site, "race-done");
        await act(site, order.order, "set_state_executing");
        return `${await both(site, order.order, "set_state_done")}; ${await statesOf(site, order)}`;
      },
    },
  ];
}
