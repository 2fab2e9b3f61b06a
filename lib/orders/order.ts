// One order from Waldur to its file and back. Every step may be the last before a power cut: running again continues
// from what Waldur and the disk say (docs/contract.md, "Orders").

import type { Receipt } from "../output/receipt.ts";
import { type FoundReceipt, hasFile, peekReceipt } from "../output/receipts.ts";
import type { OrderOutcome } from "../report/report.ts";
import { addNotice, addProblem } from "../run/job.ts";
import { isOutline, type OrderOutline } from "../waldur/orders.ts";
import type { WaldurOrder } from "../waldur/wire-order.ts";
import { acceptOrder } from "./accept.ts";
import { closeOwed, noteEnded } from "./ended.ts";
import { publishFile, type ReadyFile, readyFile, reportLackingActions } from "./file.ts";
import { finishOrder, readForBackendId } from "./finish.ts";
import type { OrderRun } from "./order-run.ts";
import { isPublished } from "./past.ts";
import {
  about,
  type LeftAlone,
  type Prepared,
  prepareOrder,
  type Waiting,
  waitsForWorker,
} from "./prepare.ts";
import { isOpen } from "./steps.ts";

/** Handles one open order as far as possible now. */
export async function takeOrder(listed: WaldurOrder | OrderOutline, run: OrderRun): Promise<OrderOutcome> {
  const standing = standingOf(listed, run);
  if (standing === "theirs") return "published";
  const order = isOutline(listed) ? await readWhole(listed, run) : listed;
  if (order === null) return "waiting";
  if (standing !== null) {
    const { takeAnswer } = await import("./answer.ts");
    return takeAnswer(order, standing, run);
  }
  const prepared = await prepareOrder(order, run);
  if (!("entry" in prepared)) return reportUnprepared(prepared, run);
  if (order.state === "executing" && waitsForWorker(prepared, run.job.now())) return "waiting";
  return withReadyFile(prepared, run, async (file) => {
    const step = await acceptOrder(prepared, run);
    if (step !== "publish" && step !== "owed") return step;
    if (prepared.lateGid === null) return goOn(file, prepared, { step, run });
    const { withLateGid } = await import("./late-gid.ts");
    const settled = await withLateGid(prepared, prepared.lateGid, run);
    if (typeof settled === "string") return settled;
    if (settled === prepared) return goOn(file, prepared, { step, run });
    file.draft.discard();
    return withReadyFile(settled, run, (fresh) => goOn(fresh, settled, { step, run }));
  });
}

/** An accepted order, from its file to its end; `owed` is one that is already done in Waldur. */
async function goOn(
  file: ReadyFile,
  prepared: Prepared,
  { step, run }: { step: "publish" | "owed"; run: OrderRun },
): Promise<OrderOutcome> {
  if (step === "owed") return publishLast(file, prepared, run);
  const backendId = await readForBackendId(prepared, run);
  if (typeof backendId === "string") return backendId;
  if (!(await publishHeld(file, prepared, run))) return "left";
  return run.job.config.settings.completion === "on-publish"
    ? finishOrder(prepared, backendId, run)
    : "published";
}

/** null when it is not open any more: the next pass closes its receipt, if it has one. */
async function readWhole({ uuid }: OrderOutline, { end }: OrderRun): Promise<WaldurOrder | null> {
  const order = await end.readOrder(uuid);
  return order !== null && isOpen(order) ? order : null;
}

/** Publishes the file of an order that is done in Waldur and never had one; nothing is sent. */
export async function publishOwed(
  order: WaldurOrder,
  receipt: Receipt,
  run: OrderRun,
): Promise<OrderOutcome> {
  const prepared = await prepareOrder(order, run);
  if ("left" in prepared && prepared.isMoot) return noteEnded(order, receipt, run);
  if (!("entry" in prepared)) return reportUnprepared(prepared, run);
  return withReadyFile(prepared, run, (file) => publishLast(file, prepared, run));
}

async function publishLast(file: ReadyFile, prepared: Prepared, run: OrderRun): Promise<OrderOutcome> {
  return (await publishHeld(file, prepared, run)) ? closeOwed(prepared.receipt, run) : "left";
}

/** Looks at the claims once more and publishes with no other run in between: a `sync` may have named paths since. */
async function publishHeld(file: ReadyFile, prepared: Prepared, run: OrderRun): Promise<boolean> {
  const { job, pass } = run;
  job.throwIfOver();
  await job.lookAtPlace();
  const receipt = { path: file.receipt.mountPoint, isPublished: true };
  return pass.claims.settle({ ...prepared.question, receipt }, (answer) => {
    if (!("held" in answer)) return publishFile(file, run);
    addProblem(job, about(prepared.order, answer.held));
    return false;
  });
}

function reportUnprepared(unprepared: LeftAlone | Waiting, { job }: OrderRun): OrderOutcome {
  if ("waits" in unprepared) {
    addNotice(job, unprepared.waits);
    return "waiting";
  }
  for (const problem of unprepared.left) addProblem(job, problem);
  return "left";
}

/**
 * Where the provisioner ends orders, one that is published needs nothing more from here, at the cost of no request,
 * unless there is an answer: then its receipt. An answer that was taken up counts whatever the setting is now.
 */
function standingOf(
  order: Pick<WaldurOrder, "uuid" | "state">,
  run: OrderRun,
): "theirs" | FoundReceipt | null {
  const { completion, outputDirectory } = run.job.config.settings;
  if (completion === "on-publish" && order.state !== "executing") return null;
  const found = peekReceipt(outputDirectory, order.uuid);
  // While it is pending its file cannot have been published by a run that succeeded: it is looked at like any other.
  const isOut = found !== null && order.state === "executing" && isPublished(found.receipt, outputDirectory);
  if (isOut && found.receipt.answer !== undefined && (found.open || found.receipt.ended?.state === "gone"))
    return found;
  if (completion === "on-publish") return null;
  if (!isOut) {
    // A file without a receipt was published by a run whose state is lost: the next pass knows it again.
    if (found !== null || order.state !== "executing" || !hasFile(order.uuid, outputDirectory))
      run.pass.acks?.rejectEarly(order.uuid, run.end);
    return null;
  }
  if (completion === "external") reportLackingActions(found.receipt, run);
  else if (run.pass.acks?.orders.has(order.uuid) || !found.open) return found;
  return "theirs";
}

async function withReadyFile(
  prepared: Prepared,
  run: OrderRun,
  act: (file: ReadyFile) => Promise<OrderOutcome>,
): Promise<OrderOutcome> {
  const file = readyFile(prepared, run);
  if (file === null) return "left";
  try {
    return await act(file);
  } finally {
    file.draft.discard();
  }
}
