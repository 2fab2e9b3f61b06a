// Old snapshots, and the link to the latest one. Deletes only regular files with the name of a snapshot that are ours,
// after a publication, and never the one just published (docs/contract.md, "Publishing").

import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { OutputError } from "../errors.ts";
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
    const shown = readLink(path);
    if (shown === name) return;
    if (shown !== null && isSnapshotName(shown)) advanceTime(output, name, shown);
    replaceLink(output, path, name);
  });
}

function readLink(path: string): string | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isSymbolicLink()) return readlinkSync(path);
  throw new OutputError(`cannot link ${path}: something other than a symlink has that name`, {
    hint: "move it away, or switch the link off",
  });
}

/** Two runs around a full minute give two names in one second: to a cache that asks for the link, one version. */
function advanceTime(output: Output, name: string, shown: string): void {
  const path = join(output.directory, name);
  const [before, now] = [fileTimeMs(join(output.directory, shown)), fileTimeMs(path)];
  if (before === null || now === null || Math.floor(before / 1000) < Math.floor(now / 1000)) return;
  const second = Math.floor(before / 1000) + 1;
  utimesSync(path, second, second);
}

function replaceLink(output: Output, path: string, name: string): void {
  const temporary = join(output.statePath, temporaryName(output.mode));
  try {
    symlinkSync(name, temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(output.directory);
}

export type Expiry = {
  /** How many to keep, the latest by name; 0 keeps all. */
  keep: number;
  /** Name or path of the snapshot that stays in any case. */
  published: string;
  /** Whether the content says that the file is ours; asked only of those that would go. */
  isOurs: (path: string) => boolean;
};

/** Removes old snapshots of ours. Returns the paths removed. */
export function expireSnapshots(output: Output, expiry: Expiry): string[] {
  if (expiry.keep <= 0) return [];
  output.recheck();
  const names = listFileNames(output.directory, isSnapshotName).reverse().slice(expiry.keep);
  const old = names
    .filter((name) => name !== basename(expiry.published))
    .map((name) => join(output.directory, name))
    .filter(expiry.isOurs);
  for (const path of old) removeFile(path);
  return old;
}
