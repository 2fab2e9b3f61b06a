// The last snapshot: where an entry comes from whose resource became a problem, and whether a new one says the same.
// Only files of ours count: another offering's, or somebody else's, is no such snapshot.

import { basename } from "node:path";
import { ConfigError } from "../errors.ts";
import type { UuidSet } from "../key-set.ts";
import { fileTimeMs, readChunks } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import type { Job } from "../run/job.ts";
import { digestAlong, documentDigest } from "../storage/digest.ts";
import { isOfResource, type ScannedEntry, scanDocument } from "../storage/scan.ts";

export type LastSnapshot = {
  path: string;
  /** Of its text without the date line; read from the file when asked where the state does not say it. */
  sha256(): string;
};

/**
 * @param path of the last snapshot in the directory, of whatever offering
 * @throws ConfigError when it is of another offering: a directory holds the snapshots of one
 */
export async function lastSnapshotOf(
  path: string | null,
  { directory, damaged }: { directory: string; damaged: string[] },
  job: Job,
): Promise<LastSnapshot | null> {
  const state = readSnapshotState(directory, damaged);
  if (path === null) return null;
  const known = state !== null && state.file === basename(path) ? state : null;
  const offering = known?.offering ?? (fileTimeMs(path) === null ? null : offeringOf(path));
  if (offering === null) return null;
  if (offering !== job.config.uuid) throw await otherOffering(path, offering, job);
  return { path, sha256: () => known?.sha256 ?? documentDigest(readChunks(path)) };
}

async function otherOffering(path: string, offering: string, { config }: Job): Promise<ConfigError> {
  return new ConfigError([
    {
      ...(await config.locate(["backend_settings", "output_directory"])),
      message: `the newest snapshot there, ${path}, is of offering ${offering}, not of ${config.uuid}`,
      hint: "give each offering of sync an output_directory of its own, or move that snapshot away",
    },
  ]);
}

/** The file is there, whole, with the content that the state says. */
export function isIntact(last: LastSnapshot, sha256: string): boolean {
  try {
    return documentDigest(readChunks(last.path)) === sha256;
  } catch {
    return false;
  }
}

/** What is asked of a snapshot; `sha256` is that of the file as it was published, as far as the state knows it. */
export type EntryQuery = { offering: string; uuids: Pick<UuidSet, "has">; sha256: string | undefined };

/** `unknown`: nothing says how the file was published. */
export type SnapshotMatch = { entries: number; state: "as-published" | "changed" | "unknown" };

/** Whether a snapshot of the offering has the content that was published, and how many entries of these resources. */
export function judgeSnapshot(path: string, { offering, uuids, sha256 }: EntryQuery): SnapshotMatch {
  let entries = 0;
  const read = digestAlong(readChunks(path));
  const scan = scanDocument(read.chunks, (entry) => {
    if (uuids.has(entry.itemId) && isOfResource(entry)) entries++;
  });
  if (scan.meta !== null && scan.meta.offering.uuid !== offering) return { entries: 0, state: "unknown" };
  if (sha256 === undefined) return { entries, state: "unknown" };
  return { entries, state: scan.complete && read.sha256() === sha256 ? "as-published" : "changed" };
}

/** Where entries go: those of the resources, and before them the directories that were above any. */
export type Visitor = {
  entry: (found: ScannedEntry) => void;
  directory?: ((found: ScannedEntry) => void) | undefined;
};

/**
 * Hands over the entries of these resources one by one, for the texts of all would fill the memory. False when the
 * content is not the published one any more: then nothing of it counts.
 */
export function visitEntries(path: string, { uuids, sha256 }: EntryQuery, visitor: Visitor): boolean {
  const read = digestAlong(readChunks(path));
  scanDocument(read.chunks, (entry) => {
    if (!isOfResource(entry)) visitor.directory?.(entry);
    else if (uuids.has(entry.itemId)) visitor.entry(entry);
  });
  return read.sha256() === sha256;
}

/** Read from the first lines alone, so that retention does not read every snapshot to its end. */
export function isSnapshotOf(path: string, offering: string): boolean {
  return offeringOf(path, "ours") === offering;
}

function offeringOf(path: string, whose: "ours" | "any" = "any"): string | null {
  for (const head of readChunks(path, whose)) return scanDocument([head]).meta?.offering.uuid ?? null;
  return null;
}
