// Two documents compared by the resources in them, and by directories: who is new, who is gone, and what changed of
// path, quotas, permission, GID and status. The order of the entries means nothing, nor does anything else in them.
// Where one document is of the Python plugin, what its successor does differently on purpose is named, and nothing else
// is explained away.

import { DocumentError } from "../errors.ts";
import { isTable } from "../json.ts";
import { AMOUNTS, createEntryTable, createValues, DIRECTORY, type EntryTable } from "./entries.ts";
import { explain, type Field, ROWS, type Row } from "./explained.ts";
import { byPath, type NamedResource } from "./gone.ts";
import { readDocument } from "./read.ts";

export type Source = {
  path: string;
  /** `other`: not known here. */
  writer: "ours" | "plugin" | "other";
  date: string | null;
  /** uuid; null where the document does not say it. */
  offering: string | null;
  /** Entries that were compared. */
  entries: number;
  /** Those of directories among them. */
  directories: number;
  /** Entries with the same resource as an earlier entry. */
  repeated: number;
  /** Entries without the uuid of a resource. */
  nameless: number;
};

/** `perhaps`: a row of docs/migration.md that may be the reason, which the documents cannot show. */
export type Listed = NamedResource & { status: unknown; isDirectory: boolean; perhaps: Row | null };

/** `explained`: the row of docs/migration.md that the two values prove. */
export type Change = { field: Field; old: unknown; new: unknown; explained: Row | null };

export type Changed = NamedResource & { changes: Change[] };

export type Difference = {
  old: Source;
  new: Source;
  /** Nothing differs, and every entry could be compared. */
  isEqual: boolean;
  counts: { new: number; gone: number; changed: number };
  /** By path; made as they are asked for. */
  added(): Iterable<Listed>;
  gone(): Iterable<Listed>;
  changed(): Iterable<Changed>;
};

/** @throws DocumentError for a file that is not a whole document, UsageError for one that cannot be read */
export function diffDocuments(oldPath: string, newPath: string): Difference {
  const values = createValues();
  const old = load(oldPath, createEntryTable(values));
  const next = load(newPath, createEntryTable(values, old.table));
  const pair = { old: old.table, next: next.table };
  const plugin = pluginSide(old.source, next.source);
  const { gone, added, changed } = compare(pair);
  const isWhole = [old.source, next.source].every(({ repeated, nameless }) => repeated + nameless === 0);
  return {
    old: old.source,
    new: next.source,
    isEqual: isWhole && gone.length + added.length + changed.length === 0,
    counts: { new: added.length, gone: gone.length, changed: changed.length },
    *gone() {
      const perhaps = reasonFor("old", plugin, next.table);
      for (const entry of inOrder(gone, old.table)) yield ofOne(old.table, entry, perhaps);
    },
    *added() {
      const perhaps = reasonFor("new", plugin, old.table);
      for (const entry of inOrder(added, next.table)) yield ofOne(next.table, entry, perhaps);
    },
    *changed() {
      for (const entry of inOrder(changed, next.table)) {
        const { itemId, path } = listed(next.table, entry);
        yield { itemId, path, changes: changesOf(pair, entry, plugin) };
      }
    },
  };
}

type Pair = { old: EntryTable; next: EntryTable };
type Side = "old" | "new";

function load(path: string, table: EntryTable): { table: EntryTable; source: Source } {
  const document = readDocument(path);
  for (const { value } of document.entries) table.add(value);
  const frame = document.frame();
  const result = isTable(frame) ? frame.result : undefined;
  if (!isTable(frame) || !isTable(result) || !Array.isArray(result.storageResources)) {
    throw new DocumentError(
      `${path} is not a document of storage resources: result.storageResources is missing`,
      {
        entry: 0,
        hint: "extract the document from the report of a dry run: jq '.files[0].document'",
      },
    );
  }
  const meta = isTable(frame.meta) ? frame.meta : null;
  const offering = meta !== null && isTable(meta.offering) ? meta.offering : null;
  const { size: entries, directories, repeated, nameless } = table;
  return {
    table,
    source: {
      path,
      writer: offering === null ? (meta === null ? "other" : "plugin") : "ours",
      date: textOf(meta?.date),
      offering: textOf(offering?.uuid),
      ...{ entries, directories, repeated, nameless },
    },
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Which of two documents of different programs is the plugin's. */
function pluginSide(old: Source, next: Source): Side | null {
  if (old.writer === "plugin" && next.writer === "ours") return "old";
  return old.writer === "ours" && next.writer === "plugin" ? "new" : null;
}

/** What may be why resources are in one document alone, and `other` lacks them. */
function reasonFor(only: Side, plugin: Side | null, other: EntryTable): Row | null {
  if (plugin === null) return null;
  if (only === plugin) return ROWS.terminated;
  return other.size === 0 ? ROWS.empty : null;
}

/** Numbers of entries: `gone` of the old document, the others of the new one. */
function compare(pair: Pair) {
  const { old, next } = pair;
  const gone: number[] = [];
  const added: number[] = [];
  const changed: number[] = [];
  const isThere = new Uint8Array(old.size);
  for (let entry = 0; entry < next.size; entry++) {
    const before = next.other(entry);
    if (before < 0) added.push(entry);
    else {
      isThere[before] = 1;
      for (const field of FIELDS) {
        if (!differs(field, pair, entry)) continue;
        changed.push(entry);
        break;
      }
    }
  }
  for (let entry = 0; entry < old.size; entry++) if (isThere[entry] === 0) gone.push(entry);
  return { gone, added, changed };
}

function inOrder(entries: number[], table: EntryTable): number[] {
  const named = (entry: number) => ({ itemId: table.uuid(entry), path: table.path(entry) });
  return entries.sort((one, other) => {
    const path = table.path(one);
    const otherPath = table.path(other);
    // Mostly the paths decide, and a hundred thousand entries are compared millions of times.
    if (path === null || otherPath === null || path === otherPath) return byPath(named(one), named(other));
    return path < otherPath ? -1 : 1;
  });
}

function listed(table: EntryTable, entry: number) {
  return { itemId: table.uuid(entry), path: table.path(entry), status: table.status(entry) };
}

/** The plugin knew no directories. */
function ofOne(table: EntryTable, entry: number, perhaps: Row | null): Listed {
  const isDirectory = (table.flags(entry) & DIRECTORY) !== 0;
  return { ...listed(table, entry), isDirectory, perhaps: isDirectory ? null : perhaps };
}

const FIELDS = ["path", "quotas", "permission", "gid", "status"] as const satisfies readonly Field[];

/** Of an entry of the new document, which the old one has too. */
function differs(field: Field, { old, next }: Pair, entry: number): boolean {
  const before = next.other(entry);
  // Equal values of two tables are one and the same, but for the amounts of quotas.
  if (field !== "quotas") return old[field](before) !== next[field](entry);
  for (let at = 0; at < AMOUNTS; at++) {
    if (!Object.is(old.amount(before, at), next.amount(entry, at))) return true;
  }
  return Number.isNaN(old.amount(before, 0)) && old.quotas(before) !== next.quotas(entry);
}

function changesOf(pair: Pair, entry: number, plugin: Side | null): Change[] {
  const { old, next } = pair;
  const before = next.other(entry);
  return FIELDS.filter((field) => differs(field, pair, entry)).map((field) => {
    const [was, is] = [valued(field, old, before), valued(field, next, entry)];
    const explained =
      plugin === null
        ? null
        : explain(field, plugin === "old" ? { plugin: was, ours: is } : { plugin: is, ours: was });
    return { field, old: was.value, new: is.value, explained };
  });
}

function valued(field: Field, table: EntryTable, entry: number) {
  return { value: table[field](entry), amounts: amountsOf(table, entry), flags: table.flags(entry) };
}

function amountsOf(table: EntryTable, entry: number): number[] {
  return Array.from({ length: AMOUNTS }, (_, at) => table.amount(entry, at));
}
