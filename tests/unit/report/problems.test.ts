import { expect, test } from "bun:test";
import type { Log } from "../../../lib/report/log.ts";
import { logProblems, type ProblemMemory } from "../../../lib/report/problems.ts";
import type { More } from "../../../lib/report/report.ts";

const HOUR = 3600 * 1000;
const start = Date.parse("2026-01-01T00:00:00Z");
const problem = { code: "bad-slug", resource: "r", message: "m" };

function levels(
  problems: (typeof problem)[],
  memory: ProblemMemory,
  atMs: number,
  { more = [], ...rest }: { offering?: string; isWhole?: boolean; more?: readonly More[] } = {},
) {
  const said: string[] = [];
  const say = (level: string) => () => void said.push(level);
  const log: Log = {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    summary: say("summary"),
    redact: () => undefined,
    hide: (text: string) => text,
  };
  const next = logProblems({ problems, more }, memory, { log, now: new Date(atMs), ...rest });
  return { said, next };
}

test("a problem is a warning when new, at info while it lasts, and a warning again after a day", () => {
  const first = levels([problem], new Map(), start);
  expect(first.said).toEqual(["warn"]);
  const second = levels([problem], first.next, start + HOUR);
  expect(second.said).toEqual(["info"]);
  const third = levels([problem], second.next, start + 23 * HOUR);
  expect(third.said).toEqual(["info"]);
  const fourth = levels([problem], third.next, start + 24 * HOUR);
  expect(fourth.said).toEqual(["warn"]);
});

test("another message is another problem", () => {
  const { next } = levels([problem], new Map(), start);
  expect(levels([{ ...problem, message: "n" }], next, start + HOUR).said).toEqual(["warn"]);
});

test("what is over is forgotten, so its return is a warning", () => {
  const first = levels([problem], new Map(), start);
  const second = levels([], first.next, start + HOUR);
  expect(second.next.size).toBe(0);
  expect(levels([problem], second.next, start + 2 * HOUR).said).toEqual(["warn"]);
});

test("a clock that was set back does not suppress a problem", () => {
  const { next } = levels([problem], new Map(), start);
  expect(levels([problem], next, start - 48 * HOUR).said).toEqual(["warn"]);
});

test("the memory holds hashes, not words", () => {
  const { next } = levels([problem], new Map(), start);
  for (const key of next.keys()) expect(key).toMatch(/^[0-9a-f]{32}$/);
});

test("a run that did not finish drops no known problem", () => {
  const first = levels([problem], new Map(), start);
  const failed = levels([], first.next, start + HOUR, { isWhole: false });
  expect(levels([problem], failed.next, start + 2 * HOUR).said).toEqual(["info"]);
});

test("offerings that share a memory leave each other's problems in it, for two days", () => {
  const one = levels([problem], new Map(), start, { offering: "one" });
  const both = levels([problem], one.next, start, { offering: "two" });
  expect([both.said, both.next.size]).toEqual([["warn"], 2]);
  expect(levels([problem], both.next, start + HOUR, { offering: "one" }).said).toEqual(["info"]);
  expect(levels([], both.next, start + 47 * HOUR, { offering: "two" }).next.size).toBe(1);
  expect(levels([], both.next, start + 48 * HOUR, { offering: "two" }).next.size).toBe(0);
});

test("the number of those without a line is a warning when it changes, and once a day", () => {
  const fifty = { more: [{ code: "bad-slug", count: 50 }] };
  const first = levels([problem], new Map(), start, fifty);
  expect([first.said, first.next.size]).toEqual([["warn", "warn"], 2]);
  const second = levels([problem], first.next, start + HOUR, fifty);
  expect(second.said).toEqual(["info", "info"]);
  const third = levels([problem], second.next, start + 2 * HOUR, { more: [{ code: "bad-slug", count: 51 }] });
  expect(third.said).toEqual(["info", "warn"]);
  expect(levels([problem], second.next, start + 24 * HOUR, fifty).said).toEqual(["warn", "warn"]);
});

test("what is known says since when, and is logged so; a clock that was set back makes it no later", () => {
  const lines: object[] = [];
  const say = (_: string, fields?: object) => void lines.push(fields ?? {});
  const log: Log = {
    ...{ debug: say, info: say, warn: say, error: say, summary: say },
    ...{ redact: () => undefined, hide: (text: string) => text },
  };
  const named = { ...problem, resourceName: "home", project: "Climate" };
  let memory: ProblemMemory = new Map();
  for (const hours of [0, 1, 25, -5])
    memory = logProblems({ problems: [named] }, memory, { log, now: new Date(start + hours * HOUR) });
  expect(lines).toMatchObject([
    { name: "home", project: "Climate", since: undefined },
    { since: "2026-01-01T00:00:00.000Z" },
    { since: "2026-01-01T00:00:00.000Z" },
    { since: "2025-12-31T19:00:00.000Z" },
  ]);
  expect([...memory.values()]).toMatchObject([{ since: start - 5 * HOUR, known: named }]);
});
