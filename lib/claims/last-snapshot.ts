// Which file of the output directory is the last snapshot: what a new one is compared with, and what names paths where
// the claims do not know it yet (docs/contract.md, "Sync").

import { basename, dirname, join } from "node:path";
import { inodeOf, isOwnFile, readChunks, readTextUpTo, snapshotsNewestFirst } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import { FOREIGN_LIMIT_BYTES, readForeignDocument } from "../storage/foreign.ts";
import { scanDocument } from "../storage/scan.ts";
import type { ClaimsSource } from "./header.ts";

export type LastSnapshots = {
  /** The last snapshot. */
  path: string | null;
  /** The claims were written for it. */
  isStored: boolean;
  /** Newer ones of ours that were cut, the oldest first; what is left of them still counts. */
  cut: readonly string[];
};

/**
 * The snapshot that the claims were written for, once it has its name; else, of those that are whole, the one that the
 * state names or the newest.
 */
export function lastSnapshots(directory: string, stored: ClaimsSource | null): LastSnapshots {
  const written = stored?.snapshot == null ? null : join(directory, stored.snapshot.file);
  if (stored !== null && written !== null && isWrittenFor(stored, written))
    return { path: written, isStored: true, cut: [] };
  const state = readSnapshotState(directory);
  const named = state === null ? null : join(directory, state.file);
  const first = named !== null && isOwnFile(named) ? [named] : [];
  const cut: string[] = [];
  for (const path of [...first, ...snapshotsNewestFirst(directory).filter((other) => other !== named)]) {
    const kind = kindOf(path);
    if (kind === "whole") return { path, isStored: false, cut: cut.reverse() };
    if (kind === "cut") cut.push(path);
  }
  const [path = null] = cut;
  return { path, isStored: false, cut: [] };
}

/**
 * A snapshot that is not there may never have got its name, because the run that wrote the claims was killed before the
 * rename: then the state names an older one, or there was none. Else it was deleted since.
 */
function isWrittenFor({ snapshot }: ClaimsSource, path: string): boolean {
  if (snapshot === null || snapshot.file !== basename(path)) return false;
  const inode = inodeOf(path);
  if (inode !== null) return inode === snapshot.inode;
  const state = readSnapshotState(dirname(path));
  return state === null ? snapshot.isFirst !== true : state.file === snapshot.file;
}

/** What is known of a snapshot; the claims know its digest a moment before its state does. */
export function identify(
  { path, isStored }: LastSnapshots,
  stored: ClaimsSource | null,
): ClaimsSource["snapshot"] {
  if (path === null) return null;
  const sha256 = (isStored ? stored?.snapshot?.sha256 : undefined) ?? digestByState(path);
  return {
    file: basename(path),
    inode: inodeOf(path) ?? "",
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

function digestByState(path: string): string | undefined {
  const state = readSnapshotState(dirname(path));
  return state?.file === basename(path) ? state.sha256 : undefined;
}

/** A file of another program, or a truncated one, must not hide an older snapshot of ours. */
function kindOf(path: string): "whole" | "cut" | "foreign" {
  const { meta, complete } = scanDocument(readChunks(path, "ours"));
  if (meta === null || meta.order !== undefined) return "foreign";
  return complete ? "whole" : "cut";
}

/**
 * The resources of the newest list that is not ours, such as that of the Python plugin; empty if there is none. It
 * names no paths, but a site that replaces the plugin is not to lose half of its list with the first run.
 */
export function foreignResources(directory: string): string[] {
  for (const path of snapshotsNewestFirst(directory)) {
    const text = readTextUpTo(path, FOREIGN_LIMIT_BYTES);
    const entries = text === null ? null : readForeignDocument(text);
    if (entries !== null && entries.length > 0) return entries.map(({ itemId }) => itemId);
  }
  return [];
}
