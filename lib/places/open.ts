// How files are opened that others may have changed: never waiting for the other end of a pipe, never reading without a
// limit, and following a symlink only on request. What was opened is checked by its descriptor.

import { constants, openSync, readSync } from "node:fs";
import { reach } from "./held.ts";

const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL } = constants;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * A descriptor to read from; the caller looks at its kind and owner and closes it. `follow` is for files that an
 * administrator names, which may be links (as Kubernetes makes of secrets).
 */
export function openToRead(path: string, links: "follow" | "refuse"): number {
  return openSync(reach(path), O_RDONLY | O_NONBLOCK | O_NOCTTY | (links === "refuse" ? O_NOFOLLOW : 0));
}

/** A new, empty file to write to, and to read back. Fails when anything has the name. */
export function openNew(path: string, mode = 0o600): number {
  return openSync(reach(path), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/** Of Linux, on every machine; node:fs does not name it. */
const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/**
 * A new, empty file in that directory that never has a name, and is gone when it is closed. Not every file system can.
 */
export function openNameless(directory: string): number {
  return openSync(reach(directory), O_TMPFILE | O_WRONLY, 0o600);
}

/** A file to add to, and to read from, which is made where there is none; the caller looks at its kind and owner. */
export function openToAppend(path: string, mode = 0o600): number {
  return openSync(reach(path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode);
}

/** Fails when the last part of the path is a symlink, or no directory. Never takes one that is held for it. */
export function openDirectory(path: string): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

const CHUNK_BYTES = 65_536;
const WAIT_MS = 5;
/** How long a pipe may take; the run cannot end on a signal meanwhile. */
const LONGEST_WAIT_MS = 10_000;

/** At most so many bytes. A pipe whose writer is slow is waited for. */
export function readUpTo(fd: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  for (let left = limit; left > 0; ) {
    const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
    const count = readPatiently(fd, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function readPatiently(fd: number, chunk: Buffer): number {
  for (let waited = 0; ; waited += WAIT_MS) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null);
    } catch (error) {
      if (!isNotReady(error) || waited >= LONGEST_WAIT_MS) throw error;
      Bun.sleepSync(WAIT_MS);
    }
  }
}

function isNotReady(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
