// Writing an ack as a provisioner does: under a temporary name, flushed, and renamed, so that no pass reads half of it.
// One that is there already and says something else is left, because it may be what the provisioner meant.

import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DeclinedError, OutputError } from "../errors.ts";
import { STATE_DIRECTORY } from "../output/directory.ts";
import { writeFully } from "../output/durable.ts";
import { attempt, attemptIfExists } from "../output/failure.ts";
import { throughDescriptor } from "../places/held.ts";
import { openDirectory, openNew, openToRead, readUpTo } from "../places/open.ts";
import { type Ack, ackText, isSameAck, LARGEST_BYTES, parseAck } from "./ack.ts";
import { ackName } from "./read.ts";

/**
 * Writes the ack of an order, durably. False when the same one is there already.
 * @throws DeclinedError when another one is there; OutputError when the directory is missing or cannot be written
 */
export function writeAck(directory: string, order: string, ack: Ack): boolean {
  refuseOutputDirectory(directory);
  const fd = attemptIfExists("open", directory, () => openDirectory(directory));
  if (fd === null) {
    throw new OutputError(`the directory of acks ${directory} does not exist`, {
      hint: "it is `acks` in the output directory, or `acks_directory`; the first pass with `completion: on-ack` creates it",
    });
  }
  try {
    return writeInto(fd, { directory, order, ack });
  } finally {
    closeSync(fd);
  }
}

/** An ack in the directory of the published files is not read. */
function refuseOutputDirectory(directory: string): void {
  if (!existsSync(join(directory, STATE_DIRECTORY))) return;
  throw new DeclinedError(`${directory} is an output directory, where answers are not read`, {
    hint: `give the directory of acks, for example ${join(directory, "acks")}`,
  });
}

type Writing = { directory: string; order: string; ack: Ack };

function writeInto(fd: number, { directory, order, ack }: Writing): boolean {
  const temporary = throughDescriptor(
    fd,
    `/.${order}-${crypto.getRandomValues(new Uint8Array(8)).toHex()}.tmp`,
  );
  const target = throughDescriptor(fd, `/${ackName(order)}`);
  const shown = join(directory, ackName(order));
  return attempt("write", shown, () => {
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found !== undefined) {
      if (isThere(target, ack)) return false;
      throw answered(shown, order);
    }
    fill(temporary, ackText(ack));
    // Of two people who answer in the same moment the later one is read.
    renameSync(temporary, target);
    fsyncSync(fd);
    return true;
  });
}

/** Readable regardless of the umask, because the runs may be another user's. */
function fill(path: string, text: string): void {
  const file = openNew(path, 0o644);
  try {
    const bytes = Buffer.from(text);
    writeFully(bytes, (offset, length) => writeSync(file, bytes, offset, length, offset));
    fchmodSync(file, 0o644);
    fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function isThere(path: string, ack: Ack): boolean {
  try {
    const fd = openToRead(path, "refuse");
    try {
      const found = parseAck(readUpTo(fd, LARGEST_BYTES + 1));
      return !("fault" in found) && isSameAck(found, ack);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function answered(shown: string, order: string): DeclinedError {
  return new DeclinedError(`${shown} has another answer to order ${order}, which no pass has read yet`, {
    hint: "if that answer is wrong, remove the file first",
  });
}
