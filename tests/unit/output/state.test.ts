import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSnapshotState, type SnapshotState, writeSnapshotState } from "../../../lib/output/state.ts";
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
  test("is read back, and is in the state directory", () => {
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
