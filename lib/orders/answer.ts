// With `completion: on-ack` the provisioner decides how an order ends. Its answer is in the receipt before anything is
// sent, and counts from then on, even if the ack or the setting changes. An order is set erred by that answer
// only, and right after a read that says executing.

import { type Ack, fitsPath, isSameAck } from "../acks/ack.ts";
import type { FoundAck } from "../acks/read.ts";
import type { AckDeed } from "../history/record.ts";
import type { Answer, Receipt } from "../output/receipt.ts";
import type { FoundReceipt } from "../output/receipts.ts";
import type { OrderOutcome } from "../report/report.ts";
import { addProblem } from "../run/job.ts";
import { CALLS } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { AckProblem } from "./acks.ts";
import { noteEnded } from "./ended.ts";
import { type BackendIdStep, finishOrder, goneResource } from "./finish.ts";
import type { OrderRun } from "./order-run.ts";
import { terminatedResource } from "./prepare.ts";
import { isOpen, noteUnmoved, sendCall, waitForNextRun } from "./steps.ts";

/**
 * Ends an executing order whose file is published as the provisioner answered; "published" while it has not. One that
 * was closed is open again from now on, so that `ack` and `status` know that it waits.
 */
export async function takeAnswer(
  order: WaldurOrder,
  { receipt: known, open }: FoundReceipt,
  run: OrderRun,
): Promise<OrderOutcome> {
  const { acks } = run.pass;
  const receipt = open ? known : anew(known, run.job.now());
  const found = acks?.read(order.uuid) ?? null;
  const taken = receipt.answer ?? (found === null ? null : answerOf(found, receipt, run));
  if (taken === null) {
    if (!open) run.end.reopen({ ...receipt, published: true });
    return "published";
  }
  const answered = { ...receipt, published: true, answer: taken };
  if (receipt.answer === undefined)
    run.end.record(answerDeed(answered, taken), () => run.end[open ? "note" : "reopen"](answered));
  else if (!open) run.end.reopen(answered);
  const outcome = await carryOut(order, answered, run);
  if (found !== null)
    settleAck(found, { answer: taken, isEnded: outcome === "done" || outcome === "erred" }, run);
  return outcome;
}

/** What the history has of an answer: not its message, which is in the receipt. */
export function answerDeed({ offering, order, resource }: Receipt, { result }: Ack): AckDeed {
  return { event: "answered", offering, order, resource, answer: result };
}

/**
 * The receipt of an order that is executing although it was closed. What was answered before counts where Waldur did
 * not show the order for a while; if it was set executing again after its end, it does not count.
 */
function anew({ answer, ended, closedAt: _closedAt, ...receipt }: Receipt, now: Date): Receipt {
  const isHeld = ended?.state === "gone" && answer !== undefined;
  return { ...receipt, ...(isHeld ? { answer } : { awaitedSince: now.toISOString() }) };
}

/** The ack as an answer to this order; null when it is invalid, and then it is reported and moved. */
function answerOf(found: FoundAck, receipt: Receipt, { pass, job, end }: OrderRun): Answer | null {
  const fault = "fault" in found ? found.fault : pathFault(found.ack, receipt);
  if (fault === null && "ack" in found) return { ...found.ack, at: job.now().toISOString() };
  pass.acks?.reject(found, badAck(found, fault ?? ""), end);
  return null;
}

function pathFault(ack: Ack, { mountPoint }: Receipt): string | null {
  return fitsPath(ack, mountPoint)
    ? null
    : "has a backendId with a slash or a backslash that is not the published mount point";
}

async function carryOut(
  order: WaldurOrder,
  receipt: Receipt & { answer: Answer },
  run: OrderRun,
): Promise<OrderOutcome> {
  run.job.throwIfOver();
  if (receipt.answer.result === "erred") return errOrder(order, receipt, run);
  // A terminate order takes its resource along, whatever it is.
  if (receipt.type === "terminate") return finishOrder({ order, receipt }, null, run);
  const before = await livingResource(order, receipt, run);
  return before === null ? "left" : finishOrder({ order, receipt }, backendIdStep(before, receipt, run), run);
}

/** Setting it done would reactivate a terminated resource, whose path may be another resource's by now. */
async function livingResource(
  order: WaldurOrder,
  { resource }: Receipt,
  { job, end }: OrderRun,
): Promise<WaldurResource | null> {
  const found = await end.readResource(resource);
  if (found !== null && found.state !== "Terminated") return found;
  const problem =
    found === null
      ? goneResource(order, resource)
      : { ...terminatedResource(order), order: order.uuid, resource };
  addProblem(job, problem);
  return null;
}

/** The provisioner's backend id, else the configured one where the resource has none. */
function backendIdStep(
  before: WaldurResource,
  { type, mountPoint, answer }: Receipt & { answer: Answer },
  { job }: OrderRun,
): BackendIdStep | null {
  if (type !== "create") return null;
  const own = job.config.settings.backendId === "mount_point" ? mountPoint : before.slug;
  const wanted = answer.backendId ?? (before.backendId === "" ? own : "");
  return wanted === "" ? null : { wanted, before };
}

async function errOrder(
  order: WaldurOrder,
  receipt: Receipt & { answer: Answer },
  run: OrderRun,
): Promise<OrderOutcome> {
  const { end, line } = run;
  if (receipt.type === "terminate" && !(await mayErr(order, receipt, run))) return "left";
  const before = await end.readOrder(order.uuid);
  if (before === null || !isOpen(before)) return noteEnded(before, receipt, run);
  line.state = before.state;
  if (before.state !== "executing") return waitForNextRun(before, run);
  const body = { error_message: receipt.answer.message ?? NO_MESSAGE, error_traceback: "" };
  const effect = { order: { ...before, state: "erred" } };
  const posted = await sendCall({ call: CALLS.setErred(order.uuid), body, effect }, run);
  const after = await end.readOrder(order.uuid);
  if (after === null || !isOpen(after)) return noteEnded(after, receipt, run);
  line.state = after.state;
  return noteUnmoved("set erred", { order, posted }, run);
}

const NO_MESSAGE = "the storage could not be provisioned; no reason was given";

/**
 * On a server of 2024 a Terminate order whose resource no worker changed cannot be set erred (docs/waldur.md,
 * "Orders").
 */
async function mayErr(order: WaldurOrder, { resource }: Receipt, { job, end }: OrderRun): Promise<boolean> {
  const found = await end.readResource(resource);
  if (found === null || found.projectSlug !== undefined || found.state !== "OK") return true;
  addProblem(job, {
    code: "cannot-err",
    order: order.uuid,
    resource,
    field: "state",
    message: `the provisioner answered that order ${order.uuid} failed, but this server cannot set a Terminate order erred that was accepted by set_state_executing; it stays executing`,
    hint: "end the order in Waldur by hand; with `acceptance: approve` later ones can be set erred",
  });
  return false;
}

/** The answer in the receipt is not repeated; any other one is a second answer, which changes nothing. */
function settleAck(
  found: FoundAck,
  { answer, isEnded }: { answer: Answer; isEnded: boolean },
  { pass: { acks }, end }: OrderRun,
): void {
  if ("fault" in found) acks?.reject(found, badAck(found, found.fault), end);
  else if (!isSameAck(found.ack, answer)) acks?.reject(found, secondAck(found), end);
  else if (isEnded) acks?.process(found);
}

export function badAck({ order, name }: FoundAck, fault: string): AckProblem {
  return {
    code: "ack-invalid",
    message: `the ack ${name} ${fault}; it does not count for order ${order}`,
    hint: "answer again: `waldur-cscs-storage ack ORDER --done`, or write the file under another name and rename it",
  };
}

export function secondAck({ order, name }: FoundAck): AckProblem {
  return {
    code: "ack-second",
    message: `the ack ${name} contradicts the earlier answer to order ${order}; it changes nothing`,
    hint: "if the first answer was wrong, correct the resource in Waldur by hand",
  };
}
