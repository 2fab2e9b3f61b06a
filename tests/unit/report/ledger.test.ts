import { describe, expect, test } from "bun:test";
import { AnswerError, ConfigError, InterruptedError, RetryLaterError } from "../../../lib/errors.ts";
import { createLedger } from "../../../lib/report/ledger.ts";
import { summaryOf } from "../../../lib/report/summary.ts";
import { createTally } from "../../../lib/report/tally.ts";

const open = (keepsAll = true) =>
  createLedger({
    mode: "sync",
    dryRun: false,
    version: "1",
    startedAt: new Date("2026-01-01T00:00:00Z"),
    keepsAll,
  });
const end = new Date("2026-01-01T00:00:05Z");

test("an empty run ends with 0 and empty lists", () => {
  expect(open().close(end)).toEqual({
    mode: "sync",
    dryRun: false,
    version: "1",
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:00:05.000Z",
    offerings: [],
    files: [],
    orders: [],
    problems: [],
    notices: [],
    omitted: [],
    exitCode: 0,
  });
});

test("an offering counts as failed until it is said to be otherwise", () => {
  const ledger = open();
  const line = ledger.openOffering({ uuid: "a", name: "A" });
  expect(ledger.close(end).offerings).toEqual([
    { uuid: "a", name: "A", outcome: "failed", resources: 0, exitCode: 0 },
  ]);
  line.outcome = "published";
  expect(ledger.close(end).offerings[0]?.outcome).toBe("published");
});

test("a problem ends a run with 10, and a failure that ranks higher decides", () => {
  const ledger = open();
  ledger.addProblem({ code: "bad-slug", message: "m", offering: "a" });
  expect(ledger.close(end).exitCode).toBe(10);
  ledger.addFailure(new RetryLaterError("gone"), { offering: "a" });
  expect(ledger.close(end).exitCode).toBe(75);
  ledger.addFailure(new AnswerError("odd", { hint: "h" }), { offering: "b" });
  const report = ledger.close(end);
  expect(report.exitCode).toBe(65);
  expect(report.problems.map((problem) => problem.code)).toEqual(["bad-slug", "unavailable", "answer"]);
  expect(ledger.foundOf("a").problems).toHaveLength(1);
});

test("each error of a configuration is a separate problem", () => {
  const ledger = open();
  ledger.addFailure(
    new ConfigError([
      { file: "f", line: 2, path: "p", message: "m" },
      { file: "f", message: "n" },
    ]),
  );
  expect(ledger.close(end).problems.map(({ message, field }) => [message, field])).toEqual([
    ["f:2: p: m", "p"],
    ["f: n", undefined],
  ]);
});

test("one error that skips many offerings is reported once", () => {
  const ledger = open();
  const signal = new InterruptedError("SIGTERM");
  expect([
    ledger.addFailure(signal, { offering: "a" }),
    ledger.addFailure(signal, { offering: "b" }),
  ]).toEqual([true, false]);
  const { problems, exitCode } = ledger.close(end);
  expect([problems.length, exitCode]).toEqual([1, 143]);
});

describe("of many problems of one kind", () => {
  const fill = (keepsAll: boolean) => {
    const ledger = open(keepsAll);
    for (let n = 0; n < 250; n++) {
      const offering = n < 150 ? "a" : "b";
      ledger.addProblem({ code: "bad-slug", offering, resource: `r${n}`, message: `${n}` });
      ledger.addProblem({ code: `rare-${n % 5}`, offering, message: "m" });
    }
    return ledger;
  };

  test.each([true, false])("100 get a line, whatever the number of offerings (all kept: %p)", (keepsAll) => {
    const ledger = fill(keepsAll);
    const [a, b] = [ledger.foundOf("a"), ledger.foundOf("b")];
    expect([a.problems.length, b.problems.length]).toEqual([100 + 150, 100]);
    expect([a.more, b.more]).toEqual([
      [{ code: "bad-slug", offering: "a", count: 50 }],
      [{ code: "bad-slug", offering: "b", count: 100 }],
    ]);
  });

  test("the report has all, where it is wanted", () => {
    const report = fill(true).close(end);
    expect([report.problems.length, report.omitted]).toEqual([500, []]);
    expect(report.problems.slice(0, 3).map(({ code }) => code)).toEqual(["bad-slug", "rare-0", "bad-slug"]);
  });

  test("else it has those with a line, and the number of the others", () => {
    const report = fill(false).close(end);
    expect([report.problems.length, report.omitted.map(({ count }) => count)]).toEqual([350, [50, 100]]);
    expect(summaryOf(report)).toContain("500 problems");
  });

  test("failures are counted alike, and those without a line are not to be logged", () => {
    const ledger = open(false);
    const logged = Array.from({ length: 130 }, (_, n) => ledger.addFailure(new RetryLaterError(`no ${n}`)));
    expect(logged.filter((one) => one)).toHaveLength(100);
    expect(ledger.moreFailures()).toEqual([{ code: "unavailable", count: 30 }]);
    expect(ledger.close(end).exitCode).toBe(75);
  });

  test("what was collected elsewhere counts in full", () => {
    const ledger = open(false);
    const [problems, notices] = [createTally({ keepsAll: false }), createTally({ keepsAll: false })];
    for (let n = 0; n < 300; n++) problems.add({ code: "bad-slug", offering: "a", message: `${n}` });
    ledger.addAll({ problems, notices });
    ledger.addProblem({ code: "bad-slug", offering: "a", message: "late" });
    expect(ledger.foundOf("a")).toMatchObject({
      problems: { length: 100 },
      more: [{ code: "bad-slug", offering: "a", count: 201 }],
    });
    expect(ledger.close(end).exitCode).toBe(10);
  });
});

test("permissions that became decimal numbers get one line and their number", () => {
  const tally = createTally({ keepsAll: false });
  for (let n = 0; n < 12; n++) tally.add({ code: "decimal-permissions", message: `${n}`, offering: "a" });
  expect(tally.shown("a").map(({ message }) => message)).toEqual(["0"]);
  expect(tally.more("a")).toEqual([{ code: "decimal-permissions", offering: "a", count: 11 }]);
});

test("each offering has the code that it would end with alone", () => {
  const ledger = open();
  for (const uuid of ["a", "b", "c"]) ledger.openOffering({ uuid, name: uuid });
  ledger.addProblem({ code: "bad-slug", message: "m", offering: "a" });
  const over = new RetryLaterError("over", { code: "deadline" });
  expect([ledger.addFailure(over, { offering: "b" }), ledger.addFailure(over, { offering: "c" })]).toEqual([
    true,
    false,
  ]);
  expect(ledger.close(end).offerings.map(({ exitCode }) => exitCode)).toEqual([10, 75, 75]);
  expect(ledger.exitOf("d")).toBe(0);
});

describe("what a project lacks", () => {
  const lacking = (n: number, project: string) => ({
    ...{ code: "no-gid", message: `project_slug "${project}" has no GID`, offering: "a" },
    ...{ project, resource: `${n}`, resourceName: `name-${n}` },
  });

  test("is one line for its resources, with their number", () => {
    const tally = createTally({ keepsAll: true });
    for (let n = 0; n < 239; n++) tally.add(lacking(n, n < 200 ? "large" : "small"));
    tally.add(lacking(999, "alone"));
    expect(tally.shown("a")).toEqual([
      {
        code: "no-gid",
        message: 'project_slug "large" has no GID',
        offering: "a",
        project: "large",
        count: 200,
      },
      {
        code: "no-gid",
        message: 'project_slug "small" has no GID',
        offering: "a",
        project: "small",
        count: 39,
      },
      lacking(999, "alone"),
    ]);
    expect([tally.size, tally.kept().length, tally.more()]).toEqual([240, 240, []]);
    expect(tally.kept()[0]).toEqual(lacking(0, "large"));
  });

  test("counts in full where it was collected elsewhere, and in the summary", () => {
    const ledger = open(false);
    const problems = createTally({ keepsAll: false });
    for (let n = 0; n < 239; n++) problems.add(lacking(n, "large"));
    ledger.addAll({ problems, notices: createTally({ keepsAll: false }) });
    expect(ledger.foundOf("a")).toMatchObject({ problems: [{ count: 239 }], more: [] });
    expect(summaryOf(ledger.close(end))).toContain("239 problems");
  });

  test("is a line for each order, which is named", () => {
    const tally = createTally({ keepsAll: true });
    for (let n = 0; n < 3; n++) tally.add({ ...lacking(n, "large"), order: `${n}` });
    expect(tally.shown("a")).toHaveLength(3);
  });
});
