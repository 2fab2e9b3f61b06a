// Which orders could not be handled in the last pass because of Waldur or the network: they go last in the next one, so
// that they keep no other order waiting. Losing this costs nothing but that order of things.

import { join } from "node:path";
import { isPlainUuid } from "../key-set.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import { isRecord, removeFile } from "./files.ts";
import type { Damaged } from "./state.ts";
import { readJsonFile } from "./state-file.ts";

const FILE = "failed-orders.json";

/** Orders of the offering that failed in its last pass. */
export function readFailedOrders(
  directory: string,
  offering: string,
  damaged: Damaged = [],
): ReadonlySet<string> {
  return new Set(
    [...readAll(directory, damaged)].flatMap(([order, theirs]) => (theirs === offering ? [order] : [])),
  );
}

/** Writes nothing when nothing changed; what is known of other offerings that share the directory stays. */
export function writeFailedOrders(output: Output, offering: string, failed: ReadonlySet<string>): void {
  const damaged: Damaged = [];
  const before = readAll(output.directory, damaged);
  const after = new Map([...before].filter(([, theirs]) => theirs !== offering));
  for (const order of failed) after.set(order, offering);
  const isSame = damaged.length === 0 && after.size === before.size;
  if (isSame && [...after].every(([order, of]) => before.get(order) === of)) return;
  if (after.size === 0) {
    removeFile(join(output.statePath, FILE));
    return;
  }
  const text = JSON.stringify({ version: 1, orders: Object.fromEntries(after) });
  replaceFile(output, FILE, `${text}\n`, "state");
}

/** Order → offering. */
function readAll(directory: string, damaged: Damaged): ReadonlyMap<string, string> {
  const path = join(directory, STATE_DIRECTORY, FILE);
  const value = readJsonFile(path);
  if (!isRecord(value) || value.version !== 1 || !isRecord(value.orders)) {
    if (value !== null) damaged.push(path);
    return new Map();
  }
  return new Map(
    Object.entries(value.orders).flatMap(([order, offering]): [string, string][] =>
      typeof offering === "string" && isPlainUuid(order) ? [[order, offering]] : [],
    ),
  );
}
