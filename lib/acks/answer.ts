// Answering an order from the gateway, where the receipts say whether it is one that waits for an answer.

import type { OfferingConfig } from "../config/config.ts";
import { DeclinedError } from "../errors.ts";
import type { Receipt } from "../output/receipt.ts";
import { peekReceipt } from "../output/receipts.ts";
import { type Ack, fitsPath, isSameAck } from "./ack.ts";
import { acksDirectory } from "./place.ts";
import { writeAck } from "./write.ts";

/**
 * Writes the ack where the offering's next pass reads it; returns in words what was done.
 * @throws DeclinedError when the order does not wait for an answer
 */
export function answerOrder(order: string, ack: Ack, offerings: readonly OfferingConfig[]): string {
  const { receipt, offering } = find(order, offerings);
  const { completion } = offering.settings;
  if (completion !== "on-ack") {
    throw new DeclinedError(
      `offering ${offering.name} has \`completion: ${completion}\`, so answers are not read`,
      {
        hint: "set `completion: on-ack`",
      },
    );
  }
  if (!fitsPath(ack, receipt.mountPoint)) {
    throw new DeclinedError("a backend id with a slash must be the published mount point", {
      hint: `that is ${receipt.mountPoint}`,
    });
  }
  const before = standing(order, ack, receipt);
  if (before !== null) return before;
  return written(order, ack, acksDirectory(offering.settings));
}

/** The same in a directory, where nothing is known of the order. */
export function written(order: string, ack: Ack, directory: string): string {
  return writeAck(directory, order, ack)
    ? `order ${order} is answered: ${ack.result}; the next pass of orders reports it to Waldur`
    : `order ${order} already has this answer; the next pass of orders reports it to Waldur`;
}

function find(
  order: string,
  offerings: readonly OfferingConfig[],
): { receipt: Receipt; offering: OfferingConfig } {
  for (const offering of offerings) {
    const receipt = offering.orders
      ? peekReceipt(offering.settings.outputDirectory, order)?.receipt
      : undefined;
    if (receipt?.offering === offering.uuid) return { receipt, offering };
  }
  throw new DeclinedError(`order ${order} is not known here`, {
    hint: "copy the uuid from `status`, or from the name of the order's file",
  });
}

/** What is to be said of an order that has its answer, or has ended; null where it waits for one. */
function standing(order: string, ack: Ack, { published, answer, ended }: Receipt): string | null {
  if (answer !== undefined) {
    if (isSameAck(answer, ack)) return `order ${order} already has this answer`;
    throw new DeclinedError(`order ${order} was answered already: ${answer.result}`, {
      hint: "if that was wrong, correct the resource in Waldur by hand",
    });
  }
  if (ended !== undefined && ended.state !== ack.result)
    throw new DeclinedError(`order ${order} has ended in Waldur: ${ended.state.slice(0, 40)}`);
  if (published) return null;
  throw new DeclinedError(`the file of order ${order} is not published yet`, {
    hint: "answer it after that; `show` shows what it is waiting for",
  });
}
