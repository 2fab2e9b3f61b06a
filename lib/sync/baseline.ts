// The last snapshot: where an entry comes from whose resource became a problem, and whether a new one says the same. Only
// files of ours count: another offering's, or somebody else's, is no such snapshot.

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { ConfigError } from "../errors.ts";
import type { UuidSet } from "../key-set.ts";
import { readChunks } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import type { Job } from "../run/job.ts";
import { documentDigest } from "../storage/digest.ts";
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
export function lastSnapshotOf(path: string | null, directory: string, job: Job): LastSnapshot | null {
  if (path === null) return null;
  const state = readSnapshotState(directory);
  const known = state !== null && state.file === basename(path) ? state : null;
  const offering = known?.offering ?? (existsSync(path) ? offeringOf(path) : null);
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

/** Hands over the entries of these resources, as they stand in a whole snapshot of the offering. */
export function visitEntries(
  path: string | null,
  { offering, uuids }: { offering: string; uuids: Pick<UuidSet, "has"> },
  visit: (entry: ScannedEntry) => void,
): void {
  if (path === null) return;
  // Read twice, because the first entry counts only when the last one is there: the texts of all would fill the memory.
  const scan = scanDocument(readChunks(path));
  if (!scan.complete || scan.meta?.offering.uuid !== offering) return;
  scanDocument(readChunks(path), (entry) => {
    if (uuids.has(entry.itemId) && entry.targetType === "project") visit(entry);
  });
}

/** Read from the first lines alone, so that retention does not read every snapshot to its end. */
export function isSnapshotOf(path: string, offering: string): boolean {
  return offeringOf(path) === offering;
}

function offeringOf(path: string): string | null {
  for (const head of readChunks(path)) return scanDocument([head]).meta?.offering.uuid ?? null;
  return null;
}
