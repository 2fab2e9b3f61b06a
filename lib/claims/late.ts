// What others wrote while a list was read: receipts, and claims that were released. A draft that contradicts them
// is not published (docs/contract.md, "Mount points").

import { changedReceipts } from "../output/receipts.ts";
import { addReceipt, keyOf } from "./receipts.ts";
import type { LoadedClaims } from "./recover.ts";
import { claimsIdentity, readClaims } from "./store.ts";
import { BY_ORDER_OR_RECEIPT, type ClaimTable, WRITTEN } from "./table.ts";

/**
 * Adds the receipts that were written since the claims were loaded. Returns what in a draft of the same table
 * contradicts them, in words; null when nothing does.
 */
export function addLateReceipts(
  { table, receipts, since }: LoadedClaims,
  directory: string,
  reuseAfterDays: number,
): string | null {
  for (const dated of changedReceipts(directory, since)) {
    const { receipt } = dated;
    if (receipts.has(keyOf(dated))) continue;
    receipts.add(keyOf(dated));
    const owner = table.resource(receipt.resource);
    const drafted = table.present(owner);
    const isElsewhere = isInDraft(table, owner) && drafted >= 0 && !table.isPath(drafted, receipt.mountPoint);
    const { same, above, below } = table.claimants(receipt.mountPoint, owner);
    const isTaken = [...same, ...above, ...below].some(
      (record) => !isNamedBefore(table, record) && isInDraft(table, table.owner(record)),
    );
    if (isElsewhere || isTaken)
      return `order ${receipt.order} was published at ${receipt.mountPoint} in the meantime`;
    addReceipt(table, dated, { reuseAfterDays });
  }
  return null;
}

/** What contradicts a draft among the claims that others stored since these were loaded, in words; else null. */
export function lateReleases({ table, identity }: LoadedClaims, directory: string): string | null {
  if (identity === claimsIdentity(directory)) return null;
  const stored = readClaims(directory)?.table;
  for (const [other, releases] of stored?.columns().released ?? []) {
    const owner = table.resource(stored?.uuid(other) ?? "");
    const missed = releases.find(({ path, at }) => !table.isReleased(owner, path, at));
    if (missed !== undefined) return `the claim on ${missed.path} was released in the meantime`;
  }
  return null;
}

function isInDraft(table: ClaimTable, owner: number): boolean {
  return (table.now(owner) & WRITTEN) !== 0;
}

/** By an order file, or by an entry of the last snapshot. */
function isNamedBefore(table: ClaimTable, record: number): boolean {
  return (
    (table.marks(record) & BY_ORDER_OR_RECEIPT) !== 0 || (table.was(table.owner(record)) & WRITTEN) !== 0
  );
}
