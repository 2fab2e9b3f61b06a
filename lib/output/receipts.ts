// Receipts fix, before anything is published, the one name an order's file ever gets, and remember whether it was. An
// open receipt is `receipts/{order}.json` in the state directory, a closed one lies in `receipts/closed/`
// (docs/contract.md, "Publishing"). Losing one costs at most a search for the file by the order's uuid.

import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { isPlainUuid } from "../key-set.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { createTemporary, replaceFile } from "./durable.ts";
import { attempt, attemptIfExists, errnoOf } from "./failure.ts";
import { fileTimeMs, isRecord, listFileNames, readJsonFile, removeFile } from "./files.ts";
import { syncDirectory } from "./fsync.ts";
import { checkedUuid, type OrderType, parseOrderFileName } from "./names.ts";

export type Receipt = {
  version: 1;
  /** Several offerings may share a directory; the uuid of the one that the order belongs to. */
  offering: string;
  order: string;
  type: OrderType;
  /** Name of the order's file in the output directory. */
  file: string;
  resource: string;
  mountPoint: string;
  claimedAt: string;
  published: boolean;
  /** How the order ended. `reuseAfterDays`: days until the path of a resource that it terminated is free. */
  ended?: { state: string; at: string; reuseAfterDays?: number };
};

export type DatedReceipt = { receipt: Receipt; open: boolean };

export type FoundReceipt = { receipt: Receipt; open: boolean };

const OPEN = "receipts";
const CLOSED = "receipts/closed";
const EXPIRY_STAMP = "receipts-expired";
const DAY_MS = 86_400_000;

/**
 * The receipt of an order: the one that exists, else the wanted one, durable when this returns. Where receipts were
 * lost, a file of the order in the output directory gives the name.
 */
export function claimReceipt(output: Output, wanted: Receipt): FoundReceipt {
  const existing = peekReceipt(output.directory, wanted.order);
  if (existing !== null) return existing;
  const file = peekFileName(output.directory, wanted.type, wanted.order) ?? wanted.file;
  return writeClaim(output, { ...wanted, file });
}

/** The receipt of an order, open or closed; null when there is none or it is broken. Changes nothing. */
export function peekReceipt(directory: string, order: string): FoundReceipt | null {
  const statePath = join(directory, STATE_DIRECTORY);
  for (const folder of [OPEN, CLOSED]) {
    const receipt = readReceipt(statePath, folder, checkedUuid(order));
    if (receipt !== null) return { receipt, open: folder === OPEN };
  }
  return null;
}

/** The file that an order already has in the output directory, the lexically first of several; else null. */
export function peekFileName(directory: string, type: OrderType, order: string): string | null {
  const ending = `-${type}_${checkedUuid(order)}.json`;
  const isTheirs = (name: string) => name.endsWith(ending) && parseOrderFileName(name) !== null;
  return listFileNames(directory, isTheirs)[0] ?? null;
}

/** Receipts of orders that are not through yet, by uuid; broken ones are left out. */
export function listOpenReceipts(directory: string): Receipt[] {
  const statePath = join(directory, STATE_DIRECTORY);
  return receiptOrders(statePath, OPEN).flatMap((order) => readReceipt(statePath, OPEN, order) ?? []);
}

/** Remembers that the file is durable under its name. */
export function markPublished(output: Output, receipt: Receipt): Receipt {
  const published = { ...receipt, published: true };
  const found = peekReceipt(output.directory, receipt.order);
  if (found?.receipt.published && found.receipt.file === receipt.file) return published;
  const folder = found?.open === false ? CLOSED : OPEN;
  ensureFolders(output);
  replaceFile(output, receiptName(folder, receipt.order), receiptText(published), "state");
  return published;
}

/** The order is through. Nothing happens when it was closed before. */
export function closeReceipt(output: Output, order: string): void {
  ensureFolders(output);
  const from = join(output.statePath, receiptName(OPEN, checkedUuid(order)));
  const moved = attemptIfExists("close receipt", from, () => {
    renameSync(from, join(output.statePath, receiptName(CLOSED, order)));
    return true;
  });
  if (moved === null) return;
  syncDirectory(join(output.statePath, CLOSED));
  syncDirectory(join(output.statePath, OPEN));
}

export function receiptsSince(directory: string, since: Date): DatedReceipt[] {
  return recentReceipts(directory, since).map((receipt) => ({ receipt, open: !receipt.published }));
}

/**
 * Receipts, open and closed, written since then. One second of grace, because the clock of a file system is coarser
 * than that of a process. Only those are read.
 */
export function recentReceipts(directory: string, since: Date): Receipt[] {
  const statePath = join(directory, STATE_DIRECTORY);
  const timeOf = (folder: string, order: string) =>
    fileTimeMs(join(statePath, receiptName(folder, order))) ?? 0;
  return [OPEN, CLOSED].flatMap((folder) =>
    receiptOrders(statePath, folder)
      // Turned round, so that a date that cannot be read lets all through.
      .filter((order) => !(timeOf(folder, order) < since.getTime() - 1000))
      .flatMap((order) => readReceipt(statePath, folder, order) ?? []),
  );
}

/** Removes closed receipts older than that; looks at most once a day, so that it costs nothing in each pass. */
export function expireReceipts(output: Output, days = 90): void {
  const now = output.now().getTime();
  const stamp = readJsonFile(join(output.statePath, EXPIRY_STAMP));
  if (typeof stamp === "number" && Math.abs(now - stamp) < DAY_MS) return;
  for (const order of receiptOrders(output.statePath, CLOSED)) {
    const path = join(output.statePath, receiptName(CLOSED, order));
    if (now - (fileTimeMs(path) ?? now) <= days * DAY_MS) continue;
    removeFile(path);
  }
  replaceFile(output, EXPIRY_STAMP, `${now}\n`, "state");
}

/** Whoever has the name first rules, also between two hosts; a broken receipt does not count as one. */
function writeClaim(output: Output, receipt: Receipt): FoundReceipt {
  ensureFolders(output);
  const name = receiptName(OPEN, receipt.order);
  const temporary = createTemporary(output, "state");
  temporary.write(receiptText(receipt));
  temporary.seal();
  if (temporary.claim(name)) return { receipt, open: true };
  const other = readReceipt(output.statePath, OPEN, receipt.order);
  if (other === null) temporary.publish(name);
  else temporary.discard();
  return { receipt: other ?? receipt, open: true };
}

function ensureFolders(output: Output): void {
  for (const folder of [OPEN, CLOSED]) {
    const path = join(output.statePath, folder);
    attempt("create", path, () => createFolder(path));
  }
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return;
    throw error;
  }
  syncDirectory(dirname(path));
}

function receiptOrders(statePath: string, folder: string): string[] {
  const orderOf = (name: string) => name.slice(0, -".json".length);
  const isReceipt = (name: string) => name.endsWith(".json") && isPlainUuid(orderOf(name));
  return listFileNames(join(statePath, folder), isReceipt).map(orderOf);
}

function receiptName(folder: string, order: string): string {
  return `${folder}/${checkedUuid(order)}.json`;
}

function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt)}\n`;
}

function readReceipt(statePath: string, folder: string, order: string): Receipt | null {
  const receipt = parseReceipt(readJsonFile(join(statePath, receiptName(folder, order))));
  return receipt?.order === order ? receipt : null;
}

/** Its `file` becomes a path, so it must be the name of a file of just this order. */
function parseReceipt(value: unknown): Receipt | null {
  if (!isRecord(value) || value.version !== 1) return null;
  const { offering, order, file, resource, mountPoint, claimedAt, published } = value;
  const named = parseOrderFileName(typeof file === "string" ? file : "");
  if (typeof file !== "string" || named === null || named.uuid !== order || named.type !== value.type)
    return null;
  if (typeof offering !== "string" || typeof resource !== "string") return null;
  if (typeof mountPoint !== "string" || typeof claimedAt !== "string" || typeof published !== "boolean")
    return null;
  const { uuid, type } = named;
  return { version: 1, offering, order: uuid, type, file, resource, mountPoint, claimedAt, published };
}
