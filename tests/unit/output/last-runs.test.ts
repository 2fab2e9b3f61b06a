import { expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noteFailedRun, noteGoodRun, readLastRuns } from "../../../lib/output/last-runs.ts";
import { openScratch, UUID } from "./scratch.ts";

const RUN = { mode: "orders", offering: UUID } as const;

test("nothing is known before the first run", () => {
  expect(readLastRuns(openScratch().directory, RUN)).toEqual({ goodMs: null, failed: null });
});

test("a run that succeeded leaves its time, and no text that would have to be written", () => {
  let now = new Date("2026-01-01T00:00:00Z");
  const output = { ...openScratch(), now: () => now };
  noteGoodRun(output, UUID);
  const path = join(output.statePath, `good-orders-${UUID}`);
  const { ino, size } = statSync(path);
  now = new Date("2026-01-01T00:01:00Z");
  noteGoodRun(output, UUID);
  expect(readLastRuns(output.directory, RUN)).toEqual({ goodMs: now.getTime(), failed: null });
  expect([statSync(path).ino, size]).toEqual([ino, 0]);
});

test("a failed run is known until one succeeds; each mode and offering has its own", () => {
  let now = new Date("2026-01-01T00:00:00Z");
  const output = { ...openScratch(), now: () => now };
  noteGoodRun(output, UUID);
  now = new Date("2026-01-01T00:01:00Z");
  noteFailedRun(output, UUID, { exitCode: 75, message: "x".repeat(5000) });
  expect(readLastRuns(output.directory, RUN)).toEqual({
    goodMs: Date.parse("2026-01-01T00:00:00Z"),
    failed: { at: "2026-01-01T00:01:00.000Z", exitCode: 75, message: "x".repeat(1000) },
  });
  const other = { goodMs: null, failed: null };
  expect(readLastRuns(output.directory, { ...RUN, mode: "sync" })).toEqual(other);
  expect(readLastRuns(output.directory, { ...RUN, offering: "0".repeat(32) })).toEqual(other);
  // Also by a clock that was set back.
  now = new Date("2025-12-31T00:00:00Z");
  noteGoodRun(output, UUID);
  expect(readLastRuns(output.directory, RUN).failed).toBeNull();
});

test("what is broken says nothing", () => {
  const output = openScratch();
  for (const text of ["", "{", "[]", '{"version":1,"at":"then","exitCode":1,"message":""}']) {
    writeFileSync(join(output.statePath, `failed-orders-${UUID}.json`), text);
    expect(readLastRuns(output.directory, RUN)).toEqual({ goodMs: null, failed: null });
  }
  expect(readdirSync(output.statePath)).toContain(`failed-orders-${UUID}.json`);
});
