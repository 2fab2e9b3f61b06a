import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Output } from "../../../lib/output/directory.ts";
import { isWithdrawn, type Receipt } from "../../../lib/output/receipt.ts";
import {
  changedReceipts,
  claimReceipt,
  closeReceipt,
  datedReceipts,
  listOpenReceipts,
  olderReceipts,
  oldReceipts,
  peekFileName,
  peekReceipt,
  removeReceipts,
  rewriteReceipt,
} from "../../../lib/output/receipts.ts";
import { OTHER_UUID, openScratch, publicNames, scratchDirectory, temporaryNames, UUID } from "./scratch.ts";

const RECEIPT: Receipt = {
  version: 1,
  offering: "a".repeat(32),
  order: UUID,
  type: "create",
  file: `2026-11-25-07-49-create_${UUID}.json`,
  resource: "b".repeat(32),
  mountPoint: "/capstor/store/cscs/a",
  claimedAt: "2026-11-25T07:49:00.000Z",
  published: false,
};
const PUBLISHED: Receipt = { ...RECEIPT, published: true };
const LATER: Receipt = { ...RECEIPT, file: `2026-11-26-00-00-create_${UUID}.json` };

function receiptOf(order: string): Receipt {
  return { ...RECEIPT, order, file: RECEIPT.file.replace(UUID, order) };
}

function openPath(output: Output, order = UUID): string {
  return join(output.statePath, "receipts", `${order}.json`);
}

function closedPath(output: Output, order = UUID): string {
  return join(output.statePath, "receipts", "closed", `${order}.json`);
}

describe("claiming", () => {
  test("writes a receipt for the owner only, and publishes nothing", () => {
    const output = openScratch();
    expect(claimReceipt(output, RECEIPT)).toEqual({ receipt: RECEIPT, open: true });
    expect(statSync(openPath(output)).mode & 0o777).toBe(0o600);
    expect(publicNames(output.directory)).toEqual([]);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("keeps the first name for ever", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    expect(claimReceipt(output, LATER)).toEqual({ receipt: RECEIPT, open: true });
  });

  test("returns the closed receipt of a published file as closed, and opens no new one", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    closeReceipt(output, PUBLISHED, { state: "done" });
    expect(claimReceipt(output, LATER)).toMatchObject({ receipt: PUBLISHED, open: false });
    expect(existsSync(openPath(output))).toBe(false);
  });

  test("opens a withdrawn receipt again, under its old name", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    closeReceipt(output, RECEIPT, { state: "erred" });
    expect(isWithdrawn(JSON.parse(readFileSync(closedPath(output), "utf8")))).toBe(true);
    const wanted = { ...LATER, mountPoint: "/other" };
    expect(claimReceipt(output, wanted)).toEqual({ receipt: { ...wanted, file: RECEIPT.file }, open: true });
    expect([existsSync(openPath(output)), existsSync(closedPath(output))]).toEqual([true, false]);
  });

  test("of version 0.1 that is closed without an end is not withdrawn", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    mkdirSync(join(output.statePath, "receipts/closed"), { recursive: true });
    renameSync(openPath(output), closedPath(output));
    expect(claimReceipt(output, LATER)).toEqual({ receipt: RECEIPT, open: false });
  });

  test("takes another mount point over, and keeps what it does not know", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    writeFileSync(openPath(output), JSON.stringify({ ...RECEIPT, instance: "i", later: [1], closedAt: 7 }));
    claimReceipt(output, { ...RECEIPT, mountPoint: "/moved" });
    expect(JSON.parse(readFileSync(openPath(output), "utf8"))).toEqual({
      ...RECEIPT,
      instance: "i",
      later: [1],
      mountPoint: "/moved",
    });
  });

  test.each([
    ["empty", ""],
    ["cut", JSON.stringify(RECEIPT).slice(0, 40)],
    ["of another version", JSON.stringify({ ...RECEIPT, version: 2 })],
    ["half of another order", JSON.stringify({ ...RECEIPT, order: OTHER_UUID })],
    ["of another order", JSON.stringify(RECEIPT).replaceAll(UUID, OTHER_UUID)],
    ["with a path for a name", JSON.stringify({ ...RECEIPT, file: "../../etc/passwd" })],
    ["with a resource that is no uuid", JSON.stringify({ ...RECEIPT, resource: "../x" })],
    ["with a mount point that is no path", JSON.stringify({ ...RECEIPT, mountPoint: "etc" })],
    ["with a line break in the mount point", JSON.stringify({ ...RECEIPT, mountPoint: "/a\nb" })],
    ["with a time that is none", JSON.stringify({ ...RECEIPT, claimedAt: "soon" })],
    [
      "with the name of another order",
      JSON.stringify({ ...RECEIPT, file: LATER.file.replace(UUID, OTHER_UUID) }),
    ],
  ])("replaces a receipt that is %s", (_what, text) => {
    const output = openScratch();
    mkdirSync(join(output.statePath, "receipts"));
    writeFileSync(openPath(output), text);
    expect(peekReceipt(output.directory, UUID)).toBeNull();
    const damaged: string[] = [];
    expect(listOpenReceipts(output.directory, damaged)).toEqual([]);
    expect(damaged).toEqual([openPath(output)]);
    expect(claimReceipt(output, LATER)).toEqual({ receipt: LATER, open: true });
    expect(JSON.parse(readFileSync(openPath(output), "utf8"))).toEqual(LATER);
    expect(temporaryNames(output.directory)).toEqual([]);
  });

  test("refuses an order that is not a uuid", () => {
    const output = openScratch();
    expect(() => claimReceipt(output, { ...RECEIPT, order: "../x" })).toThrow(/no uuid/);
  });
});

describe("peeking", () => {
  test("creates nothing", () => {
    const directory = scratchDirectory();
    expect(peekReceipt(directory, UUID)).toBeNull();
    expect(peekFileName(directory, "create", UUID)).toBeNull();
    expect(listOpenReceipts(directory)).toEqual([]);
    expect(changedReceipts(directory, new Date(0))).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
    expect(peekFileName(join(directory, "missing"), "create", UUID)).toBeNull();
  });
});

describe("the states of a receipt", () => {
  test("is open, published, closed", () => {
    const output = openScratch();
    const other = { ...RECEIPT, order: OTHER_UUID, file: RECEIPT.file.replace(UUID, OTHER_UUID) };
    claimReceipt(output, RECEIPT);
    claimReceipt(output, other);
    expect(rewriteReceipt(output, PUBLISHED)).toEqual({ ...RECEIPT, published: true });
    expect(listOpenReceipts(output.directory)).toEqual([{ ...RECEIPT, published: true }, other]);
    closeReceipt(output, PUBLISHED, { state: "done" });
    expect(listOpenReceipts(output.directory)).toEqual([other]);
    const at = expect.any(String);
    expect(peekReceipt(output.directory, UUID)).toEqual({
      receipt: { ...PUBLISHED, closedAt: at, ended: { state: "done", at } },
      open: false,
    });
  });

  test("is not written again when it was published already", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    const published = rewriteReceipt(output, PUBLISHED);
    const inode = statSync(openPath(output), { bigint: true }).ino;
    rewriteReceipt(output, published);
    expect(statSync(openPath(output), { bigint: true }).ino).toBe(inode);
  });

  test("stays closed when its file is published again", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    closeReceipt(output, RECEIPT, { state: "done" });
    rewriteReceipt(output, PUBLISHED);
    expect(existsSync(openPath(output))).toBe(false);
    expect(peekReceipt(output.directory, UUID)).toMatchObject({ open: false, receipt: { published: true } });
  });

  test("is written even when the receipt was lost in between", () => {
    const output = openScratch();
    rewriteReceipt(output, PUBLISHED);
    expect(listOpenReceipts(output.directory)).toEqual([{ ...RECEIPT, published: true }]);
  });

  test("closes where the directory for it was lost", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    rmSync(join(output.statePath, "receipts", "closed"), { recursive: true });
    closeReceipt(output, RECEIPT, { state: "done" });
    expect(peekReceipt(output.directory, UUID)).toMatchObject({ open: false });
  });

  test("closes once, and without harm twice or never opened", () => {
    const output = openScratch();
    closeReceipt(output, receiptOf(OTHER_UUID), { state: "done" });
    claimReceipt(output, RECEIPT);
    closeReceipt(output, RECEIPT, { state: "done" });
    closeReceipt(output, RECEIPT, { state: "done" });
    expect(existsSync(closedPath(output))).toBe(true);
  });
});

describe("recent receipts", () => {
  test("are those that are open, and closed ones that were changed since, the last change last", () => {
    const output = openScratch();
    const orders = ["1", "2", "3", "4"].map((digit) => digit.repeat(32));
    for (const order of orders)
      claimReceipt(output, { ...RECEIPT, order, file: RECEIPT.file.replace(UUID, order) });
    for (const order of orders.slice(2)) closeReceipt(output, receiptOf(order), { state: "done" });
    const [first = "", , third = ""] = orders;
    utimesSync(openPath(output, first), 1000, 1000);
    utimesSync(closedPath(output, third), 1000, 1000);
    const recent = changedReceipts(output.directory, new Date(60_000_000));
    expect(recent.map(({ receipt }) => receipt.order)).toEqual([..."124"].map((digit) => digit.repeat(32)));
    expect(changedReceipts(output.directory, new Date(1_000_000))).toHaveLength(4);
  });

  test("include one that a coarse clock put just before", () => {
    const output = openScratch();
    claimReceipt(output, RECEIPT);
    closeReceipt(output, RECEIPT, { state: "done" });
    utimesSync(closedPath(output), 2000, 2000);
    expect(changedReceipts(output.directory, new Date(2_000_900))).toHaveLength(1);
    expect(changedReceipts(output.directory, new Date(2_001_100))).toHaveLength(0);
  });

  test("one with an old date that came or went shows in what is said of the others", () => {
    const output = openScratch();
    const since = new Date(60_000_000);
    const before = olderReceipts(datedReceipts(output.directory), since);
    claimReceipt(output, RECEIPT);
    closeReceipt(output, RECEIPT, { state: "done" });
    expect(olderReceipts(datedReceipts(output.directory), since)).toBe(before);
    utimesSync(closedPath(output), 2000, 2000);
    const withOne = olderReceipts(datedReceipts(output.directory), since);
    utimesSync(closedPath(output), 2001, 2001);
    expect(new Set([before, withOne, olderReceipts(datedReceipts(output.directory), since)]).size).toBe(3);
  });
});

describe("expiry", () => {
  /** As a pass does it. */
  function expireReceipts(output: Output): void {
    const old = oldReceipts(output);
    if (old !== null) removeReceipts(output, old);
  }

  const DAY = 86_400;

  function closedAt(output: Output, order: string, daysAgo: number): void {
    claimReceipt(output, { ...RECEIPT, order, file: RECEIPT.file.replace(UUID, order) });
    closeReceipt(output, receiptOf(order), { state: "done" });
    const at = Date.now() / 1000 - daysAgo * DAY;
    utimesSync(closedPath(output, order), at, at);
  }

  test("takes closed receipts after 90 days, never open ones", () => {
    const output = openScratch();
    closedAt(output, UUID, 91);
    closedAt(output, OTHER_UUID, 89);
    const open = "c".repeat(32);
    claimReceipt(output, { ...RECEIPT, order: open, file: RECEIPT.file.replace(UUID, open) });
    utimesSync(openPath(output, open), 1000, 1000);
    expireReceipts(output);
    expect(existsSync(closedPath(output))).toBe(false);
    expect(existsSync(closedPath(output, OTHER_UUID))).toBe(true);
    expect(existsSync(openPath(output, open))).toBe(true);
  });

  test("looks once a day", () => {
    let now = new Date();
    const output = openScratch({ now: () => now });
    expireReceipts(output);
    closedAt(output, UUID, 91);
    now = new Date(now.getTime() + 23 * 3600 * 1000);
    expireReceipts(output);
    expect(existsSync(closedPath(output))).toBe(true);
    now = new Date(now.getTime() + 2 * 3600 * 1000);
    expireReceipts(output);
    expect(existsSync(closedPath(output))).toBe(false);
  });

  test("is not delayed for ever by a wrong clock", () => {
    const output = openScratch();
    writeFileSync(join(output.statePath, "receipts-expired"), "4000000000000\n");
    closedAt(output, UUID, 91);
    expireReceipts(output);
    expect(existsSync(closedPath(output))).toBe(false);
  });
});
