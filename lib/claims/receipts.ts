// What a receipt says of a path: it names it like a published file until its order is found ended without one
// (docs/contract.md, "Mount points").

import { isWithdrawn, type Receipt } from "../output/receipt.ts";
import type { FoundReceipt } from "../output/receipts.ts";
import { isNamed, namedPath } from "./contenders.ts";
import { BY_ORDER, BY_RECEIPT, type ClaimTable, WANTED } from "./table.ts";

/** `isByDate`: the claims were lost, so the dates of files say which is the newest. */
type ReceiptRules = { isByDate?: boolean; reuseAfterDays: number };

/**
 * A receipt counts as a published file until its order is found ended without one. What it names is the resource's path
 * from now on, unless the claims know that already: then something later may have moved it.
 */
export function addReceipt(table: ClaimTable, dated: FoundReceipt, rules: ReceiptRules): void {
  const { receipt } = dated;
  const { isByDate, reuseAfterDays } = rules;
  const owner = table.resource(receipt.resource);
  const since = Date.parse(receipt.claimedAt) || 1;
  if (isWithdrawn(receipt)) {
    withdraw(table, owner, receipt);
    return;
  }
  const isPublished = receipt.published || !dated.open;
  const isFreed = table.isFreed(receipt.order, receipt.mountPoint, isPublished);
  if (isFreed || table.isReleased(owner, receipt.mountPoint, since)) {
    noteEnd(table, owner, { receipt, reuseAfterDays });
    return;
  }
  const known = namedPath(table, owner);
  const claim = {
    path: receipt.mountPoint,
    marks: isPublished ? BY_ORDER : BY_RECEIPT,
    since,
    offering: receipt.offering,
    file: receipt.file,
  };
  const record = table.claim(owner, claim);
  const isNew = table.noteReceipt(receipt.order, record, isPublished);
  if (known < 0 || (isNew && !(isByDate && since < table.since(known)))) table.makePresent(record);
  noteEnd(table, owner, { receipt, reuseAfterDays });
}

/** A terminate file was published: no snapshot needs an entry of the resource any more, and perhaps it has ended. */
function noteEnd(
  table: ClaimTable,
  owner: number,
  { receipt, reuseAfterDays }: { receipt: Receipt; reuseAfterDays: number },
): void {
  if (receipt.type !== "terminate" || !receipt.published) return;
  table.setWas(owner, 0);
  const at = receipt.ended?.state === "done" ? Date.parse(receipt.ended.at) : Number.NaN;
  if (!Number.isNaN(at)) table.end(owner, { at, days: receipt.ended?.reuseAfterDays ?? reuseAfterDays });
}

/** No file came of the order: the path is as free as if it had never been claimed, but for what other files name. */
function withdraw(table: ClaimTable, owner: number, { mountPoint, file }: Receipt): void {
  for (const record of table.recordsOf(owner)) {
    const isOfOther = (table.file(record) ?? file) !== file;
    if (isOfOther || !table.isPath(record, mountPoint)) continue;
    table.setMarks(record, table.marks(record) & ~(BY_RECEIPT | WANTED));
    if ((table.marks(record) & BY_ORDER) === 0) table.forgetFile(record);
  }
  if (namedPath(table, owner) >= 0) return;
  // The receipt had moved the resource: it is back where it was.
  const [newest] = table
    .recordsOf(owner)
    .filter((record) => isNamed(table, record))
    .sort((one, other) => table.since(other) - table.since(one));
  if (newest !== undefined) table.makePresent(newest);
}

/** What a receipt says, in a word that is another one when it says something else. */
export function keyOf({ receipt }: FoundReceipt): string {
  return `${receipt.order} ${receipt.mountPoint} ${receipt.published} ${receipt.ended?.state ?? ""}`;
}
