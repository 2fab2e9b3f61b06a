import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  readProblemMemory,
  readSnapshotState,
  type SnapshotState,
  writeProblemMemory,
  writeSnapshotState,
} from "../../../lib/output/state.ts";
import { openScratch, publicNames, scratchDirectory, UUID } from "./scratch.ts";

const STATE: SnapshotState = {
  version: 1,
  file: "2026-11-25-07-49-all.json",
  offering: UUID,
  date: "2026-11-25T07:49:00+00:00",
  entries: 3,
  bytes: 4711,
  sha256: "a".repeat(64),
};

describe("the state of the last snapshot", () => {
  test("is read back, and lies in the state directory", () => {
    const output = openScratch({ mode: "sync" });
    writeSnapshotState(output, STATE);
    expect(readSnapshotState(output.directory)).toEqual(STATE);
    expect(publicNames(output.directory)).toEqual([]);
  });

  test.each([
    ["missing", null],
    ["empty", ""],
    ["cut", JSON.stringify(STATE).slice(0, 50)],
    ["a list", "[]"],
    ["of another version", JSON.stringify({ ...STATE, version: 2 })],
    ["with a count that is text", JSON.stringify({ ...STATE, entries: "3" })],
    ["with a negative count", JSON.stringify({ ...STATE, entries: -1 })],
    ["without its file", JSON.stringify({ ...STATE, file: undefined })],
  ])("is null when %s", (_what, text) => {
    const output = openScratch({ mode: "sync" });
    if (text !== null) writeFileSync(join(output.statePath, "snapshot.json"), text);
    expect(readSnapshotState(output.directory)).toBeNull();
  });

  test("is null without any directory", () => {
    expect(readSnapshotState(join(scratchDirectory(), "missing"))).toBeNull();
  });
});

describe("the memory of problems", () => {
  test("is one for each mode", () => {
    const directory = scratchDirectory();
    writeProblemMemory(openScratch({ directory, mode: "sync" }), new Map([["a", 1]]));
    writeProblemMemory(openScratch({ directory, mode: "orders" }), new Map([["b", 2]]));
    expect([...readProblemMemory(directory, "sync")]).toEqual([["a", 1]]);
    expect([...readProblemMemory(directory, "orders")]).toEqual([["b", 2]]);
  });

  test("is not written again when nothing changed", () => {
    const output = openScratch();
    const inode = () => statSync(join(output.statePath, "problems-orders.json"), { bigint: true }).ino;
    writeProblemMemory(
      output,
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
    const first = inode();
    writeProblemMemory(
      output,
      new Map([
        ["b", 2],
        ["a", 1],
      ]),
    );
    expect(inode()).toBe(first);
    writeProblemMemory(
      output,
      new Map([
        ["a", 1],
        ["b", 3],
      ]),
    );
    expect(readProblemMemory(output.directory, "orders").get("b")).toBe(3);
  });

  test("writes no file for an empty memory, and is empty when broken", () => {
    const output = openScratch();
    const path = join(output.statePath, "problems-orders.json");
    writeProblemMemory(output, new Map());
    expect(() => statSync(path)).toThrow();
    writeFileSync(path, '{"version":1,"problems":{"a":"yesterday","b":5}}');
    expect([...readProblemMemory(output.directory, "orders")]).toEqual([["b", 5]]);
    writeFileSync(path, "{");
    expect(readProblemMemory(output.directory, "orders").size).toBe(0);
  });

  test("keeps any key", () => {
    const output = openScratch();
    writeProblemMemory(
      output,
      new Map([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
    );
    expect([...readProblemMemory(output.directory, "orders")]).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });
});
