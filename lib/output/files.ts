// Reading what is in an output directory, without following anything, and taking a file away.

import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { attempt, attemptIfExists } from "./failure.ts";
import { isSnapshotName } from "./names.ts";

const CHUNK_BYTES = 65_536;

/** The text of a file in pieces of at most 64 KiB; a character is never torn apart. Closes the file when left early. */
export function* readChunks(path: string): Iterable<string> {
  const fd = attempt("open", path, () => openSync(path, constants.O_RDONLY));
  try {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const decoder = new TextDecoder();
    for (;;) {
      const count = attempt("read", path, () => readSync(fd, bytes, 0, CHUNK_BYTES, null));
      const text = decoder.decode(bytes.subarray(0, count), { stream: count > 0 });
      if (text !== "") yield text;
      if (count === 0) return;
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Sorted names of the regular files in a directory whose name is wanted; none when the directory does not exist.
 * Each is asked for its kind, because not every file system tells it in the listing. Symlinks are not files.
 */
export function listFileNames(directory: string, isWanted: (name: string) => boolean): string[] {
  const names = attemptIfExists("list", directory, () => readdirSync(directory)) ?? [];
  return names.filter((name) => isWanted(name) && fileTimeMs(join(directory, name)) !== null).sort();
}

/**
 * Paths of the files with a snapshot's name, whoever wrote them, the one modified last first; of equal ones the later
 * name. The Python plugin named its snapshots alike.
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

/** The text of a regular file; null when it is missing, is something else, or has more bytes than that. */
export function readTextUpTo(path: string, limitBytes: number): string | null {
  const stats = attempt("find", path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stats?.isFile() !== true || stats.size > limitBytes) return null;
  return readIfExists(path)?.toString("utf8") ?? null;
}

/** When a regular file was modified last, in milliseconds; null when there is none. */
export function fileTimeMs(path: string): number | null {
  const stats = attempt("find", path, () => lstatSync(path, { throwIfNoEntry: false }));
  return stats?.isFile() ? stats.mtimeMs : null;
}

/**
 * The value in a small JSON file; null when the file is missing or its text is broken.
 * @throws OutputError when it is there but cannot be read: taking it for missing would forget what it says
 */
export function readJsonFile(path: string): unknown {
  const text = readIfExists(path)?.toString("utf8");
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The bytes of a file; null when it is missing. */
export function readIfExists(path: string): Buffer | null {
  return attemptIfExists("read", path, () => readFileSync(path));
}

/** The number of a file, as text, because those of parallel file systems do not fit a double; null when it is missing. */
export function inodeOf(path: string): string | null {
  return attemptIfExists("find", path, () => String(statSync(path, { bigint: true }).ino));
}

/** Removes a file if it is there. Bun's `rmSync` would take errnos such as EIO for EFAULT. */
export function removeFile(path: string): void {
  attemptIfExists("remove", path, () => unlinkSync(path));
}

/** Whether a parsed value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
