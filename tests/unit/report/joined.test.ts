// Problems of many resources with one cause share a line; nothing of them is lost.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLedger } from "../../../lib/report/ledger.ts";
import { logProblems } from "../../../lib/report/problems.ts";
import type { Problem } from "../../../lib/report/report.ts";
import { createTally } from "../../../lib/report/tally.ts";

const uuid = (n: number) => n.toString(16).padStart(32, "0");
const problem = (n: number, more: Partial<Problem> = {}): Problem => ({
  ...{ code: "no-component", offering: "a", resource: uuid(n), resourceName: `r${n}`, project: `p${n}` },
  ...{ field: "limits", message: 'limits has no component "storge", only "storage"', hint: "h", ...more },
});

describe("four and more resources with one cause", () => {
  test("are one line with their number and three examples, and the report has each", () => {
    const tally = createTally({ keepsAll: true });
    for (let n = 0; n < 300; n++) tally.add(problem(n));
    expect(tally.shown("a")).toEqual([
      {
        code: "no-component",
        offering: "a",
        field: "limits",
        message: 'limits has no component "storge", only "storage"',
        hint: "h",
        count: 300,
        examples: [0, 1, 2].map((n) => `r${n} (${uuid(n)})`),
      },
    ]);
    expect(tally.more("a")).toEqual([]);
    expect(tally.kept()).toEqual(Array.from({ length: 300 }, (_, n) => problem(n)));
  });

  test("are one also where the message names the resource", () => {
    const tally = createTally({ keepsAll: false });
    for (let n = 0; n < 9; n++) tally.add(problem(n, { message: `resource ${uuid(n)} is odd` }));
    expect(tally.shown("a")).toMatchObject([{ message: "resource … is odd", count: 9 }]);
  });

  test("up to three have a line each", () => {
    const tally = createTally({ keepsAll: false });
    for (let n = 0; n < 3; n++) tally.add(problem(n));
    expect(tally.shown("a")).toEqual([problem(0), problem(1), problem(2)]);
  });

  test("lines of several lists become one, with the number of all", () => {
    const parts = [4, 5, 1].map((count, part) => {
      const tally = createTally({ keepsAll: false });
      for (let n = 0; n < count; n++) tally.add(problem(10 * part + n));
      return tally.shown("a");
    });
    const whole = createTally({ keepsAll: false });
    for (const one of parts.flat()) whole.add(one);
    expect(whole.shown("a")).toMatchObject([{ count: 10, examples: { length: 3 } }]);
    expect(whole.size).toBe(10);
  });

  test.each([
    ["code", { code: "bad-limit" }],
    ["message", { message: "another" }],
    ["offering", { offering: "b" }],
    ["field", { field: "options" }],
  ])("another %s is another line", (_, more) => {
    const tally = createTally({ keepsAll: false });
    for (let n = 0; n < 10; n++) tally.add(problem(n, n % 2 === 0 ? {} : more));
    expect([...tally.shown("a"), ...tally.shown("b")].map(({ count }) => count)).toEqual([5, 5]);
  });

  test("those of orders, and those of no resource, are not joined", () => {
    const tally = createTally({ keepsAll: false });
    for (let n = 0; n < 5; n++) {
      tally.add(problem(n, { order: uuid(n) }));
      tally.add({ code: "odd", offering: "a", message: "m" });
    }
    expect(tally.shown("a")).toHaveLength(10);
  });

  test("is the same line in the next run, whatever their number: it is a warning once a day", () => {
    const log = (of: number, memory: ReturnType<typeof logProblems>, into: string[]) => {
      const tally = createTally({ keepsAll: false });
      for (let n = 0; n < of; n++) tally.add(problem(n));
      const write = (level: string) => (message: string, fields?: object) =>
        void into.push(`${level} ${message} ${JSON.stringify(fields)}`);
      return logProblems({ problems: tally.shown("a") }, memory, {
        log: {
          ...{ error: write("error"), warn: write("warn"), info: write("info"), debug: write("debug") },
          ...{ summary: write("summary"), redact: () => undefined, hide: (text) => text },
        },
        now: new Date("2026-01-01T00:00:00Z"),
        offering: "a",
      });
    };
    const lines: string[] = [];
    log(60, log(50, new Map(), lines), lines);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["warn", "info"]);
    expect(lines[0]).toContain('"resources":50');
    expect(lines[0]).toContain(`"examples":"r0 (${uuid(0)}), r1 (`);
  });
});

const kinds = fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.nat(400) }), {
  maxLength: 500,
});

test("no problem is lost: numbers of the log and of the report are those of what was added", () => {
  fc.assert(
    fc.property(kinds, fc.boolean(), (given, keepsAll) => {
      const added = given.map((kind, n) => problem(n, { code: `code-${kind % 4}`, message: `m${kind}` }));
      const tally = createTally({ keepsAll });
      for (const one of added) tally.add(one);
      const head = { mode: "sync", dryRun: false, version: "1", startedAt: new Date(0) } as const;
      const ledger = createLedger({ ...head, keepsAll });
      ledger.addAll({ problems: tally, notices: createTally({ keepsAll }) });
      const found = ledger.foundOf("a");
      expect(sum(found.problems) + sum(found.more ?? [])).toBe(added.length);
      expect(found.problems.length).toBeLessThanOrEqual(3 * new Set(given).size);
      const report = ledger.close(new Date(0));
      if (keepsAll) expect(report.problems).toEqual(added);
      else expect(sum(report.problems) + sum(report.omitted)).toBe(added.length);
    }),
  );
});

function sum(parts: readonly { count?: number }[]): number {
  return parts.reduce((total, { count = 1 }) => total + count, 0);
}
