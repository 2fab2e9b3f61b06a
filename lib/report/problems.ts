// Saying what was left out: as a warning when it is new or a day old, else quietly, so that cron does not mail one bad
// field 1 440 times a day (docs/contract.md, "Logs").

import { createHash } from "node:crypto";
import type { Log } from "./log.ts";
import { type Problem, problemKey } from "./report.ts";

/** When each problem was last told as a warning, in milliseconds, by the hash of its key. */
export type ProblemMemory = ReadonlyMap<string, number>;

const WARN_AGAIN_MS = 24 * 3600 * 1000;

/** Logs the problems; returns the memory for the next run, which forgets what is over. */
export function logProblems(
  problems: readonly Problem[],
  memory: ProblemMemory,
  { log, now }: { log: Log; now: Date },
): ProblemMemory {
  const next = new Map<string, number>();
  for (const problem of problems) {
    const key = createHash("sha256").update(problemKey(problem)).digest("hex").slice(0, 32);
    const warnedAt = memory.get(key);
    const age = warnedAt === undefined ? Number.POSITIVE_INFINITY : now.getTime() - warnedAt;
    // A clock that was set back must not silence a problem for longer than a day.
    const isDue = age >= WARN_AGAIN_MS || age < -WARN_AGAIN_MS;
    logProblem(problem, isDue ? "warn" : "info", log);
    next.set(key, isDue ? now.getTime() : (warnedAt ?? now.getTime()));
  }
  return next;
}

/** One line for one problem, with its hint. */
export function logProblem(problem: Problem, level: "error" | "warn" | "info", log: Log): void {
  const { code, offering, order, resource, field, message, hint } = problem;
  log[level](message, { code, offering, order, resource, field, hint });
}
