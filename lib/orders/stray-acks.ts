// Acks whose order is not open: it ended before its answer was read, was never published here, or is another offering's
// that shares the directory.

import { type Ack, isSameAck } from "../acks/ack.ts";
import type { FoundAck } from "../acks/read.ts";
import { ORDER_TYPES } from "../output/names.ts";
import type { Receipt } from "../output/receipt.ts";
import { peekFileName, peekReceipt } from "../output/receipts.ts";
import type { Job } from "../run/job.ts";
import type { AckProblem, PassAcks } from "./acks.ts";
import { answerDeed, badAck, secondAck } from "./answer.ts";
import type { OrdersEnd } from "./end.ts";
import { factsOfFile } from "./past.ts";

/**
 * Judges the acks of orders that are not listed as open.
 * @param closed receipts that a dry run would have closed by now
 */
export async function settleStrays(
  acks: PassAcks,
  listed: ReadonlySet<string>,
  { job, closed, open }: { job: Job; closed: ReadonlyMap<string, Receipt>; open: () => Promise<OrdersEnd> },
): Promise<void> {
  for (const order of acks.orders.difference(listed)) {
    const found = acks.read(order);
    const verdict = found === null ? "leave" : judge(found, closed.get(order), job.config);
    if (found === null || verdict === "leave") continue;
    if (verdict === "answered") acks.process(found);
    else if ("answers" in verdict) {
      // Waldur has ended it by itself, as it does with an order that changes only options.
      const end = await open();
      const receipt = { ...verdict.answers, answer: { ...verdict.ack, at: job.now().toISOString() } };
      end.record(answerDeed(receipt, verdict.ack), () => end.note(receipt));
      job.log.info("the provisioner has answered an order that had already ended this way", { order });
      acks.process(found);
    } else acks.reject(found, verdict, await open());
  }
}

type Verdict = "leave" | "answered" | { answers: Receipt; ack: Ack } | AckProblem;

function judge(found: FoundAck, closed: Receipt | undefined, { uuid, settings }: Job["config"]): Verdict {
  const known =
    closed === undefined
      ? peekReceipt(settings.outputDirectory, found.order)
      : { receipt: closed, open: false };
  const owner = known?.receipt.offering ?? offeringOfFile(found.order, settings.outputDirectory);
  if (known?.open === true || (owner !== null && owner !== uuid)) return "leave";
  if ("fault" in found) return badAck(found, found.fault);
  if (known === null) return unknownAck(found);
  const { answer, ended } = known.receipt;
  if (answer !== undefined) return isSameAck(answer, found.ack) ? "answered" : secondAck(found);
  if (ended?.state !== found.ack.result) return lateAck(found, known.receipt);
  return { answers: known.receipt, ack: found.ack };
}

/** Where its receipt is lost; null where no file of ours says it. */
function offeringOfFile(order: string, directory: string): string | null {
  const names = ORDER_TYPES.flatMap((type) => peekFileName(directory, type, order) ?? []);
  return names.flatMap((name) => factsOfFile(directory, name, order)?.offering ?? [])[0] ?? null;
}

function unknownAck({ order, name }: FoundAck): AckProblem {
  return {
    code: "ack-unknown",
    message: `the ack ${name} is for order ${order}, which is not waiting for an answer here`,
    hint: "answer orders where their files are published; `show` shows what is known of this one",
  };
}

function lateAck({ order, name, ...found }: FoundAck, { ended }: Receipt): AckProblem {
  const state = ended?.state.slice(0, 40) ?? "ended";
  const result = "ack" in found ? found.ack.result : "";
  return {
    code: "ack-late",
    message: `the ack ${name} has the result ${result}, but order ${order} was already ${state}; nothing was changed`,
    hint: "compare the storage with the resource in Waldur",
  };
}
