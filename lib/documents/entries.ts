// What two documents are compared by, of every entry, in columns: 100 000 entries of two documents fit beside each
// other. Two tables share one list of values, so that equal values are equal numbers.

import { isTable } from "../json.ts";
import { createKeySet, type Key, keyAt, uuidKey, uuidText } from "../key-set.ts";
import { isDirectory } from "../storage/text.ts";
import { plainUuid } from "../uuid.ts";

/** The entry is that of a project which the program that wrote it made up itself, with the ids of the resource. */
export const OWN_TARGET = 1;
/** The GID is one of the mock mode. */
export const MOCK = 2;
/** The entry is not of a resource, but of a directory above mount points. */
export const DIRECTORY = 4;

export type Values = ReturnType<typeof createValues>;
export type EntryTable = {
  readonly size: number;
  /** How many of them are of directories. */
  readonly directories: number;
  /** Entries of a resource that an earlier entry is of; they are ignored. */
  readonly repeated: number;
  /** Entries without the uuid of a resource; they are ignored. */
  readonly nameless: number;
  add(value: unknown): void;
  /** The number of a resource's entry, or -1. */
  find(key: Key): number;
  /** The number of the resource's entry in the other table, or -1. */
  other(entry: number): number;
  /** As documents have it: of a directory with dashes. */
  uuid(entry: number): string;
  path(entry: number): string | null;
  status(entry: number): unknown;
  permission(entry: number): unknown;
  gid(entry: number): unknown;
  /** Four amounts by name, or null; in a document of another kind, whatever is there. */
  quotas(entry: number): unknown;
  /** Space soft and hard, inodes soft and hard; NaN where the quotas are not four. */
  amount(entry: number, at: number): number;
  flags(entry: number): number;
};

/** JSON values by number, from 0; the same value has the same number, and null is what is absent. */
export function createValues() {
  const values: unknown[] = [];
  const known = new Map<unknown, number>();
  const knownObjects = new Map<unknown, number>();
  return {
    number(value: unknown = null): number {
      const isObject = typeof value === "object" && value !== null;
      const [map, key] = isObject ? [knownObjects, JSON.stringify(value)] : [known, value];
      const found = map.get(key);
      if (found !== undefined) return found;
      map.set(key, values.length);
      return values.push(value) - 1;
    },
    value: (number: number): unknown => values[number],
    all: (): readonly unknown[] => values,
  };
}

/** Columns grow by blocks, so that nothing is copied. */
const BLOCK = 8192;

function createBlock() {
  return {
    paths: [] as (string | null)[],
    status: new Int32Array(BLOCK),
    permission: new Int32Array(BLOCK),
    gid: new Int32Array(BLOCK),
    quotas: new Int32Array(BLOCK),
    amounts: new Float64Array(BLOCK * AMOUNTS),
    flags: new Uint8Array(BLOCK),
    others: new Int32Array(BLOCK),
  };
}

export const AMOUNTS = 4;
/** In the place of a value's number: the quotas are four amounts. */
const FOUR = -1;

/** @param against the table of the document that this one is compared with, where it was read already */
export function createEntryTable(values: Values, against: EntryTable | null = null): EntryTable {
  const keys = createKeySet();
  const blocks: ReturnType<typeof createBlock>[] = [];
  let repeated = 0;
  let nameless = 0;
  let directories = 0;

  const blockOf = (entry: number) => {
    const block = blocks[Math.floor(entry / BLOCK)];
    if (block === undefined) throw new Error(`no entry ${entry}`);
    return block;
  };
  const valueIn = (column: "status" | "permission" | "gid" | "quotas", entry: number) =>
    values.value(blockOf(entry)[column][entry % BLOCK] ?? 0);
  const amount = (entry: number, at: number): number => {
    const { quotas, amounts } = blockOf(entry);
    const place = entry % BLOCK;
    return quotas[place] === FOUR ? (amounts[place * AMOUNTS + at] ?? Number.NaN) : Number.NaN;
  };
  const pathOf = (entry: number) => blockOf(entry).paths[entry % BLOCK] ?? null;

  return {
    get size() {
      return keys.size();
    },
    get directories() {
      return directories;
    },
    get repeated() {
      return repeated;
    },
    get nameless() {
      return nameless;
    },
    add(value) {
      const entry = isTable(value) ? value : {};
      const uuid = plainUuid(entry.itemId);
      if (uuid === null) {
        nameless++;
        return;
      }
      const key = uuidKey(uuid);
      const other = against?.find(key) ?? -1;
      const number = keys.add(key);
      if (number < 0) {
        repeated++;
        return;
      }
      if (number % BLOCK === 0) blocks.push(createBlock());
      const block = blockOf(number);
      const at = number % BLOCK;
      const path = textAt(entry.mountPoint, "default");
      // A path that stays is one text for both tables.
      const known = other < 0 ? null : (against?.path(other) ?? null);
      block.paths.push(path === known ? known : path);
      block.others[at] = other;
      block.status[at] = values.number(entry.status);
      const { permission, quotas } = entry;
      block.permission[at] = values.number(isTable(permission) ? permission.value : permission);
      const item = itemOf(entry.target);
      block.gid[at] = values.number(gidOf(item));
      block.flags[at] = (item.mock === true ? MOCK : 0) | (plainUuid(item.itemId) === uuid ? OWN_TARGET : 0);
      if (isDirectory(entry)) {
        directories++;
        block.flags[at] = DIRECTORY;
      }
      const isFour = readFour(quotas, block.amounts, at * AMOUNTS);
      block.quotas[at] = isFour ? FOUR : values.number(quotas);
    },
    find: (key) => keys.find(key),
    other: (entry) => blockOf(entry).others[entry % BLOCK] ?? -1,
    uuid(entry) {
      const uuid = uuidText(keyAt(keys.words(), entry));
      const isOne = ((blockOf(entry).flags[entry % BLOCK] ?? 0) & DIRECTORY) !== 0;
      return isOne ? uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : uuid;
    },
    path: pathOf,
    status: (entry) => valueIn("status", entry),
    permission: (entry) => valueIn("permission", entry),
    gid: (entry) => valueIn("gid", entry),
    quotas(entry) {
      const softSpace = amount(entry, 0);
      if (Number.isNaN(softSpace)) return valueIn("quotas", entry);
      return {
        softSpace,
        hardSpace: amount(entry, 1),
        softInodes: amount(entry, 2),
        hardInodes: amount(entry, 3),
      };
    },
    amount,
    flags: (entry) => blockOf(entry).flags[entry % BLOCK] ?? 0,
  };
}

function itemOf(target: unknown): Readonly<Record<string, unknown>> {
  const item = isTable(target) ? target.targetItem : null;
  return isTable(item) ? item : {};
}

/** Of a project, or of the project of a user. */
export function gidOf({ unixGid, primaryProject }: Readonly<Record<string, unknown>>): unknown {
  return unixGid ?? (isTable(primaryProject) ? primaryProject.unixGid : unixGid);
}

function textAt(table: unknown, name: string): string | null {
  const value = isTable(table) ? table[name] : null;
  return typeof value === "string" ? value : null;
}

/** Writes the four amounts in their order; false for whatever else is there. */
function readFour(quotas: unknown, amounts: Float64Array, from: number): boolean {
  if (!Array.isArray(quotas) || quotas.length !== AMOUNTS) return false;
  let seen = 0;
  for (const one of quotas) {
    const at = isTable(one) ? amountPlace(one) : -1;
    if (at < 0 || typeof one.quota !== "number") return false;
    amounts[from + at] = one.quota;
    seen |= 1 << at;
  }
  return seen === (1 << AMOUNTS) - 1;
}

/** Which of the four amounts a quota is; -1 for none of them. */
export function amountPlace({ type, unit, enforcementType }: Readonly<Record<string, unknown>>): number {
  const first = type === "space" && unit === "tera" ? 0 : type === "inodes" && unit === "none" ? 2 : -1;
  if (first < 0 || (enforcementType !== "soft" && enforcementType !== "hard")) return -1;
  return enforcementType === "soft" ? first : first + 1;
}
