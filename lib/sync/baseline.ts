// The last snapshot: where an entry comes from whose resource became a problem, and whether a new one says the same. Only
// files of ours count: another offering's, or somebody else's, is no such snapshot.

import { basename } from "node:path";
import { ConfigError } from "../errors.ts";
import { fileTimeMs, readChunks } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import type { Job } from "../run/job.ts";
import { digestAlong, documentDigest } from "../storage/digest.ts";
import { type ScannedEntry, scanDocument } from "../storage/scan.ts";

export type LastSnapshot = {
  path: string;
  /** Of its text without the date line; read from the file when asked where the state does not say it. */
  sha256(): string;
};

/**
 * @param path of the last snapshot in the directory, of whatever offering
 * @throws ConfigError when it is of another offering: a directory holds the snapshots of one
 */
export function lastSnapshotOf(
  path: string | null,
  { directory, damaged }: { directory: string; damaged: string[] },
  job: Job,
): LastSnapshot | null {
  const state = readSnapshotState(directory, damaged);
  if (path === null) return null;
  const known = state !== null && state.file === basename(path) ? state : null;
  const offering = known?.offering ?? (fileTimeMs(path) === null ? null : offeringOf(path));
  if (offering === null) return null;
  if (offering !== job.config.uuid) throw otherOffering(path, offering, job);
  return { path, sha256: () => known?.sha256 ?? documentDigest(readChunks(path)) };
}

function otherOffering(path: string, offering: string, { config, configFile }: Job): ConfigError {
  return new ConfigError([
    {
      file: configFile,
      path: `offerings[name=${JSON.stringify(config.name)}].backend_settings.output_directory`,
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

/** `unknown`: nothing says how the file was published. */
export type Found = { entries: readonly ScannedEntry[]; state: "as-published" | "changed" | "unknown" };

/**
 * The entries of these resources, as they stand in a snapshot of the offering.
 * @param sha256 of the file as it was published, as far as the state knows it
 */
export function findEntries(
  path: string,
  { offering, uuids, sha256 }: { offering: string; uuids: ReadonlySet<string>; sha256: string | undefined },
): Found {
  const entries: ScannedEntry[] = [];
  const read = digestAlong(readChunks(path));
  const scan = scanDocument(read.chunks, (entry) => {
    if (uuids.has(entry.itemId) && entry.targetType === "project") entries.push(entry);
  });
  if (scan.meta !== null && scan.meta.offering.uuid !== offering) return { entries: [], state: "unknown" };
  if (sha256 === undefined) return { entries, state: "unknown" };
  return { entries, state: scan.complete && read.sha256() === sha256 ? "as-published" : "changed" };
}

/** Read from the first lines alone, so that retention does not read every snapshot to its end. */
export function isSnapshotOf(path: string, offering: string): boolean {
  return offeringOf(path, "ours") === offering;
}

function offeringOf(path: string, whose: "ours" | "any" = "any"): string | null {
  for (const head of readChunks(path, whose)) return scanDocument([head]).meta?.offering.uuid ?? null;
  return null;
}
