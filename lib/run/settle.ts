// The end of an offering's run in its directory: what was left out is logged, and remembered for the next run.

import { AppError } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import type { Log } from "../report/log.ts";
import { logProblems } from "../report/problems.ts";
import { type Job, noteDamaged } from "./job.ts";

/**
 * Logs what was left out, and remembers it for the next run; a directory that cannot be written any more loses only
 * that.
 */
export async function settleProblems(job: Job, output: Output): Promise<void> {
  const { readProblemMemory, writeProblemMemory } = await import("../output/state.ts");
  const { directory, mode } = output;
  const damaged: string[] = [];
  const isWhole = job.line.outcome !== "failed";
  const logging = { log: job.log, now: job.now(), offering: job.config.uuid, isWhole };
  const known =
    withoutFailing(() => readProblemMemory(directory, mode, damaged), job.log) ?? new Map<string, number>();
  noteDamaged(job, damaged);
  const next = logProblems(job.ledger.foundOf(job.config.uuid), known, logging);
  withoutFailing(() => writeProblemMemory(output, next), job.log);
}

/** What a failure of this costs is a warning too many. */
function withoutFailing<Result>(remember: () => Result, log: Log): Result | undefined {
  try {
    return remember();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.debug("the memory of problems cannot be used", { reason: error.message });
    return undefined;
  }
}
