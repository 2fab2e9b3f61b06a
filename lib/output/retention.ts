// Old snapshots, and the link to the latest one. Deletes only regular files with the name of a snapshot that are ours,
// after a publication, and never the one just published or linked (docs/contract.md, "Publishing").

import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { OutputError } from "../errors.ts";
import { reach } from "../places/held.ts";
import { DAY_MS } from "../time.ts";
import type { Output } from "./directory.ts";
import { attempt } from "./failure.ts";
import { fileTimeMs, listFileNames, removeFile } from "./files.ts";
import { syncDirectory } from "./fsync.ts";
import { temporaryName } from "./leftovers.ts";
import { isSnapshotName } from "./names.ts";

export const LATEST_NAME = "latest-all.json";

/**
 * Makes `latest-all.json` a relative symlink to that snapshot, in one step for readers.
 * @throws OutputError when something other than a symlink has the name
 */
export function linkLatest(output: Output, name: string): void {
  if (!isSnapshotName(name)) throw new Error(`no name of a snapshot: ${JSON.stringify(name)}`);
  const path = join(output.directory, LATEST_NAME);
  attempt("link", path, () => {
    output.recheck();
    const shown = readLatest(path);
    if (shown === name) return;
    if (shown !== null && isSnapshotName(shown)) advanceTime(output, name, shown);
    replaceLink(output, path, name);
  });
}

/**
 * What the link shows; null where there is none.
 * @throws OutputError when something other than a symlink has the name
 */
export function readLatest(path: string): string | null {
  const stats = lstatSync(reach(path), { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isSymbolicLink()) return readlinkSync(reach(path));
  throw new OutputError(`cannot link ${path}: a file or directory has that name`, {
    hint: "move it away, or set latest_link to false",
  });
}

/** Two runs around a full minute give two names in one second: to a cache that asks for the link, one version. */
function advanceTime(output: Output, name: string, shown: string): void {
  const path = join(output.directory, name);
  const [before, now] = [fileTimeMs(join(output.directory, shown)), fileTimeMs(path)];
  if (before === null || now === null || Math.floor(before / 1000) < Math.floor(now / 1000)) return;
  const second = Math.floor(before / 1000) + 1;
  utimesSync(reach(path), second, second);
}

function replaceLink(output: Output, path: string, name: string): void {
  const temporary = join(output.statePath, temporaryName(output.mode));
  try {
    symlinkSync(name, reach(temporary));
    renameSync(reach(temporary), reach(path));
  } catch (error) {
    rmSync(reach(temporary), { force: true });
    throw error;
  }
  syncDirectory(output.directory);
}

export type Expiry = {
  /** How many to keep, those modified last; 0 keeps all. */
  keep: number;
  /** Name or path of the snapshot that stays in any case. */
  published: string;
  /** Whether the content says that the file is ours; others neither count nor go. */
  isOurs: (path: string) => boolean;
  /** Takes a file away. */
  remove?: (path: string) => void;
};

/** A clock that is further ahead than this was wrong, and what it dated says nothing about the order. */
const AHEAD_MS = DAY_MS;

/** Removes old snapshots of ours, but never the one that the latest link names. Returns the paths removed. */
export function expireSnapshots(output: Output, expiry: Expiry): string[] {
  const { keep, published, isOurs, remove = removeFile } = expiry;
  if (keep <= 0) return [];
  output.recheck();
  const linked = shownBy(join(output.directory, LATEST_NAME));
  const old = newestFirst(output.directory, basename(published))
    .filter((name) => isOurs(join(output.directory, name)))
    .slice(keep)
    .filter((name) => name !== linked)
    .map((name) => join(output.directory, name));
  for (const path of old) remove(path);
  return old;
}

/** Names of snapshots, the published one first, then by the time of modification, then by name. */
function newestFirst(directory: string, published: string): string[] {
  const timeOf = (name: string) => fileTimeMs(join(directory, name)) ?? 0;
  const latest = timeOf(published) + AHEAD_MS;
  const rank = (name: string) => {
    if (name === published) return Number.POSITIVE_INFINITY;
    const time = timeOf(name);
    return time > latest ? -time : time;
  };
  return listFileNames(directory, isSnapshotName)
    .reverse()
    .map((name) => ({ name, rank: rank(name) }))
    .sort((one, other) => other.rank - one.rank)
    .map(({ name }) => name);
}

function shownBy(link: string): string | null {
  return attempt("read", link, () => {
    const isLink = lstatSync(reach(link), { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? readlinkSync(reach(link)) : null;
  });
}
