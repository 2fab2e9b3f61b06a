import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLateOrders, writeLateOrders } from "../../../lib/output/failed-orders.ts";
import { OTHER_UUID, openScratch, scratchDirectory, UUID } from "./scratch.ts";

const [OURS, THEIRS] = ["a".repeat(32), "b".repeat(32)];

const NONE: ReadonlySet<string> = new Set();
const failed = (...orders: string[]) => ({ failed: new Set(orders), left: NONE });
const left = (...orders: string[]) => ({ failed: NONE, left: new Set(orders) });

test("offerings that share a directory keep each other's, and the file goes with the last order", () => {
  const output = openScratch();
  const path = join(output.statePath, "failed-orders.json");
  writeLateOrders(output, OURS, failed(UUID));
  writeLateOrders(output, THEIRS, left(OTHER_UUID));
  expect(readLateOrders(output.directory, OURS)).toEqual(failed(UUID));
  expect(readLateOrders(output.directory, THEIRS)).toEqual(left(OTHER_UUID));
  const { ino } = statSync(path);
  writeLateOrders(output, OURS, failed(UUID));
  expect(statSync(path).ino).toBe(ino);
  writeLateOrders(output, OURS, failed());
  expect(readLateOrders(output.directory, THEIRS)).toEqual(left(OTHER_UUID));
  writeLateOrders(output, THEIRS, left());
  expect(existsSync(path)).toBe(false);
});

test("an earlier version finds what failed where it looks for it", () => {
  const output = openScratch();
  writeLateOrders(output, OURS, failed(UUID));
  const text = readFileSync(join(output.statePath, "failed-orders.json"), "utf8");
  expect(JSON.parse(text)).toEqual({ version: 1, orders: { [UUID]: OURS } });
});

test.each(["", "{", "null", "[]", '{"version":2}', '{"version":1,"orders":{"../x":"a","y":1},"left":7}'])(
  "a file with %p counts as missing",
  (text) => {
    const output = openScratch();
    writeFileSync(join(output.statePath, "failed-orders.json"), text);
    expect(readLateOrders(output.directory, "a")).toEqual(failed());
    expect(readLateOrders(scratchDirectory(), "a")).toEqual(failed());
  },
);

test("a damaged file is reported, and replaced in the next pass", () => {
  const output = openScratch();
  const path = join(output.statePath, "failed-orders.json");
  writeFileSync(path, "{");
  const damaged: string[] = [];
  readLateOrders(output.directory, OURS, damaged);
  expect(damaged).toEqual([path]);
  writeLateOrders(output, OURS, { failed: new Set(), left: new Set() });
  expect(existsSync(path)).toBe(false);
});
