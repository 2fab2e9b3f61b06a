// The last snapshot of this offering: what the new one is compared with, and where an entry comes from whose resource
// became a problem. Only files of ours count: another offering's, or somebody else's, is no baseline.

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
  const scan = scanDocument(readChunks(path));
  if (!scan.complete || scan.meta?.offering.uuid !== offeringUuid) return null;
  return { path, entries: scan.entries, sha256: documentDigest(readChunks(path)) };
}

/** The file is there, whole, with the content that the baseline tells. */
export function isIntact(baseline: Baseline): boolean {
  try {
    return documentDigest(readChunks(baseline.path)) === baseline.sha256;
  } catch {
    return false;
  }
}

/** The last published entries of these resources, as they stand in the file; none when it is gone or cut. */
export function readEntries(
  directory: string,
  { offering, uuids }: { offering: string; uuids: ReadonlySet<string> },
): ScannedEntry[] {
  const baseline = readBaseline(directory, offering);
  const path = baseline !== null && isIntact(baseline) ? baseline.path : newestSnapshot(directory);
  if (path === null) return [];
  const found: ScannedEntry[] = [];
  const scan = scanDocument(readChunks(path), (entry) => {
    if (uuids.has(entry.itemId)) found.push(entry);
  });
  return scan.complete && scan.meta?.offering.uuid === offering ? found : [];
}

/** Told by the first lines alone, so that retention does not read every snapshot to its end. */
export function isSnapshotOf(path: string, offering: string): boolean {
  for (const head of readChunks(path)) return scanDocument([head]).meta?.offering.uuid === offering;
  return false;
}
