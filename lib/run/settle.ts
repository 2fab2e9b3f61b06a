// What the run of an offering stores for the next one, and for commands in between: its problems, and how it ended. If
// the directory can no longer be written, only this is lost.

import { AppError, EXIT, worstExitCode } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import { noteFailedRun, noteGoodRun } from "../output/last-runs.ts";
import { readProblemMemory, writeProblemMemory } from "../output/problem-memory.ts";
import type { Log } from "../report/log.ts";
import { logProblems, type Remembered } from "../report/problems.ts";
import { type Job, noteDamaged } from "./job.ts";

/** @param failure what ended the offering, or null */
export function settleRun(job: Job, output: Output, failure: AppError | null): void {
  settleProblems(job, output);
  const { uuid } = job.config;
  const codes = failure === null ? [] : [failure.exitCode];
  const exitCode = worstExitCode([...codes, job.ledger.exitOf(uuid)]);
  const isGood = exitCode === EXIT.ok || exitCode === EXIT.problems;
  const message = failure?.message ?? "not every order could be handled, because of Waldur or the network";
  withoutFailing(
    () =>
      isGood
        ? noteGoodRun(output, uuid)
        : noteFailedRun(output, uuid, { exitCode, message: job.log.hide(message) }),
    job.log,
  );
}

/** Logs what was left out, and remembers it. */
function settleProblems(job: Job, output: Output): void {
  const { directory, mode } = output;
  const damaged: string[] = [];
  const isWhole = job.line.outcome !== "failed";
  const logging = { log: job.log, now: job.now(), offering: job.config.uuid, isWhole };
  const known =
    withoutFailing(() => readProblemMemory(directory, mode, damaged), job.log) ??
    new Map<string, Remembered>();
  noteDamaged(job, damaged);
  const next = logProblems(job.ledger.foundOf(job.config.uuid), known, logging);
  withoutFailing(() => writeProblemMemory(output, next, job.log.hide), job.log);
}

/** If this fails, a problem is logged as a warning once more. */
function withoutFailing<Result>(remember: () => Result, log: Log): Result | undefined {
  try {
    return remember();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.debug("the state of past runs cannot be used", { reason: error.message });
    return undefined;
  }
}
