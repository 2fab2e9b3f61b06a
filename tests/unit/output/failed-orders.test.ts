import { expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readFailedOrders, writeFailedOrders } from "../../../lib/output/failed-orders.ts";
import { OTHER_UUID, openScratch, scratchDirectory, UUID } from "./scratch.ts";

const [OURS, THEIRS] = ["a".repeat(32), "b".repeat(32)];

test("offerings that share a directory keep each other's, and the file goes with the last order", () => {
  const output = openScratch();
  const path = join(output.statePath, "failed-orders.json");
  writeFailedOrders(output, OURS, new Set([UUID]));
  writeFailedOrders(output, THEIRS, new Set([OTHER_UUID]));
  expect([...readFailedOrders(output.directory, OURS)]).toEqual([UUID]);
  expect([...readFailedOrders(output.directory, THEIRS)]).toEqual([OTHER_UUID]);
  const { ino } = statSync(path);
  writeFailedOrders(output, OURS, new Set([UUID]));
  expect(statSync(path).ino).toBe(ino);
  writeFailedOrders(output, OURS, new Set());
  expect([...readFailedOrders(output.directory, THEIRS)]).toEqual([OTHER_UUID]);
  writeFailedOrders(output, THEIRS, new Set());
  expect(existsSync(path)).toBe(false);
});

test.each(["", "{", "null", "[]", '{"version":2}', '{"version":1,"orders":{"../x":"a","y":1}}'])(
  "a memory that holds %p is none",
  (text) => {
    const output = openScratch();
    writeFileSync(join(output.statePath, "failed-orders.json"), text);
    expect([...readFailedOrders(output.directory, "a")]).toEqual([]);
    expect([...readFailedOrders(scratchDirectory(), "a")]).toEqual([]);
  },
);

test("a broken memory is noted, and goes with the next pass", () => {
  const output = openScratch();
  const path = join(output.statePath, "failed-orders.json");
  writeFileSync(path, "{");
  const damaged: string[] = [];
  readFailedOrders(output.directory, OURS, damaged);
  expect(damaged).toEqual([path]);
  writeFailedOrders(output, OURS, new Set());
  expect(existsSync(path)).toBe(false);
});
