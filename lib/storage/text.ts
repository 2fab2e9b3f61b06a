// The exact text of a document, whole or in pieces to be written one after the other: always what
// `JSON.stringify(document, null, 2)` gives, with what no terminal should get escaped, and a final newline. Also what
// two texts have to do with each other.

import { isTable } from "../json.ts";
import { escapeUnsafe } from "../unsafe-text.ts";
import type { DocumentMeta, StorageDocument, StorageEntry } from "./document.ts";

/**
 * Pieces around the entries: head, then `emptyTail`; or head, `first`, entries with `separator` between them, `tail`.
 * `digestHead` is the head without its date.
 */
export type Frame = {
  head: string;
  digestHead: string;
  first: string;
  separator: string;
  tail: string;
  emptyTail: string;
};

/** What follows the list of entries; scan.ts knows from it that a file is whole. */
export const TAIL = "\n    ]\n  }\n}\n";
export const EMPTY_TAIL = "]\n  }\n}\n";
export const SEPARATOR = ",\n";
export const FIRST = "\n";

export function documentFrame(meta: DocumentMeta): Frame {
  const empty = documentText({ status: "success", code: 200, meta, result: { storageResources: [] } });
  const head = empty.slice(0, -EMPTY_TAIL.length);
  return {
    head,
    digestHead: withoutDate(head),
    first: FIRST,
    separator: SEPARATOR,
    tail: TAIL,
    emptyTail: EMPTY_TAIL,
  };
}

/** The whole text, for documents that are small. */
export function documentText(document: StorageDocument<StorageEntry>): string {
  return `${escapeUnsafe(JSON.stringify(document, null, 2))}\n`;
}

/**
 * Puts the entries at their depth in the document; indenting each line again takes twice as long, 0.6 s for 100 000.
 */
const WRAP_HEAD = '{\n  "result": {\n    "entries": [\n';
const WRAP_TAIL = "\n    ]\n  }\n}";

/** Entries as in the document, with separators between but not around them; empty for none. */
export function entriesText(entries: readonly (StorageEntry | Readonly<Record<string, unknown>>)[]): string {
  if (entries.length === 0) return "";
  const text = JSON.stringify({ result: { entries } }, null, 2).slice(WRAP_HEAD.length, -WRAP_TAIL.length);
  return escapeUnsafe(text);
}

/** Up to 10 000 entries come at once: the text of all would be 20 MB, and exists several times. A page is one piece. */
const ENTRIES_AT_ONCE = 300;

/** The same in pieces. */
export function* entryPieces(entries: readonly StorageEntry[]): Generator<{ text: string; entries: number }> {
  for (let at = 0; at < entries.length; at += ENTRIES_AT_ONCE) {
    const some = entries.slice(at, at + ENTRIES_AT_ONCE);
    yield { text: entriesText(some), entries: some.length };
  }
}

const META_LINE = '\n  "meta": {\n';
const META_END = "\n  },\n";
const DATE_KEY = '    "date": ';

/** The text, or a piece of it with the head, without the line of `meta.date`; unchanged when there is none. */
export function withoutDate(text: string): string {
  const meta = text.indexOf(META_LINE);
  if (meta < 0) return text;
  const end = text.indexOf(META_END, meta);
  const line = text.indexOf(`\n${DATE_KEY}`, meta) + 1;
  const isInMeta = line > 0 && (end < 0 || line < end);
  const next = text.indexOf("\n", line) + 1;
  return isInMeta && next > 0 ? text.slice(0, line) + text.slice(next) : text;
}

/**
 * What the published file of an order has to do with the one we would write now. `same` looks away from the date,
 * from the version of the program, from the URLs for the provisioner and from directories: an order's file is never
 * written again, so neither an upgrade nor another `completion` or `document_profile` must make it differ.
 * `foreign`: no JSON, or not the file of this order.
 */
export function compareDocuments(
  existing: string,
  wanted: string,
  orderUuid: string,
): "same" | "differs" | "foreign" {
  const found = parseDocument(existing);
  if (found === null || orderUuidOf(found.meta) !== orderUuid) return "foreign";
  const expected = parseDocument(wanted);
  return expected !== null && timeless(found) === timeless(expected) ? "same" : "differs";
}

/**
 * `path`: of the entry of its resource, null when it has none. `hasActions`: it says where a provisioner reports back.
 */
export type OrderFileFacts = { path: string | null; offering: string | null; hasActions: boolean };

/** What the published file of an order says; null when the text is not the file of this order. */
export function orderFileFacts(text: string, orderUuid: string): OrderFileFacts | null {
  const document = parseDocument(text);
  if (document === null || orderUuidOf(document.meta) !== orderUuid) return null;
  const { order, offering } = document.meta;
  return {
    path: pathOf(document.result),
    offering: isTable(offering) && typeof offering.uuid === "string" ? offering.uuid : null,
    hasActions: isTable(order) && isTable(order.actions),
  };
}

function pathOf(result: unknown): string | null {
  const entries = isTable(result) ? result.storageResources : undefined;
  const entry: unknown = Array.isArray(entries) ? entries.find((one) => !isDirectory(one)) : undefined;
  const mountPoint = isTable(entry) ? entry.mountPoint : undefined;
  const path = isTable(mountPoint) ? mountPoint.default : undefined;
  return typeof path === "string" ? path : null;
}

type ParsedDocument = Record<string, unknown> & { meta: Record<string, unknown> };

function parseDocument(text: string): ParsedDocument | null {
  try {
    const document: unknown = JSON.parse(text);
    return isTable(document) && isTable(document.meta) ? { ...document, meta: document.meta } : null;
  } catch {
    return null;
  }
}

function orderUuidOf({ order }: Record<string, unknown>): unknown {
  return isTable(order) ? order.uuid : undefined;
}

function timeless(document: ParsedDocument): string {
  const { date: _date, appVersion: _appVersion, ...meta } = document.meta;
  const result = withoutDirectories(document.result);
  if (!isTable(meta.order)) return JSON.stringify({ ...document, meta, result });
  const { actions: _actions, ...order } = meta.order;
  return JSON.stringify({ ...document, meta: { ...meta, order }, result });
}

function withoutDirectories(result: unknown): unknown {
  if (!isTable(result) || !Array.isArray(result.storageResources)) return result;
  const ofResources = result.storageResources.filter((entry) => !isDirectory(entry));
  const flat = (entry: unknown) => (isTable(entry) ? { ...entry, parentItemId: null } : entry);
  return { ...result, storageResources: ofResources.map(flat) };
}

/** An entry of a directory above mount points, not one of a resource. */
export function isDirectory(entry: unknown): boolean {
  const target = isTable(entry) ? entry.target : undefined;
  return isTable(target) && (target.targetType === "tenant" || target.targetType === "customer");
}
