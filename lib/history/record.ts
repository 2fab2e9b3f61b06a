// What a line of the history is. Before each deed a line says what is about to be done, after it another one how it
// went, so that a kill in between loses nothing but the answer. Each writer has a file of its own in the state
// directory, because each has a lock of its own: a file has one writer at a time. No line holds a token, a name of a
// person, or anything that a server said.

import { join } from "node:path";
import { isTable, parseJson } from "../json.ts";
import { STATE_DIRECTORY } from "../output/directory.ts";
import { fileTimeMs, inodeOf } from "../output/files.ts";
import { isSnapshotName, parseOrderFileName } from "../output/names.ts";
import { isPlainUuid } from "../uuid.ts";

export const WRITERS = ["sync", "orders", "claims", "components"] as const;
export type Writer = (typeof WRITERS)[number];

/** At most so many bytes are in a file before it becomes the older one, and the older one goes. */
export const MOST_BYTES = 4 * 1_048_576;

/** `older`: what the file was called that was full. */
export function historyFile(writer: string, age: "current" | "older" = "current"): string {
  return `history-${writer}${age === "older" ? ".1" : ""}.jsonl`;
}

/** What is done: a POST to Waldur, a file that gets its name or is removed, a claim that is released. */
export type Deed =
  | ({ event: "sent"; order: string; resource: string | null; call: string } & OfOffering)
  /** `component`: its type. */
  | ({ event: "sent"; order: null; component: string; call: string } & OfOffering)
  | ({
      event: "published";
      order: string | null;
      resource: string | null;
      file: string;
      path: string | null;
      entries: number;
      /** Of a snapshot, whose name may come to another file; an order's name never does. */
      inode: string | null;
    } & OfOffering)
  | ({ event: "removed"; file: string } & OfOffering)
  | ({ event: "released"; resource: string; path: string } & OfOffering)
  | AckDeed;

/** An answer of the provisioner that was taken up, or an ack that was rejected, with the code of its problem. */
export type AckDeed = {
  event: "answered" | "rejected";
  order: string;
  resource: string | null;
  answer: string;
} & OfOffering;
type OfOffering = { offering: string };

/** `error`: why there is no status, such as `no-answer`. */
export type Answer = { status: number | null; error: string | null };
/** How a deed went; `done` false: nothing was sent, published, removed or released after all. */
export type Outcome = Partial<Answer> & { done: boolean; ms: number };

export type BeginLine = { id: string; at: string } & Deed;
export type EndLine = { id: string; end: string } & Outcome;

/** The line of a text; null for one that is not whole, or not of this program. */
export function parseLine(text: string): BeginLine | EndLine | null {
  const value = parseJson(text);
  if (!isTable(value) || typeof value.id !== "string") return null;
  return "end" in value ? parseEnd(value, value.id) : parseBegin(value, value.id);
}

export function isEnd(line: BeginLine | EndLine): line is EndLine {
  return "end" in line;
}

/**
 * Whether a deed was done that no line ends, because its run died: of a file the directory says it. null where nothing
 * says it.
 */
export function wasDone(deed: Deed, directory: string): boolean | null {
  if (!("file" in deed)) return null;
  const path = join(directory, deed.file);
  if (deed.event === "removed") return fileTimeMs(path) === null;
  return deed.inode === null ? fileTimeMs(path) !== null : inodeOf(path) === deed.inode;
}

export function historyPath(directory: string, name: string): string {
  return join(directory, STATE_DIRECTORY, name);
}

type Table = Readonly<Record<string, unknown>>;

function parseEnd({ end, done, ms, status, error }: Table, id: string): EndLine | null {
  if (!isTime(end) || typeof done !== "boolean" || typeof ms !== "number") return null;
  return {
    id,
    end,
    done,
    ms,
    ...(typeof status === "number" ? { status } : {}),
    ...(typeof error === "string" ? { error } : {}),
  };
}

function parseBegin(line: Table, id: string): BeginLine | null {
  const { at, offering } = line;
  const deed = isTime(at) && isPlainUuid(offering) ? parseDeed(line, offering) : null;
  return deed === null || !isTime(at) ? null : { id, at, ...deed };
}

function parseDeed(line: Table, offering: string): Deed | null {
  const { event, call, entries } = line;
  const file = isFileName(line.file) ? line.file : null;
  const [order, resource] = [uuidOf(line.order), uuidOf(line.resource)];
  const path = typeof line.path === "string" ? line.path : null;
  if (event === "sent" && typeof call === "string") {
    if (order !== null) return { event, offering, order, resource, call };
    return typeof line.component === "string"
      ? { event, offering, order, component: line.component, call }
      : null;
  }
  if (event === "published" && file !== null && typeof entries === "number") {
    const inode = typeof line.inode === "string" ? line.inode : null;
    return { event, offering, order, resource, file, path, entries, inode };
  }
  if (event === "removed" && file !== null) return { event, offering, file };
  if ((event === "answered" || event === "rejected") && order !== null && isWord(line.answer))
    return { event, offering, order, resource, answer: line.answer };
  if (event === "released" && resource !== null && path !== null) return { event, offering, resource, path };
  return null;
}

/** It becomes a path, so it must be the name of a file of ours. */
function isFileName(value: unknown): value is string {
  return typeof value === "string" && (isSnapshotName(value) || parseOrderFileName(value) !== null);
}

/** Of ours: a result, or the code of a problem. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^[a-z-]{1,40}$/.test(value);
}

function uuidOf(value: unknown): string | null {
  return isPlainUuid(value) ? value : null;
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
