// What surrounds the publication of an order's file: just before it, a look at the backend id of a new resource; after
// it, that backend id and the order's end. A 200 from Waldur does not prove anything, so both are read back.

import type { OrderOutcome, Problem } from "../report/report.ts";
import { addProblem } from "../run/job.ts";
import { CALLS } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import { noteEnded } from "./ended.ts";
import type { OrderRun } from "./order-run.ts";
import { backendIdFor } from "./plan.ts";
import type { Prepared } from "./prepare.ts";
import { isOpen, lostAnswer, noteUnmoved, sendCall, waitForNextRun } from "./steps.ts";

/** The backend id that is to be set, and the resource as it was read right before the file gets its name. */
export type BackendIdStep = { wanted: string; before: WaldurResource };

/**
 * Reads the resource once more when its backend id is to be set: it may have been set while the order was accepted,
 * and an absolute one moves the file to another path.
 * @returns null when no backend id is to be set; the order's outcome when it goes no further now
 */
export async function readForBackendId(
  prepared: Prepared,
  run: OrderRun,
): Promise<BackendIdStep | null | OrderOutcome> {
  const { order, resource, receipt } = prepared;
  const wanted = backendIdFor(prepared, run.job.config.settings);
  if (wanted === null) return null;
  const before = await run.end.readResource(resource.uuid);
  if (before === null) {
    addProblem(run.job, goneResource(order, resource.uuid));
    return "left";
  }
  const isMoved = before.backendId.startsWith("/") && before.backendId !== receipt.mountPoint;
  return isMoved && !receipt.published ? waitForNextRun(order, run) : { wanted, before };
}

export function goneResource(order: WaldurOrder, resource: string): Omit<Problem, "offering"> {
  return {
    order: order.uuid,
    resource,
    code: "no-resource",
    message: `resource ${resource} of order ${order.uuid} no longer exists; the order is not finished`,
    hint: "check the order in Waldur",
  };
}

/** Sets the order done; its file is published. */
export async function finishOrder(
  finishing: Pick<Prepared, "order" | "receipt">,
  step: BackendIdStep | null,
  run: OrderRun,
): Promise<OrderOutcome> {
  const { job, end, line } = run;
  const { order, receipt } = finishing;
  job.throwIfOver();
  if (step !== null && !(await settleBackendId(order, step, run))) return "left";
  job.throwIfOver();
  const done = { ...order, state: "done" };
  const posted = await sendCall({ call: CALLS.setDone(order.uuid), effect: { order: done } }, run);
  const after = await end.readOrder(order.uuid);
  if (after === null || !isOpen(after)) return noteEnded(after, { ...receipt, published: true }, run);
  line.state = after.state;
  return noteUnmoved("set done", { order, posted }, run);
}

/**
 * Sets the backend id if it is empty, and reads it back. False if it was lost; then the next run tries again.
 */
async function settleBackendId(
  order: WaldurOrder,
  { wanted, before }: BackendIdStep,
  run: OrderRun,
): Promise<boolean> {
  const { job, end } = run;
  if (before.backendId !== "") return keepBackendId(before, wanted, { order, run });
  const call = { call: CALLS.setBackendId(before.uuid), body: { backend_id: wanted } };
  const posted = await sendCall({ ...call, effect: { resource: { ...before, backendId: wanted } } }, run);
  const after = await end.readResource(before.uuid);
  if (after !== null && after.backendId !== "") return keepBackendId(after, wanted, { order, run });
  if (posted.outcome === "unknown") throw lostAnswer("given its backend id", order, posted);
  addProblem(job, {
    order: order.uuid,
    resource: before.uuid,
    field: "backend_id",
    code: "backend-id-lost",
    message: `the backend id of resource ${before.uuid} is still empty after it was set; the order is not finished`,
    hint: "a worker of Waldur may have overwritten it; the next run sets it again",
  });
  return false;
}

/** Whatever the backend id is now, it stays. */
function keepBackendId(
  { uuid, backendId }: WaldurResource,
  wanted: string,
  { order, run }: { order: WaldurOrder; run: OrderRun },
): true {
  if (backendId === wanted) return true;
  addProblem(run.job, {
    order: order.uuid,
    resource: uuid,
    field: "backend_id",
    code: "backend-id-differs",
    message: `resource ${uuid} got another backend id in the meantime; it is kept`,
    hint: "if it is a path, compare it with the mount point in the order's file",
  });
  return true;
}
