// Receipts fix, before anything is published, the one name an order's file ever gets, and remember whether it was. An
// open receipt is `receipts/{order}.json` in the state directory, a closed one is in `receipts/closed/`
// (docs/contract.md, "Publishing"). Losing one costs at most a search for the file by the order's uuid.

import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../errors.ts";
import { reach } from "../places/held.ts";
import type { OrderType } from "../storage/document.ts";
import { DAY_MS } from "../time.ts";
import { isPlainUuid } from "../uuid.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { createTemporary, replaceFile } from "./durable.ts";
import { attempt, attemptIfExists } from "./failure.ts";
import { fileTimeMs, listFileNames, removeFile } from "./files.ts";
import { syncDirectory } from "./fsync.ts";
import { checkedUuid, ORDER_TYPES, parseOrderFileName } from "./names.ts";
import { isWithdrawn, type OrderEnd, parseReceipt, type Receipt } from "./receipt.ts";
import type { Damaged } from "./state.ts";
import { readJsonFile } from "./state-file.ts";

export type FoundReceipt = { receipt: Receipt; open: boolean };
/** `changedMs`: when the receipt was claimed, published or closed last, by the clock of the file system. */
export type ChangedReceipt = FoundReceipt & { changedMs: number };

const OPEN = "receipts";
const CLOSED = "receipts/closed";
const EXPIRY_STAMP = "receipts-expired";

/**
 * The receipt of an order, durable when this returns: the one that exists, with the wanted mount point, else the wanted
 * one. A withdrawn one is opened again, under its old name.
 */
export function claimReceipt(output: Output, wanted: Receipt): FoundReceipt {
  const found = peekReceipt(output.directory, wanted.order);
  if (found === null) return writeClaim(output, wanted);
  if (isWithdrawn(found.receipt)) return reopen(output, { ...wanted, file: found.receipt.file });
  const receipt = rewriteReceipt(output, { ...found.receipt, mountPoint: wanted.mountPoint });
  return { receipt, open: found.open };
}

/** An order that was executing again after its end: from now on the receipt is open and says this. */
export function reopenReceipt(output: Output, receipt: Receipt): void {
  reopen(output, receipt);
}

function reopen(output: Output, receipt: Receipt): FoundReceipt {
  const claimed = writeClaim(output, receipt);
  removeFile(join(output.statePath, receiptName(CLOSED, receipt.order)));
  return claimed;
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

/** Whether an order has a file in the output directory, of whatever type. */
export function hasFile(order: string, directory: string): boolean {
  return ORDER_TYPES.some((type) => peekFileName(directory, type, order) !== null);
}

/** Whether any order was ever claimed here, as far as the state directory still knows. */
export function hasReceipts(directory: string): boolean {
  return existsSync(reach(join(directory, STATE_DIRECTORY, OPEN)));
}

/** Receipts of orders that are not through yet, by uuid; broken ones are left out, and noted. */
export function listOpenReceipts(directory: string, damaged: Damaged = []): Receipt[] {
  const statePath = join(directory, STATE_DIRECTORY);
  return receiptOrders(statePath, OPEN).flatMap((order) => {
    const receipt = readReceipt(statePath, OPEN, order);
    if (receipt === null) damaged.push(join(statePath, receiptName(OPEN, order)));
    return receipt ?? [];
  });
}

/** Changes the receipt, durably, open or closed; writes nothing when it is like this already. */
export function rewriteReceipt(output: Output, receipt: Receipt): Receipt {
  const found = peekReceipt(output.directory, receipt.order);
  if (found !== null && receiptText(found.receipt) === receiptText(receipt)) return receipt;
  const folder = found?.open === false ? CLOSED : OPEN;
  ensureFolders(output);
  replaceFile(output, { name: receiptName(folder, receipt.order), place: "state" }, receiptText(receipt));
  return receipt;
}

/** The order has ended in that state. Nothing happens when the receipt was closed before. */
export function closeReceipt(output: Output, receipt: Receipt, end: OrderEnd): void {
  const { order } = receipt;
  const from = join(output.statePath, receiptName(OPEN, order));
  if (fileTimeMs(from) === null) return;
  const at = output.now().toISOString();
  // Content first, then the move: there is one receipt at any moment, and its time is that of the closing.
  rewriteReceipt(output, { ...receipt, closedAt: at, ended: { ...end, at } });
  ensureFolders(output);
  attemptIfExists("close receipt", from, () =>
    renameSync(reach(from), reach(join(output.statePath, receiptName(CLOSED, order)))),
  );
  syncDirectory(join(output.statePath, CLOSED));
  syncDirectory(join(output.statePath, OPEN));
}

/**
 * Receipts that are open, and closed ones that were changed since then; the one that changed last comes last. One
 * second of grace, because the clock of a file system is coarser than that of a process. Only those are read.
 */
export function changedReceipts(
  directory: string,
  since: Date,
  all: readonly DatedReceipt[] = datedReceipts(directory),
): ChangedReceipt[] {
  const statePath = join(directory, STATE_DIRECTORY);
  return all
    .filter((dated) => isRecent(dated, since))
    .sort((one, other) => one.changedMs - other.changedMs)
    .flatMap(({ folder, order, changedMs }) => {
      const receipt = readReceipt(statePath, folder, order);
      return receipt === null ? [] : [{ receipt, open: folder === OPEN, changedMs }];
    });
}

/** Number and times of the others: another value says that one came, went or changed which its date does not show. */
export function olderReceipts(all: readonly DatedReceipt[], since: Date): string {
  const older = all.filter((dated) => !isRecent(dated, since));
  return `${older.length} ${older.reduce((sum, { changedMs }) => sum + Math.round(changedMs), 0)}`;
}

export type DatedReceipt = { folder: string; order: string; changedMs: number };

/** Every receipt with the time of its last change; a time that cannot be read makes it a recent one. */
export function datedReceipts(directory: string): DatedReceipt[] {
  const statePath = join(directory, STATE_DIRECTORY);
  return [OPEN, CLOSED].flatMap((folder) =>
    receiptOrders(statePath, folder).map((order) => ({
      folder,
      order,
      changedMs: fileTimeMs(join(statePath, receiptName(folder, order))) ?? Number.POSITIVE_INFINITY,
    })),
  );
}

function isRecent({ folder, changedMs }: DatedReceipt, since: Date): boolean {
  return folder === OPEN || !(changedMs < since.getTime() - 1000);
}

/**
 * Orders whose closed receipts are older than that; null when it was asked less than a day ago, so that it costs
 * nothing.
 */
export function oldReceipts(output: Output, days = 90): string[] | null {
  const now = output.now().getTime();
  const stamp = readJsonFile(join(output.statePath, EXPIRY_STAMP));
  if (typeof stamp === "number" && Math.abs(now - stamp) < DAY_MS) return null;
  const ageOf = (order: string) =>
    now - (fileTimeMs(join(output.statePath, receiptName(CLOSED, order))) ?? now);
  return receiptOrders(output.statePath, CLOSED).filter((order) => ageOf(order) > days * DAY_MS);
}

/** Removes these closed receipts, and remembers when. */
export function removeReceipts(output: Output, orders: readonly string[]): void {
  for (const order of orders) removeFile(join(output.statePath, receiptName(CLOSED, order)));
  replaceFile(output, { name: EXPIRY_STAMP, place: "state" }, `${output.now().getTime()}\n`);
}

/** The first one to have the name wins, also between two hosts; a broken receipt does not count as one. */
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
    mkdirSync(reach(path), { mode: 0o700 });
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
