// Bringing an order to executing (docs/waldur.md, "Orders"). The order is read again first, and only one that says
// pending-provider now is accepted, with no request between: set_state_executing would reactivate an erred order and
// bypass a consumer's consent.

import type { OrderOutcome } from "../report/report.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { isOwed, noteEnded } from "./ended.ts";
import type { OrderRun } from "./order-run.ts";
import { acceptance } from "./plan.ts";
import { type Prepared, waitsForWorker } from "./prepare.ts";
import { isOpen, noteUnmoved, sendCall, waitForNextRun } from "./steps.ts";

/**
 * @returns "publish" when the file is to be published now, "owed" when only that is left to do, or the order's outcome
 *   when it goes no further now
 */
export async function acceptOrder(
  prepared: Prepared,
  run: OrderRun,
): Promise<"publish" | "owed" | OrderOutcome> {
  const { job, end, line } = run;
  const order = await end.readOrder(prepared.order.uuid);
  if (order === null || !isOpen(order)) return afterEnd(order, prepared, run);
  line.state = order.state;
  if (!isSameContent(order, prepared.order)) return waitForNextRun(order, run);
  if (order.state === "executing") {
    return waitsForWorker({ ...prepared, order }, job.now()) ? "waiting" : "publish";
  }
  job.throwIfOver();
  const { call, accepted } = acceptance({ ...prepared, order }, job);
  const posted = await sendCall({ call, effect: { order: accepted } }, run);
  const after = await end.readOrder(order.uuid);
  if (after === null || !isOpen(after)) return afterEnd(after, prepared, run);
  line.state = after.state;
  if (after.state !== "executing") return noteUnmoved("accepted", { order, posted }, run);
  // Whatever the worker did by now, the next run decides from the result.
  return prepared.hasWorker && accepted.providerReviewedAt !== order.providerReviewedAt
    ? "waiting"
    : "publish";
}

function afterEnd(order: WaldurOrder | null, prepared: Prepared, run: OrderRun): "owed" | OrderOutcome {
  const { receipt } = prepared;
  run.line.state = order?.state ?? "gone";
  // It is accepted, and listed again on its day; its receipt stays open.
  if (order?.state === "pending-start-date") return "waiting";
  if (order === null || !isOwed(order, receipt, run.job.config.settings.outputDirectory))
    return noteEnded(order, receipt, run);
  return isSameContent(order, prepared.order) ? "owed" : waitForNextRun(order, run);
}

function isSameContent(one: WaldurOrder, other: WaldurOrder): boolean {
  const contentOf = ({ type, limits, attributes, marketplaceResourceUuid }: WaldurOrder) =>
    JSON.stringify([type, limits, attributes, marketplaceResourceUuid]);
  return contentOf(one) === contentOf(other);
}
