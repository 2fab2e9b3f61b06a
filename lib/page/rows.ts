// The entries of one snapshot in columns: what the page shows of each, and what it is compared by. Only entries of
// resources count.

import { amountPlace, gidOf, type Values } from "../documents/entries.ts";
import { isTable, tableOf } from "../json.ts";
import { createKeySet, type Key, uuidKey } from "../key-set.ts";
import { isOfResource } from "../storage/scan.ts";
import { isDirectory } from "../storage/text.ts";
import { plainUuid } from "../uuid.ts";
import type { Names } from "./names.ts";
import { createNumbers, createTexts, type Texts } from "./texts.ts";

/** In the order of `amountPlace`. */
export const QUOTAS = ["softSpace", "hardSpace", "softInodes", "hardInodes"] as const;

/** Whole numbers, most of them of names. */
function createNamed() {
  const column = () => createNumbers(Int32Array);
  return {
    ...{ folder: column(), project: column(), system: column(), status: column() },
    ...{ type: column(), permission: column(), gid: column() },
  };
}

/** NaN where there is no such quota. */
function createQuotas() {
  const column = () => createNumbers(Float64Array);
  return { softSpace: column(), hardSpace: column(), softInodes: column(), hardInodes: column() };
}

export type Rows = {
  readonly size: number;
  /** Of an entry whose resource is not known, or was there before; directories are not among them. */
  readonly passedOver: number;
  add(value: unknown): void;
  find(key: Key): number;
  /** Of every row, one after the other; valid until the next `add`. */
  keys(): Int32Array;
  leaves: Texts;
  named: ReturnType<typeof createNamed>;
  quotas: ReturnType<typeof createQuotas>;
};

export function createRows(names: Names, values: Values): Rows {
  const keys = createKeySet();
  const leaves = createTexts();
  const named = createNamed();
  const quotas = createQuotas();
  const amounts = new Float64Array(QUOTAS.length);
  let passedOver = 0;

  return {
    get size() {
      return keys.size();
    },
    get passedOver() {
      return passedOver;
    },
    add(value) {
      const entry = tableOf(value);
      const target = tableOf(entry.target);
      // Directories of tenants and customers hold nothing of their own.
      if (isDirectory(entry)) return;
      const uuid = plainUuid(entry.itemId);
      const isResource = isOfResource({ targetType: textOf(target.targetType) });
      if (uuid === null || !isResource || keys.add(uuidKey(uuid)) < 0) {
        passedOver++;
        return;
      }
      const path = textOf(tableOf(entry.mountPoint).default);
      const slash = path.lastIndexOf("/");
      leaves.add(path.slice(slash + 1));
      named.folder.add(names.folder(path.slice(0, slash + 1)));
      named.project.add(names.project(entry));
      named.system.add(names.system(entry.storageSystem));
      named.status.add(values.number(entry.status));
      named.type.add(values.number(tableOf(entry.storageDataType).key));
      const { permission } = entry;
      named.permission.add(values.number(isTable(permission) ? permission.value : permission));
      named.gid.add(values.number(gidOf(tableOf(target.targetItem))));
      readQuotas(entry.quotas, amounts);
      for (let at = 0; at < QUOTAS.length; at++)
        quotas[QUOTAS[at] ?? "softSpace"].add(amounts[at] ?? Number.NaN);
    },
    find: (key) => keys.find(key),
    keys: keys.words,
    ...{ leaves, named, quotas },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Whatever of the four is there; a sum over a document counts the same. */
function readQuotas(quotas: unknown, amounts: Float64Array): void {
  amounts.fill(Number.NaN);
  if (!Array.isArray(quotas)) return;
  for (const one of quotas) {
    const at = isTable(one) ? amountPlace(one) : -1;
    if (at >= 0 && typeof one.quota === "number") amounts[at] = one.quota;
  }
}
