// The last snapshot of this offering: what the new one is compared with, and where an entry comes from whose resource
// became a problem. Only files of ours count: another offering's, or somebody else's, is no baseline.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { newestSnapshot, readChunks } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import { documentDigest } from "../storage/digest.ts";
import { type ScannedEntry, scanDocument } from "../storage/scan.ts";

export type Baseline = {
  /** The file; it may have been deleted since when the state directory tells of it. */
  path: string;
  entries: number;
  /** Of its text without the date line. */
  sha256: string;
};

/** From the state directory, else from the newest snapshot in the directory; null when there is none of ours. */
export function readBaseline(directory: string, offeringUuid: string): Baseline | null {
  const state = readSnapshotState(directory);
  if (state !== null && state.offering === offeringUuid) {
    return { path: join(directory, state.file), entries: state.entries, sha256: state.sha256 };
  }
  const path = newestSnapshot(directory);
  if (path === null) return null;
  const entries = countEntries(path, offeringUuid);
  return entries === null ? null : { path, entries, sha256: documentDigest(readChunks(path)) };
}

/** The file is there, whole, with the content that the baseline tells. */
export function isIntact(baseline: Baseline): boolean {
  try {
    return documentDigest(readChunks(baseline.path)) === baseline.sha256;
  } catch {
    return false;
  }
}

/** Hands over the last published entries of these resources, as they stand in the newest whole snapshot of the offering. */
export function visitEntries(
  directory: string,
  { offering, uuids }: { offering: string; uuids: ReadonlySet<string> },
  visit: (entry: ScannedEntry) => void,
): void {
  const candidates = [readBaseline(directory, offering)?.path, newestSnapshot(directory)];
  const path = candidates.find((one) => typeof one === "string" && countEntries(one, offering) !== null);
  if (typeof path !== "string") return;
  scanDocument(readChunks(path), (entry) => {
    if (uuids.has(entry.itemId)) visit(entry);
  });
}

/** Reads the file to its end; null when it is not a snapshot of the offering, or is cut, or gone. */
function countEntries(path: string, offering: string): number | null {
  if (!existsSync(path)) return null;
  const scan = scanDocument(readChunks(path));
  return scan.complete && scan.meta?.offering.uuid === offering ? scan.entries : null;
}

/** Told by the first lines alone, so that retention does not read every snapshot to its end. */
export function isSnapshotOf(path: string, offering: string): boolean {
  for (const head of readChunks(path)) return scanDocument([head]).meta?.offering.uuid === offering;
  return false;
}
