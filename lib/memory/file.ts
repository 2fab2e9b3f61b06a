// What `sync` remembers of the rows of a list, so that columns which cost the server queries are asked for only where
// they may have changed. A file for each offering in the state directory: lines of rows in the order of the list, a
// line of JSON about all of them, and a last line with where that begins and the digest of everything. Whatever is
// wrong with it counts as lost: then everything is read anew, and nothing else is lost.

import { closeSync, fstatSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "../errors.ts";
import { isTable, parseJson } from "../json.ts";
import { STATE_DIRECTORY } from "../output/directory.ts";
import type { Temporary } from "../output/durable.ts";
import { attempt } from "../output/failure.ts";
import { openStateFile } from "../output/state-file.ts";
import { createBlockWriter, digestOf, readAt } from "./blocks.ts";
import { createLines } from "./lines.ts";
import { lineOf, parseLine, type RememberedRow } from "./row.ts";
import { isAges, type MemoryAges, trackAges } from "./schedule.ts";
import { createSearch } from "./search.ts";

/** What the rows are of; the memory of anything else counts as none. */
export type MemorySubject = {
  offering: string;
  apiUrl: string;
  /** Those that are remembered, in the order of a line. */
  columns: readonly string[];
};

export type Memory = {
  ages: MemoryAges;
  /** What is remembered of a row; the rows are to be asked for once each, best in the order of the last list. */
  find(uuid: string): RememberedRow | null;
  /** Begins with the first row again. */
  rewind(): void;
  close(): void;
};

/** 1 had the bits of columns that an answer lacked. */
const VERSION = 2;

type About = MemorySubject & { version: typeof VERSION; ages: MemoryAges };

/** `{where the line about all begins} {digest}` and a line break. */
const TAIL_BYTES = 16 + 1 + 16 + 1;
const TAIL = /^(\d{16}) ([0-9a-f]{16})\n$/;
const LONGEST_ABOUT = 4 * 1_048_576;

export function memoryName(offering: string): string {
  return `rows-${offering}`;
}

/** Why nothing can be used of it; null where nothing was ever kept. */
export type Unusable = { why: string | null };

export function openMemory(directory: string, subject: MemorySubject): Memory | Unusable {
  const path = join(directory, STATE_DIRECTORY, memoryName(subject.offering));
  try {
    const fd = openStateFile(path);
    if (typeof fd !== "number") return { why: fd === null ? null : "it is not a regular file" };
    let isUsed = false;
    try {
      const memory = attempt("read", path, () => readMemory(fd, subject));
      isUsed = !("why" in memory);
      return memory;
    } finally {
      if (!isUsed) closeSync(fd);
    }
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    // Other files of the directory say what is wrong with it; this one can be done without.
    return { why: error.message };
  }
}

function readMemory(fd: number, subject: MemorySubject): Memory | Unusable {
  const end = fstatSync(fd).size - TAIL_BYTES;
  const [, start, digest] = TAIL.exec(textAt(fd, end, TAIL_BYTES)) ?? [];
  const rowsEnd = Number(start);
  if (digest === undefined || rowsEnd > end || end - rowsEnd > LONGEST_ABOUT)
    return { why: "it is truncated" };
  if (digestOf(fd, end) !== BigInt(`0x${digest}`)) return { why: "it is damaged" };
  const about = aboutFrom(textAt(fd, rowsEnd, end - rowsEnd));
  if (about === null) return { why: "it is of another version" };
  if (!isOf(about, subject)) return { why: "it is of another offering or server, or of other columns" };
  const { ages, columns } = about;
  let search = createSearch(createLines(fd, rowsEnd), ages.rows);
  return {
    ages,
    find(uuid) {
      const line = orNull(() => search(uuid));
      return line === null ? null : parseLine(line, columns.length);
    },
    rewind() {
      search = createSearch(createLines(fd, rowsEnd), ages.rows);
    },
    close: () => closeSync(fd),
  };
}

/** What cannot be read is not remembered. */
function orNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function textAt(fd: number, position: number, length: number): string {
  if (position < 0) return "";
  const bytes = Buffer.alloc(length);
  return bytes.toString("utf8", 0, readAt(fd, bytes, position));
}

function aboutFrom(text: string): About | null {
  const about = parseJson(text);
  return isAbout(about) ? about : null;
}

function isAbout(value: unknown): value is About {
  return isTable(value) && value.version === VERSION && Array.isArray(value.columns) && isAges(value.ages);
}

function isOf(about: About, { offering, apiUrl, columns }: MemorySubject): boolean {
  return about.offering === offering && about.apiUrl === apiUrl && about.columns.join() === columns.join();
}

/** The memory that a run leaves for the next one. */
export type MemoryWriter = {
  /**
   * The next rows of the list; null for one that is not to be remembered. `pageSize`, the same for all of a list, says
   * how many of them are read in full together.
   */
  add(rows: readonly (RememberedRow | null)[], pageSize: number): void;
  /** Forgets all that was added. */
  restart(): void;
  /** The file has its name, in place of the last one. */
  publish(now: { writtenAt: number; owed: number }): void;
  discard(): void;
};

export function createMemoryWriter(file: Temporary, subject: MemorySubject): MemoryWriter {
  let blocks = createBlockWriter(file.write);
  let ages: ReturnType<typeof trackAges> | null = null;
  return {
    add(rows, pageSize) {
      ages ??= trackAges(pageSize);
      let text = "";
      for (const row of rows) {
        const line = row === null ? null : lineOf(row);
        ages.add(line === null ? null : (row?.checkedAt ?? null));
        if (line !== null) text += `${line}\n`;
      }
      blocks.add(text);
    },
    restart() {
      file.truncate();
      blocks = createBlockWriter(file.write);
      ages = null;
    },
    publish({ writtenAt, owed }) {
      const rowsEnd = blocks.size;
      const about: About = {
        version: VERSION,
        ...subject,
        ages: (ages ?? trackAges()).finish({ writtenAt, owed }),
      };
      blocks.add(JSON.stringify(about));
      const digest = blocks.finish().toString(16).padStart(16, "0");
      file.write(`${String(rowsEnd).padStart(16, "0")} ${digest}\n`);
      file.seal();
      file.publish(memoryName(subject.offering));
    },
    discard: file.discard,
  };
}
