// The claims as they stand now: what was stored at the last reading of the list, the receipts written since, and the
// newest snapshot where it is another one than the claims were written for. What was lost is taken from the files
// themselves (docs/contract.md, "Mount points").

import { isPlainUuid } from "../key-set.ts";
import { readChunks } from "../output/files.ts";
import {
  changedReceipts,
  datedReceipts,
  type FoundReceipt,
  hasReceipts,
  isWithdrawn,
  olderReceipts,
  type Receipt,
} from "../output/receipts.ts";
import type { Damaged } from "../output/state.ts";
import { digestAlong } from "../storage/digest.ts";
import { type ScannedEntry, scanDocument } from "../storage/scan.ts";
import { isNamed, namedPath } from "./contenders.ts";
import { type ClaimsSource, receiptsSince } from "./header.ts";
import { foreignResources, identify, lastSnapshots } from "./last-snapshot.ts";
import { type NamedByOrder, namedByOrderFiles } from "./order-files.ts";
import { claimsIdentity, type ReadClaims, readClaims } from "./store.ts";
import {
  BY_ORDER,
  BY_ORDER_OR_RECEIPT,
  BY_RECEIPT,
  BY_SNAPSHOT,
  type ClaimTable,
  createClaimTable,
  GID,
  QUOTAS,
  WANTED,
  WRITTEN,
} from "./table.ts";

export type LoadedClaims = {
  table: ClaimTable;
  /** Claims or receipts were lost: what was found of them is to be stored before it is relied on. */
  isUnsure: boolean;
  /** Path of the last snapshot, which may have been deleted since; null where there is none. */
  snapshot: string | null;
  /** There is none, and the list to compare with is somebody else's. */
  isForeign: boolean;
  /** It was read, and its content is not the one that was published. */
  isChanged: boolean;
  /** Files of the state that count as missing. */
  damaged: Damaged;
  /** What the table is made of, for storing it again. */
  source: ClaimsSource;
  /** Of the stored claims; null where there are none. */
  identity: string | null;
  /** What the receipts said that were read: order and path. */
  receipts: Set<string>;
  /** Receipts that were changed since then were read. */
  since: Date;
};

/** `reuseAfterDays`: for holders whose end is found by the receipts. */
export type LoadOptions = { reuseAfterDays: number; now: Date };

export function loadClaims(directory: string, { reuseAfterDays, now }: LoadOptions): LoadedClaims {
  const damaged: Damaged = [];
  const stored = readClaims(directory, damaged);
  const table = stored?.table ?? createClaimTable();
  const last = lastSnapshots(directory, stored);
  const { path: snapshot, cut } = last;
  const known = identify(last, stored);
  let isChanged = false;
  if (!last.isStored) {
    if (stored !== null) withdrawSnapshot(stored);
    if (snapshot !== null) isChanged = addSnapshot(table, snapshot, known?.sha256) === "changed";
    for (const path of cut) addSnapshot(table, path, undefined);
  }
  const foreign = snapshot === null ? foreignResources(directory) : [];
  for (const uuid of foreign) table.setWas(table.resource(uuid), WRITTEN);
  const source = {
    snapshot: known,
    listedAt: stored?.listedAt ?? now.toISOString(),
    listed: stored?.listed ?? [],
  };
  const recent = receiptsSince(source);
  const dated = datedReceipts(directory);
  const isSame = stored !== null && stored.olderReceipts === olderReceipts(dated, recent);
  const since = isSame ? recent : new Date(0);
  // Where only the receipts were lost, the files that they stood for say what the claims do not know yet.
  const isLost = stored === null || !hasReceipts(directory);
  const isUnsure = isLost || !isSame;
  if (isLost) for (const named of namedByOrderFiles(directory)) addOrderFile(table, named);
  const receipts = new Set<string>();
  const orders = new Set<string>();
  for (const found of changedReceipts(directory, since, dated)) {
    receipts.add(keyOf(found));
    orders.add(found.receipt.order);
    addReceipt(table, found, { isByDate: !isSame, reuseAfterDays });
  }
  table.keepReceipts(orders);
  const [isForeign, identity] = [foreign.length > 0, stored?.identity ?? null];
  return {
    ...{ table, isUnsure, snapshot, isForeign, isChanged },
    ...{ source, identity, receipts, since, damaged },
  };
}

/**
 * Adds the receipts that were written since the claims were loaded. Returns what in a draft of the same table contradicts
 * them, in words; null when nothing does.
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
      return `order ${receipt.order} was published at ${receipt.mountPoint} meanwhile`;
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
    if (missed !== undefined) return `the claim on ${missed.path} was released meanwhile`;
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

function keyOf({ receipt }: FoundReceipt): string {
  return `${receipt.order} ${receipt.mountPoint} ${receipt.published} ${receipt.ended?.state ?? ""}`;
}

/** The run that wrote the claims died before the snapshot got its name: what only that snapshot named, no file names. */
function withdrawSnapshot({ table, listedAt }: ReadClaims): void {
  const at = Math.floor(Date.parse(listedAt) / 1000) * 1000;
  for (let owner = 0; owner < table.resources; owner++) {
    table.setWas(owner, 0);
    for (const record of table.recordsOf(owner)) {
      if (table.since(record) === at) table.setMarks(record, table.marks(record) & ~BY_SNAPSHOT);
    }
  }
  for (const [, record] of table.moved()) table.makePresent(record);
}

/**
 * Nothing in a snapshot removes a claim; what it says of a resource rules where no later file says something else. One of
 * ours that was changed since is still the best that there is.
 */
function addSnapshot(table: ClaimTable, path: string, known: string | undefined): "same" | "changed" {
  let since = 0;
  let offering = "";
  const read = digestAlong(readChunks(path, "ours"));
  scanDocument(read.chunks, (entry, meta) => {
    if (since === 0) [since, offering] = [Date.parse(meta.date) || 1, meta.offering.uuid];
    if (isPlainUuid(entry.itemId) && entry.targetType === "project")
      addEntry(table, entry, { since, offering });
  });
  return known === undefined || read.sha256() === known ? "same" : "changed";
}

function addEntry(
  table: ClaimTable,
  entry: ScannedEntry,
  { since, offering }: { since: number; offering: string },
) {
  const owner = table.resource(entry.itemId);
  table.setWas(owner, WRITTEN | (entry.hasQuotas ? QUOTAS : 0) | (entry.hasGid ? GID : 0));
  if (entry.status === "pending" || table.isReleased(owner, entry.mountPoint, since)) return;
  const known = namedPath(table, owner);
  const record = table.claim(owner, { path: entry.mountPoint, marks: BY_SNAPSHOT, since, offering });
  if (known < 0 || table.since(known) < since) table.makePresent(record);
}

/** Where no claims say which of several files is the newest, the dates of the files do. */
function addOrderFile(table: ClaimTable, named: NamedByOrder): void {
  const { resource, path, date, offering, file } = named;
  const owner = table.resource(resource);
  if (table.isReleased(owner, path, date)) return;
  const known = namedPath(table, owner);
  const isKnown = table.recordsOf(owner).some((one) => table.file(one) === file);
  const record = table.claim(owner, { path, marks: BY_ORDER, since: date, offering, file });
  if (known < 0 || (!isKnown && table.since(known) <= date)) table.makePresent(record);
}

/** `isByDate`: the claims were lost, so the dates of files say which is the newest. */
type ReceiptGround = { isByDate?: boolean; reuseAfterDays: number };

/**
 * A receipt counts as a published file until its order is found ended without one. What it names is the resource's path
 * from now on, unless the claims know that already: then something later may have moved it.
 */
export function addReceipt(table: ClaimTable, dated: FoundReceipt, ground: ReceiptGround): void {
  const { receipt } = dated;
  const { isByDate, reuseAfterDays } = ground;
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
