// Rules about the end of orders and resources, through the API alone: terminated, erred, or deleted by the consumer
// (docs/waldur.md, "Orders").

import { said, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import {
  act,
  change,
  finish,
  happens,
  makeResource,
  ORDERS,
  once,
  place,
  readOrder,
  readResource,
  type Site,
  setBackendId,
  statesOf,
  terminate,
  WORKER_MS,
} from "./site.ts";

/** Rules that leave live resources behind. */
export function endRules(): Rule[] {
  return [...terminateRules(), ...failureRules(), ...vanishRules()];
}

function terminateRules(): Rule[] {
  const resource = once((site) => makeResource(site, "terminate"));
  const ending = once(async (site) => terminate(site, await resource(site)));
  return [
    {
      name: "a Terminate order waits, and has no limits",
      expected: {
        "2024": "200; pending-provider, OK, {}",
        current: "200; pending-provider, Terminating, {}",
      },
      async see(site) {
        const { answer, order } = await ending(site);
        const states = await statesOf(site, { order, resource: await resource(site) });
        return `${said(answer)}; ${states}, ${JSON.stringify((await readOrder(site, order)).limits)}`;
      },
    },
    {
      name: "set_state_done ends a Terminate order and its resource",
      expected: "done, Terminated",
      async see(site) {
        const { order } = await ending(site);
        await finish(site, order);
        return statesOf(site, { order, resource: await resource(site) });
      },
    },
    {
      name: "the backend id of a Terminated resource can still be set",
      expected: "200; Terminated",
      async see(site) {
        const uuid = await resource(site);
        const answer = await setBackendId(site, uuid, { backend_id: "contract-late" });
        return `${said(answer)}; ${textOf(await readResource(site, uuid), "state")}`;
      },
    },
    {
      name: "an approved Terminate order puts its resource to Terminating, and done ends it",
      expected: "Terminating; done, Terminated",
      async see(site) {
        const uuid = await makeResource(site, "approved-end");
        const { order } = await terminate(site, uuid);
        await act(site, order, "approve_by_provider");
        const isTerminating = async () => (await readResource(site, uuid)).state === "Terminating";
        const state = (await happens(isTerminating, WORKER_MS)) ? "Terminating" : "not Terminating";
        await act(site, order, "set_state_done");
        return `${state}; ${await statesOf(site, { order, resource: uuid })}`;
      },
    },
  ];
}

/** The program never sends `set_state_erred`; operators and other agents do. */
function failureRules(): Rule[] {
  const failure = { error_message: "contract", error_traceback: "" };
  const failed = once(async (site) => {
    const order = await place(site, "erred");
    await setBackendId(site, order.resource, { backend_id: "contract-erred" });
    await act(site, order.order, "set_state_executing");
    await act(site, order.order, "set_state_erred", failure);
    return order;
  });
  return [
    {
      name: "set_state_erred of a Create order whose resource has a backend id errs both",
      expected: "erred, Erred",
      see: async (site) => statesOf(site, await failed(site)),
    },
    {
      name: "a resource in Erred takes no new limits",
      expected: "409 Valid states for operation: OK.",
      see: async (site) => said((await change(site, (await failed(site)).resource, { storage: 20 })).answer),
    },
    {
      name: "set_state_executing and done repair an erred Create order, whose message stays",
      expected: "done, OK: contract",
      async see(site) {
        const order = await failed(site);
        await finish(site, order.order);
        const message = textOf(await readOrder(site, order.order), "error_message");
        return `${await statesOf(site, order)}: ${message}`;
      },
    },
    {
      name: "set_state_erred of a Create order whose resource has no backend id",
      expected: { "2024": "erred, Erred", current: "erred, Terminated" },
      async see(site) {
        const order = await place(site, "erred-early");
        await act(site, order.order, "set_state_executing");
        await act(site, order.order, "set_state_erred", failure);
        return statesOf(site, order);
      },
    },
    {
      name: "set_state_erred of a Terminate order that was set executing, its resource moved by no worker",
      expected: { "2024": "500; executing, OK", current: "200; erred, OK" },
      async see(site) {
        const resource = await makeResource(site, "erred-end");
        const { order } = await terminate(site, resource);
        await act(site, order, "set_state_executing");
        const { status } = await act(site, order, "set_state_erred", failure);
        return `${status}; ${await statesOf(site, { order, resource })}`;
      },
    },
    {
      name: "set_state_erred of an approved Terminate order whose resource is Terminating",
      expected: "200; erred, OK",
      async see(site) {
        const resource = await makeResource(site, "erred-approved");
        const { order } = await terminate(site, resource);
        await act(site, order, "approve_by_provider");
        await happens(async () => (await readResource(site, resource)).state === "Terminating", WORKER_MS);
        const { status } = await act(site, order, "set_state_erred", failure);
        return `${status}; ${await statesOf(site, { order, resource })}`;
      },
    },
  ];
}

/** What is left of a deleted order can be ended by an owner on servers of 2024 only, and only if it was no Create. */
function vanishRules(): Rule[] {
  const reads = async (site: Site, order: string) => said(await site.provider.get(`${ORDERS}${order}/`));
  return [
    {
      name: "an Update order that its consumer deletes is gone, for every call",
      expected: "204; 404 No Order matches the given query.; 404 No Order matches the given query.",
      staffOn: ["current"],
      async see(site) {
        const resource = await makeResource(site, "vanish");
        const { order } = await change(site, resource, { storage: 20 });
        const removed = said(await site.consumer.remove(`${ORDERS}${order}/`));
        const approved = said(await act(site, order, "approve_by_provider"));
        return `${removed}; ${await reads(site, order)}; ${approved}`;
      },
    },
    {
      name: "the resource of a Create order that its consumer deletes stays in Creating",
      expected: "204; 404 No Order matches the given query.; Creating",
      staffOn: ["2024", "current"],
      async see(site) {
        const { order, resource } = await place(site, "vanish-create");
        const removed = said(await site.consumer.remove(`${ORDERS}${order}/`));
        const { state } = await readResource(site, resource);
        return `${removed}; ${await reads(site, order)}; ${String(state)}`;
      },
    },
  ];
}
