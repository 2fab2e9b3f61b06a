// Problems of one kind can be as many as there are resources, and a log with a line for each does not help. All are
// counted; those with one cause share a line, of each kind the first ones get one, and only a requested report keeps
// the others.

import { createJoiner, type Joined } from "./joined.ts";
import type { More, Problem } from "./report.ts";

/** Lines of one kind of problem, which is its code, in a run. */
export const MOST_LINES = 100;
/** Kinds that result from one form or one import, where one line is enough. */
const ONE_LINE: readonly string[] = ["decimal-permissions", "project-groups-off", "gid-pool-empty"];
/** What is wrong with a project is wrong with each of its resources: one line for the project, with their number. */
const BY_PROJECT: readonly string[] = ["no-gid"];

export type Tally = {
  /** False when it gets no line. */
  add(problem: Problem): boolean;
  /** Problems that another tally counted and did not keep. */
  addMore(more: readonly More[]): void;
  readonly size: number;
  /** Those that get a line; of one offering. */
  shown(offering: string): Problem[];
  /** Those that get none; of one offering, or of all. */
  more(offering?: string): More[];
  /** Every one that was kept, in the order in which they came. */
  kept(): readonly Problem[];
  /** Those that were not kept. */
  omitted(): readonly More[];
};

/** @param options `joins`: false where each problem is logged as it comes */
export function createTally(options: { keepsAll: boolean; joins?: boolean }): Tally {
  const { keepsAll, joins = true } = options;
  const joiner = createJoiner();
  const lines = new Map<string, number>();
  let shown: Problem[] = [];
  const projects = new Map<string, Problem>();
  const all: Problem[] = [];
  const more = new Map<string, More>();
  let size = 0;
  const count = ({ code, offering, count }: More): void => {
    const key = `${code}@${offering}`;
    const before = more.get(key)?.count ?? 0;
    more.set(key, { code, ...(offering === undefined ? {} : { offering }), count: before + count });
  };
  const replaceLines = ({ line, replaces }: Joined): void => {
    const [first] = replaces;
    if (first === undefined) return;
    shown = shown.flatMap((one) => (one === first ? [line] : replaces.includes(one) ? [] : [one]));
    lines.set(line.code, (lines.get(line.code) ?? 0) - replaces.length + 1);
  };
  return {
    add(problem) {
      size += problem.count ?? 1;
      if (keepsAll) all.push(problem);
      const project = projectKey(problem);
      const same = project === null ? undefined : projects.get(project);
      if (same !== undefined) {
        joinProject(same, problem);
        return false;
      }
      const joined = joins && project === null ? joiner.join(problem) : null;
      if (joined !== null) {
        replaceLines(joined);
        return false;
      }
      const before = lines.get(problem.code) ?? 0;
      if (before >= (ONE_LINE.includes(problem.code) ? 1 : MOST_LINES)) {
        const { code, offering } = problem;
        count({ code, ...(offering === undefined ? {} : { offering }), count: problem.count ?? 1 });
        return false;
      }
      lines.set(problem.code, before + 1);
      // A copy: the one that is kept for the report stays that of its resource.
      const line = { ...problem };
      if (project !== null) projects.set(project, line);
      else joiner.gotLine(problem, line);
      shown.push(line);
      return true;
    },
    addMore(others) {
      for (const other of others) {
        size += other.count;
        count(other);
      }
    },
    get size() {
      return size;
    },
    shown: (offering) => shown.filter((problem) => problem.offering === offering),
    more: (offering) =>
      [...more.values()].filter((one) => offering === undefined || one.offering === offering),
    kept: () => (keepsAll ? all : shown),
    omitted: () => (keepsAll ? [] : [...more.values()]),
  };
}

/** null for what gets a line of its own; one of an order always does. */
function projectKey({ code, offering, order, project, message }: Problem): string | null {
  if (!BY_PROJECT.includes(code) || order !== undefined) return null;
  return JSON.stringify([code, offering, project, message]);
}

function joinProject(line: Problem, { count = 1 }: Problem): void {
  line.count = (line.count ?? 1) + count;
  delete line.resource;
  delete line.resourceName;
}
