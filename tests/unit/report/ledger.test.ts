import { expect, test } from "bun:test";
import { AnswerError, ConfigError, InterruptedError, RetryLaterError } from "../../../lib/errors.ts";
import { createLedger } from "../../../lib/report/ledger.ts";

const open = () =>
  createLedger({ mode: "sync", dryRun: false, version: "1", startedAt: new Date("2026-01-01T00:00:00Z") });
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
    exitCode: 0,
  });
});

test("an offering counts as failed until it is said to be otherwise", () => {
  const ledger = open();
  const line = ledger.openOffering({ uuid: "a", name: "A" });
  expect(ledger.close(end).offerings).toEqual([{ uuid: "a", name: "A", outcome: "failed", resources: 0 }]);
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
  expect(ledger.problemsOf("a")).toHaveLength(1);
});

test("each mistake of a configuration is a problem of its own", () => {
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

test("one error that skips many offerings is told once", () => {
  const ledger = open();
  const signal = new InterruptedError("SIGTERM");
  expect([
    ledger.addFailure(signal, { offering: "a" }),
    ledger.addFailure(signal, { offering: "b" }),
  ]).toEqual([true, false]);
  const { problems, exitCode } = ledger.close(end);
  expect([problems.length, exitCode]).toEqual([1, 143]);
});
