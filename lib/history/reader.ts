// Reading the history back: the two lines of a deed become one entry, and what a run that died left open is settled by
// what is in the directory. A line that is not whole is ignored; without a file there are no entries.

import { closeSync } from "node:fs";
import { attempt } from "../output/failure.ts";
import { fileTimeMs } from "../output/files.ts";
import { openStateFile } from "../output/state-file.ts";
import { readUpTo } from "../places/open.ts";
import {
  type BeginLine,
  type Deed,
  type EndLine,
  historyFile,
  historyPath,
  isEnd,
  MOST_BYTES,
  parseLine,
  WRITERS,
  type Writer,
  wasDone,
} from "./record.ts";

/** One deed, as `history --json` prints it. */
export type HistoryEntry = {
  /** When it was about to be done; RFC 3339. */
  at: string;
  mode: Writer;
  event: Deed["event"];
  offering: string;
  order: string | null;
  resource: string | null;
  /** Sent: the type of the component that it is about. */
  component: string | null;
  /** Sent: the action, such as `set_state_done`. */
  call: string | null;
  /** Sent: of Waldur's answer; null where there was none. */
  status: number | null;
  /**
   * Why there is no answer: `no-answer` when the connection failed, `endpoint` when none was made, `unknown` when the
   * run was killed, or still waits.
   */
  error: string | null;
  /** How long it took, in milliseconds; null if it is not known. */
  ms: number | null;
  /** Published, removed: name of the file. */
  file: string | null;
  /** Published for an order, released: the mount point. */
  path: string | null;
  /** Published: resources in the file. */
  entries: number | null;
  /** Answered: `done` or `erred`. Rejected: why, the code of the problem. */
  answer: string | null;
};

export type HistoryFilter = {
  /** Milliseconds since 1970. */
  since?: number | null;
  order?: string | null;
  /** Uuids; empty for whatever is there. */
  offerings?: readonly string[];
};

/** Entries of these output directories, the oldest first. */
export function listHistory(directories: readonly string[], filter: HistoryFilter = {}): HistoryEntry[] {
  const { since = null, order = null, offerings = [] } = filter;
  return [...new Set(directories)]
    .flatMap((directory) => WRITERS.flatMap((writer) => readEntries(directory, writer)))
    .filter((entry) => since === null || Date.parse(entry.at) >= since)
    .filter((entry) => order === null || entry.order === order)
    .filter(({ offering }) => offerings.length === 0 || offerings.includes(offering))
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function readEntries(directory: string, mode: Writer): HistoryEntry[] {
  const ends = new Map<string, EndLine>();
  const begins: BeginLine[] = [];
  for (const age of ["older", "current"] as const) {
    for (const text of readLines(historyPath(directory, historyFile(mode, age)))) {
      const line = parseLine(text);
      if (line === null) continue;
      if (isEnd(line)) ends.set(line.id, line);
      else begins.push(line);
    }
  }
  return begins.flatMap((begin) => entryOf(begin, ends.get(begin.id), { directory, mode }));
}

/** A file may have grown past its limit by one deed. */
const LIMIT_BYTES = MOST_BYTES * 2;

function readLines(path: string): string[] {
  if (fileTimeMs(path) === null) return [];
  const fd = openStateFile(path);
  if (typeof fd !== "number") return [];
  try {
    return attempt("read", path, () => readUpTo(fd, LIMIT_BYTES))
      .toString("utf8")
      .split("\n");
  } finally {
    closeSync(fd);
  }
}

/** None for what came to nothing. */
function entryOf(
  begin: BeginLine,
  end: EndLine | undefined,
  { directory, mode }: { directory: string; mode: Writer },
): HistoryEntry[] {
  const { id: _, at, event, offering, ...deed } = begin;
  const done = end?.done ?? wasDone(begin, directory);
  if (done === false) return [];
  const isKnown = "file" in deed || end !== undefined;
  return [
    {
      at,
      mode,
      event,
      offering,
      order: "order" in deed ? deed.order : null,
      resource: "resource" in deed ? deed.resource : null,
      component: "component" in deed ? deed.component : null,
      call: "call" in deed ? deed.call : null,
      status: end?.status ?? null,
      error: isKnown ? (end?.error ?? null) : "unknown",
      ms: end?.ms ?? null,
      file: "file" in deed ? deed.file : null,
      path: "path" in deed ? deed.path : null,
      entries: "entries" in deed ? deed.entries : null,
      answer: "answer" in deed ? deed.answer : null,
    },
  ];
}
