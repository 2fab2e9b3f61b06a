// What the tests of lib/claims share: uuids by number, claims with defaults, and files as the program writes them.

import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BY_SNAPSHOT, type NewClaim } from "../../../lib/claims/table.ts";
import { STATE_DIRECTORY } from "../../../lib/output/directory.ts";
import type { Receipt } from "../../../lib/output/receipt.ts";
import { documentText } from "../../../lib/storage/text.ts";
import { mapper, source } from "../storage/support.ts";

export const OFFERING = "f".padStart(32, "0");

/** The uuid of the n-th resource. */
export function uuidOf(n: number): string {
  return (n + 1).toString(16).padStart(32, "0");
}

export function claimOf(path: string, more: Partial<NewClaim> = {}): NewClaim {
  return { path, marks: BY_SNAPSHOT, since: 1000, offering: OFFERING, ...more };
}

/** The n-th minute of a morning. */
export function minute(n: number): Date {
  return new Date(Date.UTC(2026, 0, 5, 9, n));
}

export function stampOf(n: number): string {
  return minute(n).toISOString().slice(0, 16).replace(/[T:]/g, "-");
}

export function snapshotAt(n: number): string {
  return `${stampOf(n)}-all.json`;
}

export type NamedEntry = { n: number; path: string; status?: "active" | "pending"; targetType?: string };

function textOf(date: Date, entries: readonly NamedEntry[]): string {
  const resources = entries.map(({ n, path, status = "active" }) => {
    const mapped = mapper().mapResource(source({ uuid: uuidOf(n), backendId: path }));
    if (!mapped.ok) throw new Error(`no path for a test: ${path}`);
    return { ...mapped.entry, status };
  });
  const text = documentText({
    status: "success",
    code: 200,
    meta: {
      date: date.toISOString().replace(".000Z", "+00:00"),
      appVersion: "0",
      offering: { uuid: OFFERING, slug: "capstor" },
    },
    result: { storageResources: resources },
  });
  const [first] = entries;
  return first?.targetType === undefined
    ? text
    : text.replace('"targetType": "project"', `"targetType": "${first.targetType}"`);
}

/** Writes a snapshot of that minute; returns where it is. */
export function writeSnapshot(directory: string, at: number, entries: readonly NamedEntry[]): string {
  const path = join(directory, snapshotAt(at));
  // By rename, so that one of the same name gets a number of its own.
  writeFileSync(`${path}.new`, textOf(minute(at), entries));
  renameSync(`${path}.new`, path);
  return path;
}

export function inodeText(path: string): string {
  return String(statSync(path, { bigint: true }).ino);
}

/** Writes the file of an order: number, minute, the entry. Returns its name. */
export function writeOrderFile(directory: string, order: number, at: number, entry: NamedEntry): string {
  const name = `${stampOf(at)}-create_${uuidOf(order)}.json`;
  writeFileSync(join(directory, name), textOf(minute(at), [entry]));
  return name;
}

/** Writes a receipt for resource `n`, in the folder of open ones unless it has an end. */
export function writeReceipt(
  directory: string,
  { order, n, at, ...more }: Partial<Omit<Receipt, "order">> & { order: number; n: number; at: number },
): Receipt {
  const type = more.type ?? "create";
  const receipt: Receipt = {
    version: 1,
    offering: OFFERING,
    order: uuidOf(order),
    type,
    file: `${stampOf(at)}-${type}_${uuidOf(order)}.json`,
    resource: uuidOf(n),
    mountPoint: "/a",
    claimedAt: minute(at).toISOString(),
    published: false,
    ...more,
  };
  const folder = join(directory, STATE_DIRECTORY, "receipts", receipt.ended === undefined ? "" : "closed");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${receipt.order}.json`), JSON.stringify(receipt));
  return receipt;
}

/** The state file that names the last snapshot. */
export function nameSnapshot(directory: string, at: number): void {
  mkdirSync(join(directory, STATE_DIRECTORY), { recursive: true });
  const state = {
    version: 1,
    file: snapshotAt(at),
    offering: OFFERING,
    date: minute(at).toISOString(),
    entries: 1,
    bytes: 1000,
    sha256: "0".repeat(64),
  };
  writeFileSync(join(directory, STATE_DIRECTORY, "snapshot.json"), JSON.stringify(state));
}
