// The page on its way to its name: in the output directory as other published files, or under a name that somebody
// chose. An index.html of another program is never replaced.

import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { OfferingConfig } from "../config/config.ts";
import { OutputError } from "../errors.ts";
import { openState } from "../output/directory.ts";
import { createTemporary, writeFully } from "../output/durable.ts";
import { attempt, attemptIfExists } from "../output/failure.ts";
import { syncDirectory } from "../output/fsync.ts";
import { reach } from "../places/held.ts";
import { openNew, openToRead, readUpTo } from "../places/open.ts";
import { MARK } from "./render.ts";

const PAGE_NAME = "index.html";

/** Writes the pieces, durably; `make` is called once it is known that they can be written. */
export async function publishInDirectory(
  { settings }: Pick<OfferingConfig, "settings">,
  make: () => Promise<Iterable<string>>,
): Promise<void> {
  const { outputDirectory: directory, requireMount, allowSharedDirectory: allowShared, fileMode } = settings;
  const place = openState({ directory, requireMount, allowShared });
  try {
    requireOwn(join(place.directory, PAGE_NAME));
    const pieces = await make();
    const temporary = createTemporary({ ...place, mode: "page", fileMode }, "public");
    try {
      for (const piece of pieces) temporary.write(piece);
      temporary.seal();
      temporary.publish(PAGE_NAME);
    } finally {
      temporary.discard();
    }
  } finally {
    place.close();
  }
}

/** The same for a file anywhere; its temporary file is beside it. */
export async function publishAs(
  path: string,
  { fileMode, make }: { fileMode: number; make: () => Promise<Iterable<string>> },
): Promise<void> {
  requireOwn(path);
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${crypto.getRandomValues(new Uint8Array(8)).toHex()}.tmp`,
  );
  const pieces = await make();
  const fd = attempt("create", temporary, () => openNew(temporary));
  try {
    try {
      for (const piece of pieces) attempt("write", temporary, () => append(fd, Buffer.from(piece)));
      attempt("write", temporary, () => {
        fchmodSync(fd, fileMode);
        fsyncSync(fd);
      });
    } finally {
      closeSync(fd);
    }
    attempt("publish", path, () => renameSync(temporary, path));
  } catch (error) {
    attemptIfExists("remove", temporary, () => unlinkSync(temporary));
    throw error;
  }
  syncDirectory(dirname(path));
}

function append(fd: number, bytes: Uint8Array): void {
  writeFully(bytes, (offset, length) => writeSync(fd, bytes, offset, length));
}

const HEAD_BYTES = 1024;

/** @throws OutputError when something has the name that is not a page of this program */
function requireOwn(path: string): void {
  const stats = attempt("find", path, () => lstatSync(reach(path), { throwIfNoEntry: false }));
  if (stats === undefined || (stats.isFile() && headOf(path).includes(MARK))) return;
  throw new OutputError(`${path} is not a page of this program, and is not replaced`, {
    hint: "move it away, or choose another name with --output",
  });
}

function headOf(path: string): string {
  const fd = attempt("open", path, () => openToRead(path, "refuse"));
  try {
    return fstatSync(fd).isFile() ? readUpTo(fd, HEAD_BYTES).toString("utf8") : "";
  } finally {
    closeSync(fd);
  }
}
