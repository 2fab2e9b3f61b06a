// Which orders the last pass did not finish: those that failed because of Waldur or the network, and those that were
// left with a problem. They come last in the next pass, so that they delay no other order, however many they are. If
// this file is lost, they come in their usual place.

import { join } from "node:path";
import { isTable } from "../json.ts";
import { isPlainUuid } from "../uuid.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import { removeFile } from "./files.ts";
import type { Damaged } from "./state.ts";
import { readJsonFile } from "./state-file.ts";

const FILE = "failed-orders.json";

export type LateOrders = {
  /** They are not retried within the next pass. */
  failed: ReadonlySet<string>;
  left: ReadonlySet<string>;
};

/** Order → offering. */
type ByOrder = ReadonlyMap<string, string>;
type Late = { failed: ByOrder; left: ByOrder };

/** Orders of the offering that its last pass did not finish. */
export function readLateOrders(directory: string, offering: string, damaged: Damaged = []): LateOrders {
  const { failed, left } = readAll(directory, damaged);
  const ours = (all: ByOrder) =>
    new Set([...all].flatMap(([order, theirs]) => (theirs === offering ? [order] : [])));
  return { failed: ours(failed), left: ours(left) };
}

/** Writes nothing when nothing changed; what is known of other offerings that share the directory stays. */
export function writeLateOrders(output: Output, offering: string, late: LateOrders): void {
  const damaged: Damaged = [];
  const before = readAll(output.directory, damaged);
  const failed = withOurs(before.failed, offering, late.failed);
  const left = withOurs(before.left, offering, late.left);
  if (damaged.length === 0 && isSame(before.failed, failed) && isSame(before.left, left)) return;
  if (failed.size === 0 && left.size === 0) {
    removeFile(join(output.statePath, FILE));
    return;
  }
  const text = JSON.stringify({
    version: 1,
    orders: Object.fromEntries(failed),
    ...(left.size === 0 ? {} : { left: Object.fromEntries(left) }),
  });
  replaceFile(output, { name: FILE, place: "state" }, `${text}\n`);
}

function withOurs(before: ByOrder, offering: string, orders: ReadonlySet<string>): ByOrder {
  const after = new Map([...before].filter(([, theirs]) => theirs !== offering));
  for (const order of orders) after.set(order, offering);
  return after;
}

function isSame(before: ByOrder, after: ByOrder): boolean {
  return before.size === after.size && [...after].every(([order, of]) => before.get(order) === of);
}

function readAll(directory: string, damaged: Damaged): Late {
  const path = join(directory, STATE_DIRECTORY, FILE);
  const value = readJsonFile(path);
  if (isTable(value) && value.version === 1 && isTable(value.orders))
    return { failed: parseOrders(value.orders), left: parseOrders(value.left) };
  if (value !== null) damaged.push(path);
  return { failed: new Map(), left: new Map() };
}

function parseOrders(orders: unknown): ByOrder {
  if (!isTable(orders)) return new Map();
  return new Map(
    Object.entries(orders).flatMap(([order, offering]): [string, string][] =>
      typeof offering === "string" && isPlainUuid(order) ? [[order, offering]] : [],
    ),
  );
}
