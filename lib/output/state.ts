// What one run stores for the next, in the state directory: the last snapshot. What is missing or damaged is read as
// null; the published files decide. Damage is noted for callers that ask, because only a failing disk or another user
// causes it.

import { join } from "node:path";
import { isTable } from "../json.ts";
import { isPlainUuid } from "../uuid.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import { isSnapshotName } from "./names.ts";
import { readJsonFile } from "./state-file.ts";

/**
 * The snapshot published last: file name, offering, number of entries, size and digest; the date is its `meta.date`, or
 * that of the later list which had the same content and was not published again.
 */
export type SnapshotState = {
  version: 1;
  file: string;
  offering: string;
  date: string;
  entries: number;
  bytes: number;
  sha256: string;
  /** How many entries the GID map had; absent without a map. */
  gidEntries?: number;
};

const SNAPSHOT_FILE = "snapshot.json";

/** Paths of files that are there and not as this program writes them; they count as missing. */
export type Damaged = string[];

export function readSnapshotState(directory: string, damaged: Damaged = []): SnapshotState | null {
  const path = join(directory, STATE_DIRECTORY, SNAPSHOT_FILE);
  const value = readJsonFile(path);
  if (isSnapshotState(value)) return value;
  if (value !== null) damaged.push(path);
  return null;
}

export function writeSnapshotState(output: Output, state: SnapshotState): void {
  replaceFile(output, { name: SNAPSHOT_FILE, place: "state" }, `${JSON.stringify(state)}\n`);
}

function isSnapshotState(value: unknown): value is SnapshotState {
  if (!isTable(value) || value.version !== 1) return false;
  const { file, offering, date, sha256, entries, bytes, gidEntries } = value;
  return (
    (gidEntries === undefined || isCount(gidEntries)) &&
    typeof file === "string" &&
    isSnapshotName(file) &&
    isPlainUuid(offering) &&
    typeof date === "string" &&
    !Number.isNaN(Date.parse(date)) &&
    isDigest(sha256) &&
    isCount(bytes) &&
    isCount(entries) &&
    entries * FEWEST_BYTES <= bytes
  );
}

/** Of an entry; its keys alone are longer. */
const FEWEST_BYTES = 256;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** SHA-256 in hex. */
export function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
