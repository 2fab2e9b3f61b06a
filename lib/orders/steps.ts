// Small steps that several parts of the handling of an order share.

import { RetryLaterError } from "../errors.ts";
import type { OrderOutcome } from "../report/report.ts";
import { addProblem } from "../run/job.ts";
import type { Posted } from "../waldur/client.ts";
import { ENDED_STATES, OPEN_STATES } from "../waldur/vocabulary.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { OrderCall } from "./end.ts";
import type { OrderRun } from "./order-run.ts";

const OPEN: ReadonlySet<string> = new Set(OPEN_STATES);

export function isOpen(order: WaldurOrder): boolean {
  return OPEN.has(order.state);
}

const ENDED: ReadonlySet<string> = new Set(ENDED_STATES);

/** A state that this program does not know may lead anywhere, so it is not an end. */
export function hasEnded(order: WaldurOrder): boolean {
  return ENDED.has(order.state);
}

/** Sends the call, and records it before, so that the report has it whatever the answer is. */
export function sendCall(call: OrderCall, { end, line }: OrderRun): Promise<Posted> {
  line.calls.push(call.call);
  return end.call({ ...call, order: line.uuid, resource: line.resource });
}

/** Waldur's state is still that before the call. A lost answer is left to the next run, anything else is a problem. */
export function noteUnmoved(
  what: string,
  { order, posted }: { order: WaldurOrder; posted: Posted },
  { job }: OrderRun,
): OrderOutcome {
  if (posted.outcome === "unknown") throw lostAnswer(what, order, posted);
  addProblem(job, {
    code: "no-effect",
    order: order.uuid,
    field: "state",
    message: `order ${order.uuid} was not ${what}, although Waldur answered ${posted.detail}`,
    hint: "the next run tries again; if this persists, check the order in Waldur, and Waldur's log",
  });
  return "left";
}

export function lostAnswer(what: string, order: WaldurOrder, posted: Posted): RetryLaterError {
  return new RetryLaterError(`order ${order.uuid} was not ${what}: ${posted.detail}`, {
    hint: "no data is lost; the next run tries again",
  });
}

/** What was mapped is not what Waldur says now; the next run maps it again. */
export function waitForNextRun(order: WaldurOrder, { job }: OrderRun): "waiting" {
  job.log.info("the order changed after it was read; the next run handles it", { order: order.uuid });
  return "waiting";
}
