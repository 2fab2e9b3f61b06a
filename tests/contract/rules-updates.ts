// Rules about Update orders, through the API alone, and about the harm that their approval does on a server of 2024
// (docs/waldur.md, "The worker of 2024").

import { said, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import {
  act,
  change,
  changeOptions,
  happens,
  limitsOf,
  makeResource,
  once,
  place,
  readOrder,
  type Site,
  statesOf,
  WORKER_MS,
  workerIsThrough,
} from "./site.ts";

/** How long we look whether an approved order stays executing, where no worker is known. */
const QUIET_MS = 2000;

/** Rules that leave live resources behind. */
export function updateRules(): Rule[] {
  return [...limitRules(), ...approvedUpdateRules(), ...optionRules()];
}

/** One resource and one Update order that is never approved. */
function limitRules(): Rule[] {
  const resource = once((site) => makeResource(site, "update"));
  const update = once(async (site) => change(site, await resource(site), { storage: 20 }));
  const asks = (limits: unknown) => async (site: Site) =>
    said((await change(site, await resource(site), limits)).answer);
  return [
    {
      name: "new limits that are the old ones are refused",
      expected: "400 Impossible to create update orders with limits set to exactly the same.",
      see: asks({ storage: 10 }),
    },
    {
      name: "a fraction as a new limit is refused",
      expected: "400 limits: storage: A valid integer is required.",
      see: asks({ storage: 0.5 }),
    },
    {
      name: "a negative new limit is refused",
      expected: "400 limits: storage: Ensure this value is greater than or equal to 0.",
      see: asks({ storage: -1 }),
    },
    {
      name: "an Update order waits, and the resource keeps its limits",
      expected: {
        "2024": '200; pending-provider, OK, {"storage":10}',
        current: '200; pending-provider, Updating, {"storage":10}',
      },
      async see(site) {
        const { answer, order } = await update(site);
        const states = await statesOf(site, { order, resource: await resource(site) });
        return `${said(answer)}; ${states}, ${await limitsOf(site, await resource(site))}`;
      },
    },
    {
      name: "an Update order has the new limits, and the old ones in its attributes",
      expected: '{"storage":20}, old_limits {"storage":10}',
      async see(site) {
        const { limits, attributes } = await readOrder(site, (await update(site)).order);
        return `${JSON.stringify(limits)}, old_limits ${JSON.stringify(oldLimits(attributes))}`;
      },
    },
    {
      name: "a resource has one open order at most",
      expected: {
        "2024": "400 Pending order for resource already exists.",
        current: "409 Valid states for operation: OK.",
      },
      async see(site) {
        await update(site);
        return asks({ storage: 30 })(site);
      },
    },
    {
      name: "an executing Update order leaves the limits alone, and done applies them",
      expected: '{"storage":10}, then done, OK, {"storage":20}',
      async see(site) {
        const order = { order: (await update(site)).order, resource: await resource(site) };
        await act(site, order.order, "set_state_executing");
        const before = await limitsOf(site, order.resource);
        await act(site, order.order, "set_state_done");
        return `${before}, then ${await statesOf(site, order)}, ${await limitsOf(site, order.resource)}`;
      },
    },
    {
      name: "a rejected Update order leaves the resource as it was",
      expected: 'rejected, OK, {"storage":20}',
      async see(site) {
        const { order } = await change(site, await resource(site), { storage: 40 });
        await act(site, order, "reject_by_provider");
        const states = await statesOf(site, { order, resource: await resource(site) });
        return `${states}, ${await limitsOf(site, await resource(site))}`;
      },
    },
  ];
}

/** An Update order that changes nothing but options; null where the offering makes none. */
export async function orderOptions(
  site: Site,
  label: string,
): Promise<{ order: string; resource: string } | null> {
  const resource = await makeResource(site, label);
  const order = await changeOptions(site, resource, { contract: "new" });
  return order === null ? null : { order, resource };
}

/** Orders that change options alone; an offering may be without them, so a site need not have any. */
function optionRules(): Rule[] {
  const none = { unproven: "the offering makes no orders of new options" };
  return [
    {
      name: "an approved Update order of options alone is set done by the server itself",
      expected: { current: "done, OK" },
      async see(site) {
        const order = await orderOptions(site, "options");
        if (order === null) return none;
        await act(site, order.order, "approve_by_provider");
        await happens(async () => (await readOrder(site, order.order)).state === "done", WORKER_MS);
        return statesOf(site, order);
      },
    },
    {
      name: "an Update order of options alone that is set executing stays so",
      expected: { current: "executing, Updating" },
      async see(site) {
        const order = await orderOptions(site, "options-kept");
        if (order === null) return none;
        await act(site, order.order, "set_state_executing");
        await happens(async () => (await readOrder(site, order.order)).state !== "executing", QUIET_MS);
        return statesOf(site, order);
      },
    },
  ];
}

function oldLimits(attributes: unknown): unknown {
  return typeof attributes === "object" && attributes !== null && "old_limits" in attributes
    ? attributes.old_limits
    : undefined;
}

/** The trap of servers of 2024, and what a newer one does in its place: nothing, for as long as we look. */
function approvedUpdateRules(): Rule[] {
  const approved = once(async (site) => {
    const { order: creation, resource } = await place(site, "approved-update");
    await act(site, creation, "approve_by_provider");
    if (site.generation === "2024") await workerIsThrough(site, { order: creation });
    await act(site, creation, "set_state_done");
    const { order } = await change(site, resource, { storage: 20 });
    await act(site, order, "approve_by_provider");
    return { order, resource };
  });
  return [
    {
      name: "what becomes of an approved Update order that is left to itself",
      expected: {
        "2024": "erred, OK: Can't switch from state '5' using method 'schedule_updating'",
        current: "executing, Updating",
      },
      async see(site) {
        const { order, resource } = await approved(site);
        const hasMoved = async () => (await readOrder(site, order)).state !== "executing";
        await happens(hasMoved, site.generation === "2024" ? WORKER_MS : QUIET_MS);
        const message = textOf(await readOrder(site, order), "error_message");
        const states = await statesOf(site, { order, resource });
        return message === "" ? states : `${states}: ${message}`;
      },
    },
    {
      name: "set_state_executing revives an erred order, and done applies its limits",
      expected: { "2024": '200, 200; done, OK, {"storage":20}' },
      async see(site) {
        const order = await approved(site);
        const answers = [
          said(await act(site, order.order, "set_state_executing")),
          said(await act(site, order.order, "set_state_done")),
        ];
        const states = await statesOf(site, order);
        return `${answers.join(", ")}; ${states}, ${await limitsOf(site, order.resource)}`;
      },
    },
    {
      name: "set_state_done ends an approved Update order",
      expected: { current: '200; done, OK, {"storage":20}' },
      async see(site) {
        const order = await approved(site);
        const answer = await act(site, order.order, "set_state_done");
        const states = await statesOf(site, order);
        return `${said(answer)}; ${states}, ${await limitsOf(site, order.resource)}`;
      },
    },
  ];
}
