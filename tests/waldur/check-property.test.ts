// `check` and the runs after it agree, whatever is wrong with a setup: with nothing to complain of, both modes end with
// 0; else `check` ends as they do. Where it is stricter on purpose, the fault says so (docs/contract.md, "Check").

import { expect, test } from "bun:test";
import fc from "fast-check";
import { join } from "pathe";
import { AppError, type ExitCode, worstExitCode } from "../../lib/errors.ts";
import { writeMetrics } from "../../lib/report/metrics-file.ts";
import { checkHere, complaintsOf } from "../check-here.ts";
import { openStage } from "../stage.ts";
import { SETUP_FAULTS, type Setup, type SetupFault } from "./check-faults.ts";

type FaultName = keyof typeof SETUP_FAULTS;
const NAMES = Object.keys(SETUP_FAULTS) as FaultName[];

type Case = {
  faults: readonly FaultName[];
  generation: "2024" | "current";
  /** Both modes ran before anything was wrong. */
  hasRun: boolean;
};

/** What check ended with, what the runs after it ended with, and the codes on which check is stricter. */
async function play({ faults, generation, hasRun }: Case) {
  const stage = await openStage({ resources: 20, orders: 3, generation, inMemory: true, workerDelayMs: 0 });
  const setup: Setup = { ...stage, metricsFile: join(stage.directory, "m.prom") };
  try {
    if (hasRun) for (const mode of ["sync", "orders"] as const) await stage.runHere(mode);
    const inOrder = NAMES.filter((name) => faults.includes(name));
    const strict = inOrder.flatMap((name): ExitCode[] => {
      const fault: SetupFault = SETUP_FAULTS[name];
      return spoil(fault, setup) && fault.strict !== undefined ? [fault.strict] : [];
    });
    const report = await checkHere(stage.configPath, { metricsFiles: [setup.metricsFile] });
    const codes = [await runOnce("sync", setup), await runOnce("orders", setup)];
    return { check: report.exitCode, runs: worstExitCode(codes), strict, report };
  } finally {
    await stage.close();
  }
}

/** False where an earlier fault left nothing to spoil. */
function spoil(fault: SetupFault, setup: Setup): boolean {
  try {
    fault.spoil(setup);
    return true;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return false;
    throw error;
  }
}

/** As the command does it, with the metrics at its end. */
async function runOnce(mode: "sync" | "orders", { runHere, metricsFile }: Setup): Promise<ExitCode> {
  const { report } = await runHere(mode, { retries: 0 });
  try {
    // One file represents those of both modes.
    writeMetrics(metricsFile, report, { mode: "sync", config: "/config.yaml", only: [] });
    return report.exitCode;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return worstExitCode([report.exitCode, error.exitCode]);
  }
}

async function expectAgreement(one: Case) {
  const { check, runs, strict, report } = await play(one);
  const expected = worstExitCode([runs, ...strict]);
  if (check !== expected)
    throw new Error(JSON.stringify({ ...one, check, runs, complaints: complaintsOf(report) }));
  const failures = report.items.filter(({ status }) => status === "fail");
  expect({ ...one, failed: failures.length > 0 }).toEqual({ ...one, failed: check !== 0 });
  for (const { message, hint, exitCode } of failures)
    expect({ message, hint: typeof hint, exitCode: typeof exitCode }).toEqual({
      message,
      hint: "string",
      exitCode: "number",
    });
}

test.each([
  ["2024", false],
  ["2024", true],
  ["current", false],
  ["current", true],
] as const)(
  "without a fault there are no problems on a server of kind %s (ran before: %p)",
  async (generation, hasRun) => {
    const { check, runs, report } = await play({ faults: [], generation, hasRun });
    expect({ check, runs, complaints: complaintsOf(report) }).toEqual({ check: 0, runs: 0, complaints: [] });
  },
);

test.each(NAMES)("%s alone, before the first run and between two", async (name) => {
  await expectAgreement({ faults: [name], generation: "current", hasRun: false });
  await expectAgreement({ faults: [name], generation: "2024", hasRun: true });
});

test("several at once", async () => {
  const several = fc.record({
    faults: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 4 }),
    generation: fc.constantFrom("2024" as const, "current" as const),
    hasRun: fc.boolean(),
  });
  await fc.assert(fc.asyncProperty(several, expectAgreement), { numRuns: 60 });
}, 120_000);
