// The file of one writer, line after line. It is for people and no run depends on it, so nothing here ever fails a run:
// what goes wrong is reported once, and what could not be written is missing. Lines are added without a flush, so that
// they cost next to nothing: a kill loses none of them, a power cut perhaps the last ones.

import { closeSync, fstatSync, readSync, renameSync, writeSync } from "node:fs";
import { AppError, OutputError } from "../errors.ts";
import { attempt } from "../output/failure.ts";
import { requireStateFile } from "../output/state-file.ts";
import { reach } from "../places/held.ts";
import { openToAppend } from "../places/open.ts";
import {
  type BeginLine,
  type Deed,
  type EndLine,
  historyFile,
  historyPath,
  isEnd,
  MOST_BYTES,
  type Outcome,
  parseLine,
  type Writer,
  wasDone,
} from "./record.ts";

export type LinesPlace = {
  /** The output directory. */
  directory: string;
  writer: Writer;
  now: () => Date;
  /**
   * Where several processes write at any time: runs `act` while no other one writes. Without it the caller has a lock.
   */
  alone?: (act: () => void) => void;
  /** Called once at most, in words that fit on a line. */
  onFailure: (failure: { message: string; hint: string }) => void;
};

export type Lines = {
  /** Writes what is about to be done; null when that could not be written. */
  begin(deed: Deed): string | null;
  /** Writes how it went. */
  end(id: string | null, outcome: Outcome): void;
  close(): void;
};

/** What is added to; `isTorn`: the last line has no end, because the disk was full or the machine died. */
type Open = { fd: number; size: number; isTorn: boolean };

/** Longer than any line that names one path. */
const TAIL_BYTES = 32_768;

export function createLines(place: LinesPlace): Lines {
  const { directory, writer, now, alone } = place;
  const path = historyPath(directory, historyFile(writer));
  const run = crypto.getRandomValues(new Uint8Array(4)).toHex();
  let count = 0;
  let open: Open | "refused" | null = null;
  let hasFailed = false;

  const close = () => {
    if (open !== null && open !== "refused") closeSync(open.fd);
    open = "refused";
  };
  /** Between two lines another process may have added some, or moved the full file away. */
  const aloneAndAnew = (act: () => void) => {
    open = null;
    try {
      act();
    } finally {
      close();
    }
  };
  const quietly = (act: () => void): boolean => {
    try {
      if (alone === undefined) act();
      else alone(() => aloneAndAnew(act));
      return true;
    } catch (error) {
      if (!hasFailed) place.onFailure(failureOf(path, error));
      hasFailed = true;
      return false;
    }
  };
  const write = (line: BeginLine | EndLine) => {
    if (open === null || open === "refused") throw new Error("the history is not open");
    append(path, open, line);
  };
  /** A run that died left what it was about to do; the directory still says whether it did. */
  const settle = (last: BeginLine) => {
    const done = wasDone(last, directory);
    if (done !== null) write({ id: last.id, end: now().toISOString(), done, ms: 0 });
  };
  const start = () => {
    if (open === "refused") throw new Error("the history was refused");
    if (open !== null) return;
    open = "refused";
    const found = openFile(path);
    open = found.file;
    if (found.last !== null && !isEnd(found.last)) settle(found.last);
  };
  const makeRoom = () => {
    if (open === null || open === "refused" || open.size < MOST_BYTES) return;
    const { fd } = open;
    open = "refused";
    closeSync(fd);
    const older = historyPath(directory, historyFile(writer, "older"));
    attempt("rename", path, () => renameSync(reach(path), reach(older)));
    open = openFile(path).file;
  };
  return {
    begin(deed) {
      const id = `${run}.${++count}`;
      const isWritten = quietly(() => {
        start();
        makeRoom();
        write({ id, at: now().toISOString(), ...deed });
      });
      return isWritten ? id : null;
    },
    end(id, outcome) {
      if (id === null) return;
      quietly(() => {
        start();
        write({ id, end: now().toISOString(), ...outcome });
      });
    },
    close,
  };
}

function failureOf(path: string, error: unknown): { message: string; hint: string } {
  const why = error instanceof AppError ? error.message : String(error);
  return {
    message: `requests and published files are not recorded: ${why}`,
    hint: `nothing else is affected; when no run is active, move ${path} away, or free space`,
  };
}

/** @throws OutputError when what has the name is not a regular file of ours */
function openFile(path: string): { file: Open; last: BeginLine | EndLine | null } {
  const fd = attempt("open", path, () => openToAppend(path));
  try {
    const stats = attempt("find", path, () => fstatSync(fd));
    requireStateFile(path, stats);
    const tail = attempt("read", path, () => readTail(fd, stats.size));
    const lines = tail.split("\n");
    const rest = lines.pop() ?? "";
    const last = parseLine(lines.at(-1) ?? "");
    return { file: { fd, size: stats.size, isTorn: rest !== "" }, last };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function readTail(fd: number, size: number): string {
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const count = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString("utf8", 0, count);
}

/** One write a line, at the end whatever its offset says: what is killed has written all of it or nothing. */
function append(path: string, file: Open, line: BeginLine | EndLine): void {
  const bytes = Buffer.from(`${file.isTorn ? "\n" : ""}${JSON.stringify(line)}\n`);
  const count = attempt("write", path, () => writeSync(file.fd, bytes, 0, bytes.length, file.size));
  file.size += count;
  file.isTorn = count < bytes.length;
  if (file.isTorn) throw new OutputError(`cannot write ${path}: the file system accepted no more bytes`);
}
