// Reading a published document back without loading it whole: piece by piece, by its exact layout (text.ts). An entry
// begins and ends with a brace six spaces in, which nothing inside an entry can look like. Whatever is not laid out so
// is not ours, or was cut; nothing is repaired.

import { isTable, parseJson } from "../json.ts";
import type { DocumentMeta } from "./document.ts";
import { EMPTY_TAIL, FIRST, SEPARATOR, TAIL } from "./text.ts";

export type ScannedEntry = {
  itemId: string;
  mountPoint: string;
  status: string;
  /** Of the target: project or user for a resource, tenant or customer for a directory. */
  targetType: string;
  hasQuotas: boolean;
  /** It has a GID that was not made up for the mock mode. */
  hasGid: boolean;
  /** As it is in the file, so that it can be written into another document. */
  text: string;
};

export type Scan = {
  /** null: the file is not ours. */
  meta: DocumentMeta | null;
  /** Entries read; all of them when complete. */
  entries: number;
  /** Laid out as ours to its last character. */
  complete: boolean;
};

/** Called for each entry, with the head of its document. */
export type OnEntry = (entry: ScannedEntry, meta: DocumentMeta) => void;

/** Reads the text of a document; pieces may break anywhere, and reading stops at the first thing that is not ours. */
export function scanDocument(chunks: Iterable<string>, onEntry?: OnEntry): Scan {
  const scanner = createScanner(onEntry ?? (() => undefined));
  for (const chunk of chunks) if (!scanner.push(chunk)) break;
  return scanner.result();
}

const HEAD_END = '\n  "result": {\n    "storageResources": [';
const ENTRY_START = "      {\n";
const ENTRY_END = "\n      }";
/** A head has a few hundred characters; another program's file of a gigabyte must not be collected in search of one. */
const LONGEST_HEAD = 65_536;
/** Nor in search of the end of an entry; no answer of Waldur is as long. */
const LONGEST_ENTRY = 32 * 1_048_576;

/** What is read next: the head; the character that shows whether an entry or the end follows; an entry; the end. */
type Expected = "head" | "turn" | "entry" | "tail" | "nothing";

function createScanner(onEntry: OnEntry) {
  let expected: Expected = "head";
  let meta: DocumentMeta | null = null;
  let entries = 0;
  /** What was pushed and not read yet, and up to where it was searched in vain. */
  let rest = "";
  let searched = 0;

  /** The text up to and with `end`; undefined when it has not come yet. */
  const takeThrough = (end: string): string | undefined => {
    const at = rest.indexOf(end, Math.max(0, searched - end.length));
    if (at < 0) {
      searched = rest.length;
      return undefined;
    }
    return take(at + end.length);
  };
  const take = (length: number): string => {
    const text = rest.slice(0, length);
    rest = rest.slice(length);
    searched = 0;
    return text;
  };
  const readHead = (): Expected | undefined => {
    const head = takeThrough(HEAD_END);
    if (head === undefined) return rest.length > LONGEST_HEAD ? "nothing" : undefined;
    meta = parseMeta(head);
    return meta === null ? "nothing" : "turn";
  };
  const readTurn = (): Expected | undefined => {
    const [toEntry, toTail] = entries === 0 ? [FIRST, EMPTY_TAIL] : [SEPARATOR, TAIL];
    if (rest.startsWith(toTail.charAt(0))) return "tail";
    if (rest.length < toEntry.length) return undefined;
    return take(toEntry.length) === toEntry ? "entry" : "nothing";
  };
  const readEntry = (): Expected | undefined => {
    const text = takeThrough(ENTRY_END);
    if (text === undefined) return rest.length > LONGEST_ENTRY ? "nothing" : undefined;
    const entry = describeEntry(text);
    if (entry === null || meta === null) return "nothing";
    entries++;
    onEntry(entry, meta);
    return "turn";
  };
  const read = (): Expected | undefined => {
    if (rest === "") return undefined;
    if (expected === "head") return readHead();
    if (expected === "turn") return readTurn();
    return expected === "entry" ? readEntry() : undefined;
  };

  return {
    /** False when there is no use in continuing. */
    push(chunk: string): boolean {
      rest += chunk;
      for (let next = read(); next !== undefined; next = read()) expected = next;
      return expected !== "nothing" && (expected !== "tail" || rest.length <= TAIL.length);
    },
    result(): Scan {
      const complete = expected === "tail" && rest === (entries === 0 ? EMPTY_TAIL : TAIL);
      return { meta, entries, complete };
    },
  };
}

/** Parses the entry too: what is written into another document must at least be JSON. */
function describeEntry(text: string): ScannedEntry | null {
  const entry = text.startsWith(ENTRY_START) ? parseJson(text) : undefined;
  if (!isTable(entry) || !isTable(entry.mountPoint)) return null;
  const { itemId, status, target } = entry;
  const mountPoint = entry.mountPoint.default;
  if (typeof itemId !== "string" || typeof mountPoint !== "string") return null;
  return { itemId, mountPoint, text, ...describeRest(status, target, entry.quotas) };
}

function describeRest(status: unknown, target: unknown, quotas: unknown) {
  const { targetType } = isTable(target) ? target : {};
  return {
    status: typeof status === "string" ? status : "",
    targetType: typeof targetType === "string" ? targetType : "",
    hasQuotas: Array.isArray(quotas),
    hasGid: hasGid(target),
  };
}

/** The target has the owner, by a number that was not invented for the mock mode. */
export function hasGid(target: unknown): boolean {
  const item = isTable(target) ? target.targetItem : undefined;
  if (!isTable(item) || item.mock === true) return false;
  if (isGiven(item.unixGid)) return true;
  return isGiven(item.unixUid) || (isTable(item.primaryProject) && isGiven(item.primaryProject.unixGid));
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** The entry is of a resource. Directories claim no path, are not guarded and not carried over. */
export function isOfResource({ targetType }: Pick<ScannedEntry, "targetType">): boolean {
  return targetType === "project" || targetType === "user";
}

function parseMeta(head: string): DocumentMeta | null {
  const document = parseJson(head + EMPTY_TAIL);
  if (!isTable(document) || document.status !== "success") return null;
  const { meta } = document;
  return isMeta(meta) ? meta : null;
}

function isMeta(meta: unknown): meta is DocumentMeta {
  if (!isTable(meta) || !hasTexts(meta, ["date", "appVersion"])) return false;
  const { offering, order } = meta;
  if (!isTable(offering) || !hasTexts(offering, ["uuid", "slug"])) return false;
  return order === undefined || (isTable(order) && hasTexts(order, ["uuid", "type", "created"]));
}

function hasTexts(table: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => typeof table[name] === "string");
}
