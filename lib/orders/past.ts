// What earlier runs left of an order: its receipt, and the file in the output directory where receipts were lost or are
// of a version that did not keep them up to date. It fixes the name of the order's file, and its path.

import { readOrderFile } from "../output/order-file.ts";
import { isWithdrawn, type Receipt } from "../output/receipt.ts";
import { peekFileName } from "../output/receipts.ts";
import type { OrderType } from "../storage/document.ts";
import { type OrderFileFacts, orderFileFacts } from "../storage/text.ts";

/** A fixed path. One that is not published yet gives way to an absolute backend id. */
export type FixedPath = { path: string; isPublished: boolean };

export type Past = {
  /** Name of the order's file; null when none is fixed yet. */
  file: string | null;
  path: FixedPath | null;
};

export function pastOf(
  order: { uuid: string; type: OrderType },
  receipt: Receipt | null,
  directory: string,
): Past {
  const file = receipt?.file ?? peekFileName(directory, order.type, order.uuid);
  if (receipt?.published) return { file, path: { path: receipt.mountPoint, isPublished: true } };
  const facts = file === null ? null : factsOfFile(directory, file, order.uuid);
  if (facts !== null)
    return { file, path: facts.path === null ? null : { path: facts.path, isPublished: true } };
  if (receipt === null || isWithdrawn(receipt)) return { file, path: null };
  return { file, path: { path: receipt.mountPoint, isPublished: false } };
}

/** The receipt shows whether it is published; for a run that was killed, or of version 0.1, a file of ours does. */
export function isPublished(receipt: Receipt, directory: string): boolean {
  return receipt.published || factsOfFile(directory, receipt.file, receipt.order) !== null;
}

/** The content of the order's own file; null if it does not exist, or is not ours. */
export function factsOfFile(directory: string, name: string, order: string): OrderFileFacts | null {
  const found = readOrderFile(directory, name);
  return typeof found === "object" && found.isOurs ? orderFileFacts(found.text, order) : null;
}
