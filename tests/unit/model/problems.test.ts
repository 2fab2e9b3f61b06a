// The verdict of the model on problems of many resources can fail: what a program at fault would show is a complaint.

import { describe, expect, test } from "bun:test";
import type { Problem } from "../../../lib/report/report.ts";
import type { ProblemStatus } from "../../../lib/status/report.ts";
import { complaintsOfLines, complaintsOfProblems } from "../../model/problems.ts";

const OFFERING = "a".repeat(32);
const uuid = (n: number) => n.toString(16).padStart(32, "0");
const met = (count: number, more: Partial<Problem> = {}): Problem[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{ code: "no-user", offering: OFFERING, resource: uuid(n), field: "user" },
    ...{ message: `resource ${uuid(n)} has no user`, ...more },
  }));

const shown = ({ code, order, resource, field, message, count = 1 }: Problem): ProblemStatus => ({
  ...{ mode: "sync", code, message, field: field ?? null, order: order ?? null, resource: resource ?? null },
  ...{ hint: null, resourceName: null, project: null, count, since: "2026-01-01T00:00:00Z" },
});
const SHARED = shown({ code: "no-user", field: "user", message: "resource … has no user", count: 5 });

const complaints = (problems: ProblemStatus[], of: Problem[], offering = OFFERING) =>
  complaintsOfProblems([{ uuid: offering, problems }], of);

describe("status", () => {
  test.each([0, 1, 2, 3])("shows %d resources of one kind each", (count) => {
    expect(complaints(met(count).map(shown), met(count))).toEqual([]);
    if (count > 0) expect(complaints([{ ...SHARED, count }], met(count))).not.toEqual([]);
  });

  test.each([4, 5, 40])("shows %d on one line with their number", (count) => {
    const line = { ...SHARED, count };
    expect(complaints([line], met(count))).toEqual([]);
    for (const wrong of [count - 1, count + 1, 1, 3])
      expect(complaints([{ ...line, count: wrong }], met(count))).toHaveLength(1);
    expect(complaints(met(count).map(shown), met(count))).not.toEqual([]);
    expect(complaints([line, ...met(1).map(shown)], met(count))).not.toEqual([]);
    expect(complaints([line, line], met(count))).not.toEqual([]);
  });

  test("counts a resource once, however often it was met", () => {
    expect(complaints(met(3).map(shown), [...met(3), ...met(3)])).toEqual([]);
    expect(complaints([SHARED], [...met(5), ...met(2)])).toEqual([]);
  });

  test("neither loses one nor invents one", () => {
    expect(complaints([], met(5))).not.toEqual([]);
    expect(complaints([SHARED], [])).not.toEqual([]);
    expect(complaints(met(2).map(shown), met(3))).not.toEqual([]);
    expect(complaints(met(3).map(shown), met(2))).not.toEqual([]);
  });

  test.each<[string, Partial<Problem>]>([
    ["code", { code: "bad-limit" }],
    ["offering", { offering: "b".repeat(32) }],
    ["field", { field: "limits" }],
    ["message", { message: "another" }],
  ])("has a line of its own for another %s", (_, more) => {
    const of = [...met(2), ...met(2, more)];
    const ofOther = met(2, more).map(shown);
    const isOther = more.offering !== undefined;
    const problems = [...met(2).map(shown), ...(isOther ? [] : ofOther)];
    const offerings = [
      { uuid: OFFERING, problems },
      ...(isOther ? [{ uuid: more.offering ?? "", problems: ofOther }] : []),
    ];
    expect(complaintsOfProblems(offerings, of)).toEqual([]);
    expect(complaints([{ ...SHARED, count: 4 }], of)).not.toEqual([]);
  });

  test("shows what is wrong with an order, or with no resource, each", () => {
    const orders = met(5).map((problem, n) => ({ ...problem, order: uuid(n) }));
    expect(complaints(orders.map(shown), orders)).toEqual([]);
    expect(complaints([SHARED], orders)).not.toEqual([]);
    expect(complaints([SHARED], met(5), "b".repeat(32))).not.toEqual([]);
  });
});

describe("a line of the log", () => {
  const line = (count: number, examples: readonly number[]) =>
    `2026-01-01T00:00:00.000Z warn resource … has no user code=no-user offering=${OFFERING} ` +
    `resources=${count} examples="${examples.map((n) => `r${n} (${uuid(n)})`).join(", ")}" field=user`;

  test("has the number of the report, and three of its resources", () => {
    expect(complaintsOfLines(line(5, [0, 2, 4]), met(5))).toEqual([]);
  });

  test.each<[string, string, Problem[]]>([
    ["another number", line(4, [0, 1, 2]), met(5)],
    ["an example that is not affected", line(5, [0, 1, 7]), met(5)],
    ["one example twice", line(5, [0, 1, 1]), met(5)],
    ["too few examples", line(5, [0, 1]), met(5)],
    ["too many examples", line(5, [0, 1, 2, 3]), met(5)],
    ["few resources", line(3, [0, 1, 2]), met(3)],
    ["problems that the report has not", line(5, [0, 1, 2]), met(5, { code: "bad-limit" })],
  ])("with %s is a complaint", (_, stderr, of) => {
    expect(complaintsOfLines(stderr, of)).toHaveLength(1);
  });
});
