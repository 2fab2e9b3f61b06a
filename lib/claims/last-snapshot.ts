// Which file of the output directory is the last snapshot: what a new one is compared with, and what names paths where
// the claims do not know it yet (docs/contract.md, "Sync").

import { basename, dirname, join } from "node:path";
import { inodeOf, isOwnFile, readChunks, readTextUpTo, snapshotsNewestFirst } from "../output/files.ts";
import { readSnapshotState } from "../output/state.ts";
import { FOREIGN_LIMIT_BYTES, readForeignDocument } from "../storage/foreign.ts";
import { scanDocument } from "../storage/scan.ts";
import type { ClaimsSource } from "./header.ts";

/** `path`: the last snapshot. `cut`: newer ones of ours that were cut, the oldest first; what is left of them still counts. */
export type LastSnapshots = { path: string | null; cut: readonly string[] };

/**
 * The snapshot that the claims were written for, once it has its name; else, of those that are whole, the one that the state
 * names or the newest.
 */
export function lastSnapshots(directory: string, stored: ClaimsSource | null): LastSnapshots {
  const written = stored?.snapshot == null ? null : join(directory, stored.snapshot.file);
  if (stored !== null && written !== null && isWrittenFor(stored, written)) return { path: written, cut: [] };
  const state = readSnapshotState(directory);
  const named = state === null ? null : join(directory, state.file);
  const first = named !== null && isOwnFile(named) ? [named] : [];
  const cut: string[] = [];
  for (const path of [...first, ...snapshotsNewestFirst(directory).filter((other) => other !== named)]) {
    const kind = kindOf(path);
    if (kind === "whole") return { path, cut: cut.reverse() };
    if (kind === "cut") cut.push(path);
  }
  const [path = null] = cut;
  return { path, cut: [] };
}

/**
 * A snapshot that is not there may never have got its name, because the run that wrote the claims was killed before the
 * rename: then the state names an older one, or there was none. Else it was deleted since.
 */
export function isWrittenFor({ snapshot }: ClaimsSource, path: string): boolean {
  if (snapshot === null || snapshot.file !== basename(path)) return false;
  const inode = inodeOf(path);
  if (inode !== null) return inode === snapshot.inode;
  const state = readSnapshotState(dirname(path));
  return state === null ? snapshot.isFirst !== true : state.file === snapshot.file;
}

/** What is known of a snapshot; its digest only by the state. */
export function identify(path: string | null, stored: ClaimsSource | null): ClaimsSource["snapshot"] {
  if (path === null) return null;
  const sha256 = digestBy(stored, path);
  return {
    file: basename(path),
    inode: inodeOf(path) ?? "",
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** The claims know it a moment before the state of the snapshot does. */
function digestBy(stored: ClaimsSource | null, path: string): string | undefined {
  const isStored = stored !== null && isWrittenFor(stored, path);
  if (isStored && stored.snapshot?.sha256 !== undefined) return stored.snapshot.sha256;
  const state = readSnapshotState(dirname(path));
  return state?.file === basename(path) ? state.sha256 : undefined;
}

/** Somebody else's file, or one that was cut, must not hide an older snapshot of ours. */
function kindOf(path: string): "whole" | "cut" | "foreign" {
  const { meta, complete } = scanDocument(readChunks(path, "ours"));
  if (meta === null || meta.order !== undefined) return "foreign";
  return complete ? "whole" : "cut";
}

/**
 * Whom the newest list that is not ours has, such as the one of the Python plugin; empty where there is none. It names no
 * paths, but a site that replaces the plugin is not to lose half of its list with the first run.
 */
export function foreignResources(directory: string): string[] {
  for (const path of snapshotsNewestFirst(directory)) {
    const text = readTextUpTo(path, FOREIGN_LIMIT_BYTES);
    const entries = text === null ? null : readForeignDocument(text);
    if (entries !== null && entries.length > 0) return entries.map(({ itemId }) => itemId);
  }
  return [];
}
