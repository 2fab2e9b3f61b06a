// One order from Waldur to its file and back. Every step may be the last before a power cut: running again goes on from
// what Waldur and the disk say, and a 200 from Waldur is never taken as proof (docs/contract.md, "Orders").

import { RetryLaterError } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import { closeReceipt, markPublished, peekReceipt, type Receipt } from "../output/receipts.ts";
import type { OrderOutcome, OrderReport } from "../report/report.ts";
import { addProblem, type RealJob } from "../run/job.ts";
import type { Posted } from "../waldur/client.ts";
import { CALLS, type Call, fetchOrder, fetchResource, send } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { endedProblem } from "./ended.ts";
import type { Pass } from "./pass.ts";
import { acceptCall, backendIdFor } from "./plan.ts";
import { type Prepared, prepareOrder, waitsForWorker } from "./prepare.ts";
import { claimOrder, publishOrder } from "./publish.ts";

type Hands = { job: RealJob; output: Output; line: OrderReport };
type ClaimedHands = Hands & { receipt: Receipt };

/** Handles one open order as far as it goes now. */
export async function handleOrder(order: WaldurOrder, pass: Pass, hands: Hands): Promise<OrderOutcome> {
  const { job, output } = hands;
  const isExternal = job.config.settings.completion === "external";
  if (isExternal && peekReceipt(output.directory, order.uuid)?.receipt.published === true) return "published";
  const prepared = await prepareOrder(order, job, pass);
  if ("left" in prepared) {
    for (const problem of prepared.left) addProblem(job, problem);
    return "left";
  }
  const receipt = claimOrder(prepared, job, output);
  const claimed = { ...hands, receipt };
  const state = await acceptOrder(prepared, claimed);
  if (state !== "executing") return state;
  job.throwIfOver();
  if (!publishOrder(prepared, receipt.file, { job, output, pass })) return "left";
  if (isExternal) {
    markPublished(output, receipt);
    return "published";
  }
  job.throwIfOver();
  if (!(await settleBackendId(prepared, hands))) return "left";
  const outcome = await finishOrder(order, claimed);
  if (outcome === "done") closeReceipt(output, order.uuid);
  return outcome;
}

/**
 * Brings the order to executing. The order is read again first, and only one that says pending-provider now is
 * accepted, with no request between: set_state_executing would revive an erred order and overrun a consumer's consent.
 * @returns "executing", or the order's outcome when it goes no further now
 */
async function acceptOrder(prepared: Prepared, hands: ClaimedHands): Promise<"executing" | OrderOutcome> {
  const { job, line } = hands;
  const order = await fetchOrder(job.reader, prepared.order.uuid);
  if (order === null || !isOpen(order)) return noteEnded(order, hands);
  line.state = order.state;
  // What was mapped is not what the order says now: the next run maps it anew.
  if (!sameContent(order, prepared.order)) {
    job.log.info("the order is not what the list said; the next run takes it", { order: order.uuid });
    return "waiting";
  }
  if (order.state === "executing") {
    return waitsForWorker({ ...prepared, order }, job.now()) ? "waiting" : "executing";
  }
  job.throwIfOver();
  const posted = await sendCall(acceptCall(prepared, job.config.settings), hands);
  const after = await fetchOrder(job.reader, order.uuid);
  if (after === null || !isOpen(after)) return noteEnded(after, hands);
  line.state = after.state;
  if (after.state !== "executing") return noteUnmoved("accepted", order, posted, hands);
  return waitsForWorker({ ...prepared, order: after }, job.now()) ? "waiting" : "executing";
}

function isOpen(order: WaldurOrder): boolean {
  return order.state === "pending-provider" || order.state === "executing";
}

function sameContent(one: WaldurOrder, other: WaldurOrder): boolean {
  const contentOf = ({ type, limits, attributes, marketplaceResourceUuid }: WaldurOrder) =>
    JSON.stringify([type, limits, attributes, marketplaceResourceUuid]);
  return contentOf(one) === contentOf(other);
}

/**
 * The order is gone, or ended: by our own call, or by another agent, which is reported, not repaired. Or it is accepted
 * and begins on its start date: it is listed again then, and until then the sweep of receipts keeps its receipt open.
 */
function noteEnded(order: WaldurOrder | null, { job, output, line, receipt }: ClaimedHands): OrderOutcome {
  line.state = order?.state ?? "gone";
  if (order?.state === "pending-start-date") return "waiting";
  const problem = endedProblem(order, receipt, output.directory);
  closeReceipt(output, receipt.order);
  if (problem === null) return "done";
  addProblem(job, problem);
  return "failed";
}

/** Sets the backend id of a new resource and reads it back. False when it did not stick: the next run tries again. */
async function settleBackendId(prepared: Prepared, hands: Hands): Promise<boolean> {
  const { job } = hands;
  const { resource, order } = prepared;
  const wanted = backendIdFor(prepared, job.config.settings);
  if (wanted === null) return true;
  const posted = await sendCall(CALLS.setBackendId(resource.uuid), hands, { backend_id: wanted });
  const now = await fetchResource(job.reader, resource.uuid);
  if (now?.backendId === wanted) return true;
  const about = { order: order.uuid, resource: resource.uuid, field: "backend_id" };
  if (now !== null && now.backendId !== "") {
    addProblem(job, {
      ...about,
      code: "backend-id-differs",
      message: `resource ${resource.uuid} got another backend id meanwhile; it stays`,
    });
    return true;
  }
  if (posted.outcome === "unknown") throw lostAnswer("backend id", order, posted);
  addProblem(job, {
    ...about,
    code: "backend-id-lost",
    message: `the backend id of resource ${resource.uuid} is still empty after it was set; the order is not finished`,
    hint: "a worker of Waldur may have overwritten it; the next run sets it again",
  });
  return false;
}

async function finishOrder(order: WaldurOrder, hands: ClaimedHands): Promise<OrderOutcome> {
  const { job, line } = hands;
  job.throwIfOver();
  const posted = await sendCall(CALLS.setDone(order.uuid), hands);
  const after = await fetchOrder(job.reader, order.uuid);
  if (after === null || !isOpen(after)) return noteEnded(after, hands);
  line.state = after.state;
  return noteUnmoved("done", order, posted, hands);
}

/** Waldur still says what it said before the call. A lost answer is for the next run, anything else is told. */
function noteUnmoved(what: string, order: WaldurOrder, posted: Posted, { job }: Hands): OrderOutcome {
  if (posted.outcome === "unknown") throw lostAnswer(what, order, posted);
  addProblem(job, {
    code: "no-effect",
    order: order.uuid,
    field: "state",
    message: `order ${order.uuid} did not become ${what}, though Waldur answered ${posted.detail}`,
    hint: "the next run tries again",
  });
  return "left";
}

function lostAnswer(what: string, order: WaldurOrder, posted: Posted): RetryLaterError {
  return new RetryLaterError(`order ${order.uuid} did not become ${what}: ${posted.detail}`, {
    hint: "nothing is lost; the next run tries again",
  });
}

/** Sends, and notes the call before, so that the report has it whatever comes back. */
function sendCall(
  call: Call,
  { job, line }: Hands,
  body?: Readonly<Record<string, string>>,
): Promise<Posted> {
  line.calls.push(call);
  return send(job.actor, call, body);
}
