// Reading what is in an output directory: without following anything, without waiting for a pipe, never more than a
// limit, and knowing whose it is. And taking a file away.

import {
  closeSync,
  fstatSync,
  lstatSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { OutputError } from "../errors.ts";
import { ownerBelow, reach } from "../places/held.ts";
import { openToRead, readUpTo } from "../places/open.ts";
import { isTrustedUser } from "../places/owners.ts";
import { attempt, attemptIfExists } from "./failure.ts";
import { isSnapshotName } from "./names.ts";

const CHUNK_BYTES = 65_536;

/**
 * The text of a file in pieces of at most 64 KiB; a character is never split. The file is closed if the caller stops.
 * @param whose `ours`: nothing of a file that another user than this program's, or root, owns
 */
export function* readChunks(path: string, whose: "ours" | "any" = "any"): Iterable<string> {
  const fd = attempt("open", path, () => openToRead(path, "refuse"));
  try {
    const stats = attempt("find", path, () => fstatSync(fd));
    requireFile(path, stats);
    if (whose === "ours" && !isOurs(path, stats)) return;
    yield* decodeChunks(path, fd);
  } finally {
    closeSync(fd);
  }
}

function* decodeChunks(path: string, fd: number): Iterable<string> {
  const bytes = new Uint8Array(CHUNK_BYTES);
  const decoder = new TextDecoder();
  for (;;) {
    const count = attempt("read", path, () => readSync(fd, bytes, 0, CHUNK_BYTES, null));
    const text = decoder.decode(bytes.subarray(0, count), { stream: count > 0 });
    if (text !== "") yield text;
    if (count === 0) return;
  }
}

/** Whether there is a regular file of that name that this program or root owns. */
export function isOwnFile(path: string): boolean {
  const stats = attempt("find", path, () => lstatSync(reach(path), { throwIfNoEntry: false }));
  return stats?.isFile() === true && isOurs(path, stats);
}

/** Whether this program, or root, owns a file below the output directory. Elsewhere the caller has not looked. */
function isOurs(path: string, { uid }: Stats): boolean {
  return isTrustedUser(uid) || uid === ownerBelow(path);
}

/** @throws OutputError unless it is a regular file */
export function requireFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  throw new OutputError(`cannot use ${path}: it is not a regular file`, {
    hint: "it was not created by this program: move it away",
  });
}

/**
 * Sorted names of the regular files in a directory whose name is wanted; none when the directory does not exist.
 * Each is asked for its kind, because not every file system gives it in the listing. Symlinks are not files.
 */
export function listFileNames(directory: string, isWanted: (name: string) => boolean): string[] {
  const names = attemptIfExists("list", directory, () => readdirSync(reach(directory))) ?? [];
  return names.filter((name) => isWanted(name) && fileTimeMs(join(directory, name)) !== null).sort();
}

/**
 * Paths of the files with a snapshot's name, regardless of who wrote them, the one modified last first; of equal ones
 * the later name. The Python plugin named its snapshots alike.
 */
export function snapshotsNewestFirst(directory: string): string[] {
  return listFileNames(directory, isSnapshotName)
    .reverse()
    .map((name) => join(directory, name))
    .map((path) => ({ path, mtimeMs: fileTimeMs(path) ?? 0 }))
    .sort((one, other) => other.mtimeMs - one.mtimeMs)
    .map(({ path }) => path);
}

/** Path of the snapshot modified last, null when there is none; of equal ones the later name. */
export function newestSnapshot(directory: string): string | null {
  return snapshotsNewestFirst(directory)[0] ?? null;
}

export type FoundText = { text: string; isOurs: boolean };

/** The text of a regular file; `missing`, or `foreign` when it is something else or has more bytes than that. */
export function readFound(path: string, limitBytes: number): FoundText | "missing" | "foreign" {
  return withOpened(path, (fd) => {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > limitBytes) return "foreign";
    const bytes = readUpTo(fd, limitBytes + 1);
    if (bytes.length > limitBytes) return "foreign";
    return { text: bytes.toString("utf8"), isOurs: isOurs(path, stats) };
  });
}

/** A symlink or a socket cannot be opened this way, but it has the name. */
function withOpened<T>(path: string, act: (fd: number) => T): T | "missing" | "foreign" {
  const isOther = () => {
    const stats = lstatSync(reach(path), { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile();
  };
  const fd = attemptIfExists("open", path, () => {
    try {
      return openToRead(path, "refuse");
    } catch (error) {
      if (isOther()) return "foreign";
      throw error;
    }
  });
  if (fd === null) return "missing";
  if (fd === "foreign") return fd;
  try {
    return attempt("read", path, () => act(fd));
  } finally {
    closeSync(fd);
  }
}

/** The text of a regular file; null when it is missing, is something else, or has more bytes than that. */
export function readTextUpTo(path: string, limitBytes: number): string | null {
  const found = readFound(path, limitBytes);
  return typeof found === "object" ? found.text : null;
}

/** When a regular file was modified last, in milliseconds; null when there is none. */
export function fileTimeMs(path: string): number | null {
  const stats = attempt("find", path, () => lstatSync(reach(path), { throwIfNoEntry: false }));
  return stats?.isFile() ? stats.mtimeMs : null;
}

/**
 * The number of a file, as text, because those of parallel file systems do not fit a double; null when it is missing.
 */
export function inodeOf(path: string): string | null {
  return attemptIfExists("find", path, () => String(statSync(reach(path), { bigint: true }).ino));
}

/** Removes a file if it is there. Bun's `rmSync` would take errnos such as EIO for EFAULT. */
export function removeFile(path: string): void {
  attemptIfExists("remove", path, () => unlinkSync(reach(path)));
}
