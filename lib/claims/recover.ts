// The claims as they stand now: what was stored at the last reading of the list, the receipts written since, and the
// newest snapshot where it is another one than the claims were written for. What was lost is taken from the files
// themselves (docs/contract.md, "Mount points").

import { readChunks } from "../output/files.ts";
import { changedReceipts, datedReceipts, hasReceipts, olderReceipts } from "../output/receipts.ts";
import type { Damaged } from "../output/state.ts";
import { digestAlong } from "../storage/digest.ts";
import { isOfResource, type ScannedEntry, scanDocument } from "../storage/scan.ts";
import { isPlainUuid } from "../uuid.ts";
import { namedPath } from "./contenders.ts";
import { type ClaimsSource, receiptsSince } from "./header.ts";
import { foreignResources, identify, lastSnapshots } from "./last-snapshot.ts";
import { type NamedByOrder, namedByOrderFiles } from "./order-files.ts";
import { addReceipt, keyOf } from "./receipts.ts";
import { type ReadClaims, readClaims } from "./store.ts";
import { BY_ORDER, BY_SNAPSHOT, type ClaimTable, createClaimTable, GID, QUOTAS, WRITTEN } from "./table.ts";

export type LoadedClaims = {
  table: ClaimTable;
  /** Claims or receipts were lost: what was found of them is to be stored before it is relied on. */
  isUnsure: boolean;
  /** Path of the last snapshot, which may have been deleted since; null where there is none. */
  snapshot: string | null;
  /** There is none, and the list to compare with is another program's. */
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
  // Where only the receipts were lost, the files that they represented say what the claims do not know yet.
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
 * The run that wrote the claims died before the snapshot got its name: what only that snapshot named, no file names.
 */
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
 * Nothing in a snapshot removes a claim; what it says of a resource rules where no later file says something else. One
 * of ours that was changed since is still the best that there is.
 */
function addSnapshot(table: ClaimTable, path: string, known: string | undefined): "same" | "changed" {
  let since = 0;
  let offering = "";
  const read = digestAlong(readChunks(path, "ours"));
  scanDocument(read.chunks, (entry, meta) => {
    if (since === 0) [since, offering] = [Date.parse(meta.date) || 1, meta.offering.uuid];
    if (isPlainUuid(entry.itemId) && isOfResource(entry)) addEntry(table, entry, { since, offering });
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
