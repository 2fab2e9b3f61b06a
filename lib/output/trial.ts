// Whether a file can be made in a directory, written and flushed, and whose it is then. Such a file never has a name,
// so that the directory stays as it is, to the time of its last change. Where the file system has no such files, it has
// one for a moment; the next run removes what a kill leaves of it.

import { closeSync, fstatSync, fsyncSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { openNameless, openNew } from "../places/open.ts";
import { writeFully } from "./durable.ts";
import { attempt } from "./failure.ts";
import { removeFile } from "./files.ts";

export type Trial = {
  owner: number;
  /** The file had a name for a moment. */
  isNamed: boolean;
};

/** How a file system, or a kernel, says that it has no files without a name. */
const UNSUPPORTED: readonly (string | null)[] = ["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL", "ENOENT"];

/** A block: less may fit where nothing else does. */
const TRIAL_BYTES = 4096;

type Place = {
  directory: string;
  /** Where a name is needed; null: nothing is made then, and nothing is known. */
  name: string | null;
};

/**
 * @param open of the file system; another one in tests
 * @throws OutputError when no file can be made, written or flushed there
 */
export function tryFile({ directory, name }: Place, open = openNameless): Trial | null {
  const fd = attempt("create a file in", directory, () => openUnlessUnsupported(directory, open));
  if (fd !== null) return { owner: tryOpened(fd, directory), isNamed: false };
  if (name === null) return null;
  const path = join(directory, name);
  const named = attempt("create", path, () => openNew(path));
  try {
    return { owner: tryOpened(named, path), isNamed: true };
  } finally {
    removeFile(path);
  }
}

function openUnlessUnsupported(directory: string, open: typeof openNameless): number | null {
  try {
    return open(directory);
  } catch (error) {
    if (UNSUPPORTED.includes(errnoOf(error))) return null;
    throw error;
  }
}

function tryOpened(fd: number, path: string): number {
  try {
    return attempt("write a file in", path, () => {
      const block = new Uint8Array(TRIAL_BYTES);
      writeFully(block, (offset, length) => writeSync(fd, block, offset, length, offset));
      fsyncSync(fd);
      return fstatSync(fd).uid;
    });
  } finally {
    closeSync(fd);
  }
}
