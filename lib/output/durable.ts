// Durable replacement of a file: temporary file in the state directory, every byte, size, mode, fsync, rename, fsync of
// both directories. Readers see the old or the new complete file; after the last step it survives a power cut
// (docs/contract.md, "Publishing"). Never link()ed into the public directory: watchers wait for a rename.

import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { cleanUp, reach } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import type { StatePlace } from "./directory.ts";
import { attempt, outputError } from "./failure.ts";
import { syncDirectory } from "./fsync.ts";
import { openInGroup } from "./group.ts";
import { temporaryName } from "./leftovers.ts";

/**
 * `public`: the output directory, with its file mode. `state`: the state directory, for the owner only. `cache`: there,
 * too, of a content that proves itself when it is read, so it need not wait for the disk.
 */
export type Place = "public" | "state" | "cache";
export type Published = { path: string; action: "create" | "replace" };

/** A file on its way. Every method but `discard` throws OutputError, and then the file is gone already. */
export type Temporary = {
  write(data: string | Uint8Array): void;
  /** Starts over with an empty file. */
  truncate(): void;
  /** What was written, in pieces that the next one overwrites. */
  chunks(): Iterable<Uint8Array>;
  /** All bytes written, checked and on the disk. Returns their number. */
  seal(): number;
  /** The number that the file keeps under its name. */
  inode(): string;
  /** Takes the name, replacing what has it; the name may begin with a directory below the place. */
  publish(name: string): Published;
  /** Takes the name only if it is free; false, and the file is still there, when it is not. Not for public files. */
  claim(name: string): boolean;
  discard(): void;
};

export function createTemporary(output: StatePlace, place: Place): Temporary {
  const path = join(output.statePath, temporaryName(output.mode, place === "cache" ? "cache" : ""));
  const file = {
    path,
    place,
    output,
    fd: attempt("create", path, () => (place === "public" ? openInGroup(output, path) : openNew(path))),
    written: 0,
    sealed: false,
    closed: false,
  };
  const guarded = <T>(doing: string, target: string, act: () => T): T => {
    if (file.closed) throw new Error(`${path} is no longer open`);
    try {
      return act();
    } catch (error) {
      discard(file);
      throw outputError(doing, target, error);
    }
  };
  const inPlace = (name: string) => join(place === "public" ? output.directory : output.statePath, name);
  return {
    write: (data) =>
      guarded("write", path, () => append(file, typeof data === "string" ? Buffer.from(data) : data)),
    truncate: () => guarded("empty", path, () => empty(file)),
    *chunks() {
      const bytes = new Uint8Array(CHUNK_BYTES);
      for (let at = 0, count = 0; at < file.written; at += count) {
        count = guarded("read", path, () => readBack(file, bytes, at));
        yield bytes.subarray(0, count);
      }
    },
    seal: () => guarded("write", path, () => seal(file)),
    inode: () => guarded("find", path, () => String(fstatSync(file.fd, { bigint: true }).ino)),
    publish: (name) => guarded("publish", inPlace(name), () => moveTo(file, inPlace(name))),
    claim: (name) => guarded("create", inPlace(name), () => linkTo(file, inPlace(name))),
    discard: () => discard(file),
  };
}

/** Writes a small file durably in one go. */
export function replaceFile(
  output: StatePlace,
  { name, place }: { name: string; place: Place },
  data: string | Uint8Array,
): Published {
  const temporary = createTemporary(output, place);
  temporary.write(data);
  temporary.seal();
  return temporary.publish(name);
}

/**
 * Writes all bytes through a `write` that may take only some of them, as write(2) does on a disk that fills up.
 * @throws OutputError when it takes none
 */
export function writeFully(bytes: Uint8Array, write: (offset: number, length: number) => number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = write(done, bytes.length - done);
    if (count <= 0) throw new OutputError("the file system accepted no more bytes, without an error");
    done += count;
  }
}

type OpenFile = {
  readonly path: string;
  readonly place: Place;
  readonly output: StatePlace;
  readonly fd: number;
  written: number;
  sealed: boolean;
  closed: boolean;
};

function append(file: OpenFile, bytes: Uint8Array): void {
  writeFully(bytes, (offset, length) => writeSync(file.fd, bytes, offset, length, file.written + offset));
  file.written += bytes.length;
  file.sealed = false;
}

function empty(file: OpenFile): void {
  ftruncateSync(file.fd, 0);
  file.written = 0;
  file.sealed = false;
}

const CHUNK_BYTES = 1_048_576;

function readBack(file: OpenFile, bytes: Uint8Array, at: number): number {
  const count = readSync(file.fd, bytes, 0, Math.min(bytes.length, file.written - at), at);
  if (count > 0) return count;
  throw new OutputError(`${file.path} has ${at} bytes after ${file.written} were written`, {
    hint: "check the disk or the server behind it, then run again",
  });
}

function seal(file: OpenFile): number {
  const { size } = fstatSync(file.fd);
  if (size !== file.written) {
    throw new OutputError(`${file.path} has ${size} bytes after ${file.written} were written`, {
      hint: "check the disk or the server behind it, then run again",
    });
  }
  fchmodSync(file.fd, file.place === "public" ? file.output.fileMode : 0o600);
  if (file.place !== "cache") fsyncSync(file.fd);
  file.sealed = true;
  return size;
}

function moveTo(file: OpenFile, target: string): Published {
  checkReady(file);
  const old = lstatSync(reach(target), { throwIfNoEntry: false });
  if (old !== undefined && file.place === "public") advanceTime(file.fd, old.mtimeMs);
  close(file);
  renameSync(reach(file.path), reach(target));
  if (file.place !== "cache") syncBoth(file.output, target);
  return { path: target, action: old === undefined ? "create" : "replace" };
}

function checkReady(file: OpenFile): void {
  if (!file.sealed) throw new Error(`${file.path} was not sealed`);
  file.output.recheck();
}

/** Web servers build an ETag of modification second and size: two versions in one second would be one to a cache. */
function advanceTime(fd: number, oldMtimeMs: number): void {
  const oldSecond = Math.floor(oldMtimeMs / 1000);
  if (oldSecond < Math.floor(fstatSync(fd).mtimeMs / 1000)) return;
  futimesSync(fd, oldSecond + 1, oldSecond + 1);
  fsyncSync(fd);
}

function linkTo(file: OpenFile, target: string): boolean {
  checkReady(file);
  if (!takeName(file.path, target)) return false;
  discard(file);
  syncBoth(file.output, target);
  return true;
}

/** Where the file system has no hard links, the lock alone keeps another run from taking the name in between. */
function takeName(path: string, target: string): boolean {
  try {
    linkSync(reach(path), reach(target));
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    if (!NO_LINKS.includes(errnoOf(error))) throw error;
  }
  if (lstatSync(reach(target), { throwIfNoEntry: false }) !== undefined) return false;
  renameSync(reach(path), reach(target));
  return true;
}

const NO_LINKS: readonly (string | null)[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

function syncBoth(output: StatePlace, target: string): void {
  syncDirectory(dirname(target));
  if (dirname(target) !== output.statePath) syncDirectory(output.statePath);
}

/** Before the rename, because a network file system may report a failed write only here. */
function close(file: OpenFile): void {
  if (file.closed) return;
  file.closed = true;
  closeSync(file.fd);
}

function discard(file: OpenFile): void {
  cleanUp(file.path, () => {
    try {
      close(file);
    } catch {}
    try {
      unlinkSync(reach(file.path));
    } catch {
      // It is gone, or the next run removes it as a leftover.
    }
  });
}
