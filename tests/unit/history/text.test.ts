// The history for people and for programs, and the times that people write.

import { describe, expect, test } from "bun:test";
import type { HistoryEntry } from "../../../lib/history/reader.ts";
import { parseSince } from "../../../lib/history/since.ts";
import { historyJson, historyTable } from "../../../lib/history/text.ts";

const ORDER = "0123456789abcdef0123456789abcdef";
const ENTRY: HistoryEntry = {
  ...{ at: "2026-11-27T08:00:01.500Z", mode: "orders", event: "sent", offering: ORDER, order: ORDER },
  ...{
    resource: "f".repeat(32),
    component: null,
    call: "set_state_executing",
    status: null,
    error: "no-answer",
    ms: 41,
  },
  ...{ file: null, path: null, entries: null, answer: null },
};
const FILE = `2026-11-27-08-00-create_${ORDER}.json`;
const ENTRIES: HistoryEntry[] = [
  ENTRY,
  { ...ENTRY, event: "published", call: null, error: null, file: FILE, path: "/a/b", entries: 1 },
  {
    ...{ ...ENTRY, event: "published", call: null, error: null, order: null, resource: null },
    ...{ file: "2026-11-27-08-00-all.json", entries: 412 },
  },
  {
    ...ENTRY,
    event: "released",
    call: null,
    error: null,
    order: null,
    path: `/long/${"x".repeat(90)}\u001b[31m`,
  },
];

test("80 columns hold the table, which says more where there is room", () => {
  const narrow = historyTable(ENTRIES, { width: 80, timezone: "UTC" }).split("\n");
  expect(narrow.filter((line) => line.length > 80)).toEqual([]);
  expect(narrow[1]).toBe(`11-27 08:00:01  set_state_executing  no-answer  ${ORDER}`);
  const wide = historyTable(ENTRIES, { width: 250, timezone: "Europe/Zurich" });
  expect(wide).toContain(`2026-11-27 09:00:01  set_state_executing  no-answer  ${ORDER}`);
  for (const part of ["  /a/b\n", "412 entries", " 41 "]) expect(wide).toContain(part);
  expect(wide + narrow.join("\n")).not.toContain("\u001b");
});

test("a table without entries has its headings", () => {
  expect(historyTable([], { width: 80, timezone: null })).toBe("TIME  WHAT  ANSWER  ABOUT  MS  DETAIL\n");
});

test("the JSON is an array, and each entry is a line", () => {
  expect(historyJson([])).toBe("[]\n");
  const text = historyJson(ENTRIES);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(ENTRIES)));
  expect(text.split("\n")).toHaveLength(ENTRIES.length + 3);
  expect(text).not.toContain("\u001b");
});

describe("a point in time", () => {
  const now = new Date("2026-11-27T08:00:00Z");
  test.each([
    ["90m", "2026-11-27T06:30:00Z"],
    ["1.5h", "2026-11-27T06:30:00Z"],
    ["2d", "2026-11-25T08:00:00Z"],
    ["1w", "2026-11-20T08:00:00Z"],
    ["2026-11-27T06:00:00Z", "2026-11-27T06:00:00Z"],
    ["2026-11-27 06:00+01:00", "2026-11-27T05:00:00Z"],
  ])("%p", (given, expected) => {
    expect(parseSince(given, now)).toBe(Date.parse(expected));
  });

  test("without an offset it is the time of this machine", () => {
    expect(parseSince("2026-11-27", now)).toBe(new Date(2026, 10, 27).getTime());
    expect(parseSince("2026-11-27T06:00", now)).toBe(new Date(2026, 10, 27, 6).getTime());
  });

  test.each(["", "2", "d", "-2d", "2y", "yesterday", "2026-13-01", "27.11.2026", "1e3d"])(
    "%p is none",
    (given) => {
      expect(parseSince(given, now)).toBeNull();
    },
  );
});
