// Logs what was left out: as a warning when it is new or a day old, else at info, so that cron does not mail one bad
// field 1 440 times a day (docs/contract.md, "Logs").

import { isKin } from "./joined.ts";
import type { Log } from "./log.ts";
import { type More, noticeKey, type Problem, problemKey } from "./report.ts";

/** What is remembered of a problem or a notice. Times are in milliseconds. */
export type Remembered = {
  /** When it was last logged as a warning. */
  warnedAt: number;
  /** When it was first met. */
  since: number;
  /** What it said; undefined where a version wrote this that did not keep it. */
  known?: KnownProblem | undefined;
};

/** A problem for `status`, between two runs. */
export type KnownProblem = Problem & {
  /** Nothing was left out for it. */
  isNotice?: boolean;
};

/** By the hash of its key and the offering. */
export type ProblemMemory = ReadonlyMap<string, Remembered>;

/** What is to be logged; `more` counts what is beyond the lines that one kind may have. */
export type Reported = { problems: readonly Problem[]; notices?: readonly Problem[]; more?: readonly More[] };

const WARN_AGAIN_MS = 24 * 3600 * 1000;

/**
 * Logs the problems of one offering; returns the memory for the next run, without those that are over. Offerings that
 * share a directory share the memory, so what it holds of others stays in it; so does what it holds of this one after a
 * run that was not through (`isWhole` false), and may not have met every problem.
 */
export function logProblems(
  found: Reported,
  memory: ProblemMemory,
  { log, now, offering, isWhole = true }: { log: Log; now: Date; offering?: string; isWhole?: boolean },
): ProblemMemory {
  const place = offering === undefined ? "" : `@${offering}`;
  const next = new Map(
    [...memory].filter(([key, { warnedAt }]) => (!isWhole || !key.endsWith(place)) && isKept(warnedAt, now)),
  );
  const nowMs = now.getTime();
  for (const { problem, key: text, isNotice, count } of keyed(found)) {
    const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex");
    const key = `${hash.slice(0, 32)}${place}`;
    const own = memory.get(key);
    const kin = own === undefined && !isNotice ? kinOf(problem, memory) : [];
    const before = own ?? asOne(kin, problem);
    const age = before === undefined ? Number.POSITIVE_INFINITY : nowMs - before.warnedAt;
    // A clock that was set back must not silence a problem for longer than a day.
    const isDue = age >= WARN_AGAIN_MS || age < -WARN_AGAIN_MS;
    const since = Math.min(before?.since ?? nowMs, nowMs);
    logProblem(problem, { level: isDue ? "warn" : "info", log, since: before === undefined ? null : since });
    // Only a run that was not through leaves any here: the line of many has this one, or has taken its place.
    const left = kin.filter(([key]) => next.has(key));
    const warnedAt = isDue ? nowMs : (before?.warnedAt ?? nowMs);
    if (problem.examples !== undefined) for (const [key] of left) next.delete(key);
    else if (left.length > 0) {
      for (const [key, many] of left) next.set(key, { ...many, warnedAt });
      continue;
    }
    const most = isWhole ? 0 : (own?.known?.count ?? 0);
    next.set(key, {
      warnedAt,
      since,
      known: {
        ...withoutExamples(problem),
        ...(problem.count === undefined ? {} : { count: Math.max(problem.count, most) }),
        ...(isNotice ? { isNotice } : {}),
        ...(count === undefined ? {} : { count }),
      },
    });
  }
  return next;
}

/** What is remembered of the same cause, where another number of resources had it and so other lines. */
function kinOf(problem: Problem, memory: ProblemMemory): [string, Remembered][] {
  return [...memory].filter(
    ([, { known }]) => known !== undefined && !known.isNotice && isKin(problem, known),
  );
}

/** Fewer resources with a known cause are nothing new; more of them are a warning, with the time of the first. */
function asOne(kin: readonly [string, Remembered][], { examples }: Problem): Remembered | undefined {
  if (kin.length === 0) return undefined;
  const all = kin.map(([, remembered]) => remembered);
  const warnedAt =
    examples === undefined ? Math.max(...all.map(({ warnedAt }) => warnedAt)) : Number.NEGATIVE_INFINITY;
  return { warnedAt, since: Math.min(...all.map(({ since }) => since)) };
}

/** Which ones they are may change from run to run, and a steady run writes nothing. */
function withoutExamples({ examples: _, ...problem }: Problem): Problem {
  return problem;
}

type Keyed = {
  problem: Problem;
  key: string;
  isNotice: boolean;
  /** Of those that have no line of their own. */
  count?: number;
};

function keyed({ problems, notices = [], more = [] }: Reported): Keyed[] {
  return [
    ...problems.map((problem) => ({ problem, key: problemKey(problem), isNotice: false })),
    ...notices.map((notice) => ({ problem: notice, key: noticeKey(notice), isNotice: true })),
    // Another number is another line: the ones beyond it are known by their number only.
    ...more.map((some) => {
      const problem = problemOfMore(some);
      return { problem, key: `more|${problemKey(problem)}`, isNotice: false, count: some.count };
    }),
  ];
}

/** Another offering's problem that lasts is warned of, and so remembered again, once a day; an older one is over. */
function isKept(warnedAt: number, now: Date): boolean {
  return Math.abs(now.getTime() - warnedAt) < 2 * WARN_AGAIN_MS;
}

/** Logs all of it, at one level. */
export function logFound(
  { problems, notices = [], more = [] }: Reported,
  level: "error" | "warn",
  log: Log,
): void {
  for (const problem of [...problems, ...notices, ...more.map(problemOfMore)])
    logProblem(problem, { level, log, since: null });
}

function problemOfMore({ code, offering, count }: More): Problem {
  const message = `and ${count} more; \`--json\` lists all`;
  return { code, ...(offering === undefined ? {} : { offering }), message };
}

type Line = {
  level: "error" | "warn" | "info";
  log: Log;
  /** null where it was not known before. */
  since: number | null;
};

/** One line for one problem, with its hint. */
function logProblem(problem: Problem, { level, log, since }: Line): void {
  const { code, offering, order, resource, field, message, hint, count, examples } = problem;
  log[level](message, {
    ...{ code, offering, order, resource },
    ...shownNames(problem),
    resources: count,
    examples: examples?.join(", "),
    field,
    since: since === null ? undefined : new Date(since).toISOString(),
    hint,
  });
}

/** The names of resource and project as a line of the log has them. */
export function shownNames({ resourceName, project }: Pick<Problem, "resourceName" | "project">) {
  return { name: resourceName, project };
}
