import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProblemMemory, writeProblemMemory } from "../../../lib/output/problem-memory.ts";
import type { ProblemMemory } from "../../../lib/report/problems.ts";
import { openScratch, scratchDirectory } from "./scratch.ts";

/** As a version wrote it that kept nothing but the time of the warning. */
function warnings(times: Readonly<Record<string, number>>): ProblemMemory {
  return new Map(Object.entries(times).map(([key, at]) => [key, { warnedAt: at, since: at }]));
}

const KNOWN = {
  code: "bad-slug",
  offering: "a",
  resource: "r",
  resourceName: "home",
  project: "Climate",
  message: "m",
};

const write = (output: Parameters<typeof writeProblemMemory>[0], memory: ProblemMemory) =>
  writeProblemMemory(output, memory, (text) => text.replaceAll("s3cret", "[secret]"));

test("is one for each mode", () => {
  const directory = scratchDirectory();
  write(openScratch({ directory, mode: "sync" }), warnings({ a: 1 }));
  write(openScratch({ directory, mode: "orders" }), warnings({ b: 2 }));
  expect(readProblemMemory(directory, "sync")).toEqual(warnings({ a: 1 }));
  expect(readProblemMemory(directory, "orders")).toEqual(warnings({ b: 2 }));
});

test("has what was known, and since when; version 0.1 reads the times of the warnings", () => {
  const output = openScratch();
  const memory: ProblemMemory = new Map([
    ["k1", { warnedAt: 7, since: 3, known: KNOWN }],
    ["k2", { warnedAt: 8, since: 8, known: { ...KNOWN, isNotice: true } }],
    ["k3", { warnedAt: 9, since: 9, known: { ...KNOWN, count: 57 } }],
  ]);
  write(output, memory);
  expect(readProblemMemory(output.directory, output.mode)).toEqual(memory);
  const text = readFileSync(join(output.statePath, "problems-orders.json"), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: 1, problems: { k1: 7, k2: 8, k3: 9 } });
});

test("is not written again when nothing changed", () => {
  const output = openScratch();
  const inode = () => statSync(join(output.statePath, "problems-orders.json"), { bigint: true }).ino;
  write(output, warnings({ a: 1, b: 2 }));
  const first = inode();
  write(output, warnings({ b: 2, a: 1 }));
  expect(inode()).toBe(first);
  write(output, warnings({ a: 1, b: 3 }));
  expect(readProblemMemory(output.directory, "orders").get("b")?.warnedAt).toBe(3);
});

test("writes no file for an empty memory, and is empty when broken", () => {
  const output = openScratch();
  const path = join(output.statePath, "problems-orders.json");
  write(output, new Map());
  expect(() => statSync(path)).toThrow();
  writeFileSync(path, '{"version":1,"problems":{"a":"yesterday","b":5},"known":{"b":{"since":"x"}}}');
  expect(readProblemMemory(output.directory, "orders")).toEqual(warnings({ b: 5 }));
  writeFileSync(path, '{"version":1,"problems":{"b":5},"known":{"b":{"since":4,"code":1,"message":[]}}}');
  expect([...readProblemMemory(output.directory, "orders")]).toEqual([["b", { warnedAt: 5, since: 4 }]]);
  writeFileSync(path, "{");
  expect(readProblemMemory(output.directory, "orders").size).toBe(0);
});

test("keeps any key", () => {
  const output = openScratch();
  const memory = new Map([
    ["__proto__", { warnedAt: 1, since: 1, known: KNOWN }],
    ["constructor", { warnedAt: 2, since: 2 }],
  ]);
  write(output, memory);
  expect(readProblemMemory(output.directory, "orders")).toEqual(memory);
});

test("holds no secret that a message quotes", () => {
  const output = openScratch();
  write(output, new Map([["k1", { warnedAt: 7, since: 3, known: { ...KNOWN, message: "got s3cret" } }]]));
  expect(readProblemMemory(output.directory, output.mode).get("k1")?.known?.message).toBe("got [secret]");
});
