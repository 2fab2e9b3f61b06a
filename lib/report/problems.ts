// Saying what was left out: as a warning when it is new or a day old, else quietly, so that cron does not mail one bad
// field 1 440 times a day (docs/contract.md, "Logs").

import type { Log } from "./log.ts";
import { noticeKey, type Problem, problemKey } from "./report.ts";
import type { More } from "./tally.ts";

/** When each problem was last logged as a warning, in milliseconds, by the hash of its key and the offering. */
export type ProblemMemory = ReadonlyMap<string, number>;

/** What is to be logged; `more` counts what is beyond the lines that one kind may have. */
export type Found = { problems: readonly Problem[]; notices?: readonly Problem[]; more?: readonly More[] };

const WARN_AGAIN_MS = 24 * 3600 * 1000;

/**
 * Logs the problems of one offering; returns the memory for the next run, which forgets what is over. Offerings that
 * share a directory share the memory, so what it holds of others stays in it; so does what it holds of this one after a
 * run that was not through (`isWhole` false), and may not have met every problem.
 */
export function logProblems(
  { problems, notices = [], more = [] }: Found,
  memory: ProblemMemory,
  { log, now, offering, isWhole = true }: { log: Log; now: Date; offering?: string; isWhole?: boolean },
): ProblemMemory {
  const place = offering === undefined ? "" : `@${offering}`;
  const next = new Map(
    [...memory].filter(([key, at]) => (!isWhole || !key.endsWith(place)) && isKept(at, now)),
  );
  const keyed = [
    ...problems.map((problem) => [problem, problemKey(problem)] as const),
    ...notices.map((notice) => [notice, noticeKey(notice)] as const),
    // Another number is another line: the ones beyond it are known by their number only.
    ...more.map((some) => [problemOfMore(some), `more|${problemKey(problemOfMore(some))}`] as const),
  ];
  for (const [problem, text] of keyed) {
    const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex");
    const key = `${hash.slice(0, 32)}${place}`;
    const warnedAt = memory.get(key);
    const age = warnedAt === undefined ? Number.POSITIVE_INFINITY : now.getTime() - warnedAt;
    // A clock that was set back must not silence a problem for longer than a day.
    const isDue = age >= WARN_AGAIN_MS || age < -WARN_AGAIN_MS;
    logProblem(problem, isDue ? "warn" : "info", log);
    next.set(key, isDue ? now.getTime() : (warnedAt ?? now.getTime()));
  }
  return next;
}

/** Another offering's problem that lasts is warned of, and so remembered anew, once a day; an older one is over. */
function isKept(warnedAt: number, now: Date): boolean {
  return Math.abs(now.getTime() - warnedAt) < 2 * WARN_AGAIN_MS;
}

/** Logs all of it, at one level. */
export function logFound(
  { problems, notices = [], more = [] }: Found,
  level: "error" | "warn",
  log: Log,
): void {
  for (const problem of [...problems, ...notices, ...more.map(problemOfMore)])
    logProblem(problem, level, log);
}

function problemOfMore({ code, offering, count }: More): Problem {
  const message = `and ${count} more; \`--json\` lists all`;
  return { code, ...(offering === undefined ? {} : { offering }), message };
}

/** One line for one problem, with its hint. */
function logProblem(problem: Problem, level: "error" | "warn" | "info", log: Log): void {
  const { code, offering, order, resource, field, message, hint } = problem;
  log[level](message, { code, offering, order, resource, field, hint });
}
