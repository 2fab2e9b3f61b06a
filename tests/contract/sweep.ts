// Ends what the suite created: every live resource of the offering whose name begins with `contract-`, of this run and
// of earlier ones that were killed. It looks at the server and not at what the run remembers.

import { AppError, InterruptedError, RetryLaterError } from "../../lib/errors.ts";
import { listAll, type Table, textOf } from "./api.ts";
import { act, finish, ORDERS, PREFIX, RESOURCES, type SiteAccess, terminate } from "./site.ts";

/** Steps between Creating and Terminated on the longest way. */
const ROUNDS = 6;

/** Returns the names of what could not be ended. */
export async function sweep(ground: SiteAccess): Promise<string[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const live = await liveOf(ground);
    if (live.length === 0) return [];
    const orders = await openOrdersOf(ground);
    for (const resource of live) {
      await endStep(ground, resource, orders.get(textOf(resource, "uuid"))).catch(refusedMayPass);
    }
  }
  return (await liveOf(ground)).map((row) => `${textOf(row, "name")} (${textOf(row, "state")})`);
}

async function liveOf({ provider, variables, created }: SiteAccess): Promise<Table[]> {
  const rows = await listAll(provider, RESOURCES, {
    offering_uuid: variables.offeringUuid,
    field: ["uuid", "name", "state"],
  });
  return rows.filter(
    (row) =>
      row.state !== "Terminated" &&
      (textOf(row, "name").startsWith(PREFIX) || created.has(textOf(row, "uuid"))),
  );
}

/** Open orders by the uuid of their resource. */
async function openOrdersOf({ provider, variables }: SiteAccess): Promise<Map<string, Table>> {
  const rows = await listAll(provider, ORDERS, {
    offering_uuid: variables.offeringUuid,
    state: ["pending-provider", "executing"],
    field: ["uuid", "type", "state", "marketplace_resource_uuid"],
  });
  return new Map(rows.map((row) => [textOf(row, "marketplace_resource_uuid"), row]));
}

/** What was refused is looked at again in the next round; without a network there is none. */
function refusedMayPass(error: unknown): void {
  const isRefusal = error instanceof AppError && !(error instanceof InterruptedError);
  if (!isRefusal || error instanceof RetryLaterError) throw error;
}

/** One step towards the end. */
async function endStep(ground: SiteAccess, resource: Table, order: Table | undefined): Promise<void> {
  const uuid = textOf(resource, "uuid");
  if (order !== undefined) return endOrder(ground, order);
  if (resource.state !== "OK" && resource.state !== "Erred") return unstick(ground, uuid);
  const ending = await terminate(ground, uuid);
  if (ending.order !== "") await finish(ground, ending.order);
}

async function endOrder(ground: SiteAccess, order: Table): Promise<void> {
  const uuid = textOf(order, "uuid");
  if (order.state === "executing") await act(ground, uuid, "set_state_done");
  else if (order.type === "Terminate") await finish(ground, uuid);
  else await act(ground, uuid, "reject_by_provider");
}

/** A resource in between without an order that would move it: its consumer deleted it, or a worker was late. */
async function unstick(ground: SiteAccess, uuid: string): Promise<void> {
  await (ground.staff ?? ground.provider).post(`${RESOURCES}${uuid}/set_as_erred/`, {});
}
