// The first line of the claims file: what the columns behind it are made of, and the little that is not worth a column.
// A line that says anything which the columns cannot hold is that of a broken file.

import { isTable } from "../json.ts";
import { isSnapshotName, parseOrderFileName } from "../output/names.ts";
import { isDigest } from "../output/state.ts";
import { DAY_MS } from "../time.ts";
import { isPlainUuid } from "../uuid.ts";
import type { Ended } from "./columns.ts";
import type { Release } from "./releases.ts";

/** What the table was made of. */
export type ClaimsSource = {
  /**
   * The snapshot that the claims were written for, just before it got its name; null when they were made without one.
   * `sha256`: of its text without the date. `isFirst`: there was none before it.
   */
  snapshot: { file: string; inode: string; sha256?: string; isFirst?: boolean } | null;
  /** When the reading of the list behind them began. */
  listedAt: string;
  /** Uuids of the offerings whose lists they know; of others, what no file names must still be asked of Waldur. */
  listed: readonly string[];
};

export type Header = ClaimsSource & {
  version: 1;
  resources: number;
  records: number;
  bytes: number;
  offerings: string[];
  /** By number of the record. */
  files: [number, string][];
  spellings: [number, string][];
  depths: number[];
  hasTwins: boolean;
  /** By number of the resource. */
  ended: [number, Ended][];
  /** By number of the resource. */
  released?: [number, readonly Release[]][];
  /** By number of the resource that the snapshot moves, the record of its path before. */
  moved?: [number, number][];
  /** Of the receipts that are too old to be read again, as `olderReceipts` says it. */
  olderReceipts: string;
  /** Orders whose receipts were read, with what the table remembers of each. */
  receipts: [string, number][];
};

/** Clocks of hosts and file systems differ, and a receipt that is read twice does no harm. */
const OVERLAP_MS = DAY_MS;

/** Receipts that were changed since then are read again, with claims whose list was read at that time. */
export function receiptsSince({ listedAt }: Pick<ClaimsSource, "listedAt">): Date {
  return new Date(Date.parse(listedAt) - OVERLAP_MS);
}

/** null for a line that is not such a header. `size` of the whole file in bytes: nothing is as many. */
export function parseHeader(text: string, size: number): Header | null {
  try {
    const value: unknown = JSON.parse(text);
    return isHeader(value, size) ? value : null;
  } catch {
    return null;
  }
}

function isHeader(value: unknown, size: number): value is Header {
  if (!isTable(value) || value.version !== 1) return false;
  const { resources, records, bytes, snapshot, listedAt, listed, olderReceipts } = value;
  return (
    [resources, records, bytes].every((count) => isBelow(count, size)) &&
    typeof listedAt === "string" &&
    !Number.isNaN(Date.parse(listedAt)) &&
    (snapshot === null || isSnapshot(snapshot)) &&
    isListOf(listed, isText) &&
    isText(olderReceipts) &&
    hasSoundLists(value)
  );
}

function isSnapshot(value: unknown): boolean {
  if (!isTable(value) || typeof value.file !== "string" || !isSnapshotName(value.file)) return false;
  const { inode, sha256, isFirst } = value;
  return (
    isText(inode) &&
    (sha256 === undefined || isDigest(sha256)) &&
    (isFirst === undefined || typeof isFirst === "boolean")
  );
}

function hasSoundLists(header: Readonly<Record<string, unknown>>): boolean {
  const {
    offerings,
    files,
    spellings,
    depths,
    hasTwins,
    ended,
    released = [],
    moved = [],
    receipts,
  } = header;
  const [resources, records] = [Number(header.resources), Number(header.records)];
  return (
    isListOf(offerings, isText) &&
    isListOf(files, isPair(records, isOrderFile)) &&
    isListOf(spellings, isPair(records, isText)) &&
    isListOf(depths, (count) => isBelow(count, records + 1)) &&
    typeof hasTwins === "boolean" &&
    isListOf(ended, isPair(resources, isEnd)) &&
    isListOf(
      released,
      isPair(resources, (list) => isListOf(list, isRelease)),
    ) &&
    isListOf(
      moved,
      isPair(resources, (record) => isBelow(record, records)),
    ) &&
    isListOf(receipts, (pair) => Array.isArray(pair) && isPlainUuid(pair[0]) && isBelow(pair[1], records * 2))
  );
}

type Check = (value: unknown) => boolean;

function isListOf(value: unknown, isOne: Check): boolean {
  return Array.isArray(value) && value.every(isOne);
}

/** A number below the limit, and what belongs to it. */
function isPair(limit: number, isOne: Check): Check {
  return (value) => Array.isArray(value) && value.length === 2 && isBelow(value[0], limit) && isOne(value[1]);
}

function isBelow(value: unknown, limit: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < limit;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isOrderFile(value: unknown): boolean {
  return typeof value === "string" && parseOrderFileName(value) !== null;
}

function isEnd(value: unknown): boolean {
  return isTable(value) && Number.isFinite(value.at) && Number.isFinite(value.days);
}

function isRelease(value: unknown): boolean {
  return isTable(value) && isText(value.path) && Number.isFinite(value.at);
}
