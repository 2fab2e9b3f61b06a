// Problems of many resources with one cause, such as a component that is misspelt in the configuration: all say the
// same, so one line with their number and a few examples replaces them. Only lines are joined; a report that keeps
// every problem keeps these, too.

import type { Problem } from "./report.ts";

/** So many have a line each, and so many are the examples of the line that takes their place when there are more. */
const EXAMPLES = 3;

/** `replaces`: lines that are in this one from now on. */
export type Joined = { line: Problem; replaces: readonly Problem[] };

export type Joiner = {
  /** The line that has the problem now; null where it may have one of its own. */
  join(problem: Problem): Joined | null;
  /** The problem got this line. */
  gotLine(problem: Problem, line: Problem): void;
};

/** Remembers those alone that have lines, of which there are not many. */
export function createJoiner(): Joiner {
  // By their common words; isAlike compares the rest.
  const groups = new Map<string, Problem[][]>();
  const groupOf = (problem: Problem): Problem[] | undefined =>
    groups.get(commonWords(problem))?.find(([first]) => first !== undefined && isAlike(first, problem));
  return {
    join(problem) {
      const lines = canJoin(problem) ? groupOf(problem) : undefined;
      const first = lines?.[0];
      if (lines === undefined || first === undefined) return null;
      // The same text, so that a report of all of them has it in memory once.
      if (first.message === problem.message) problem.message = first.message;
      if (isJoined(first)) {
        first.count = numberOf(first) + numberOf(problem);
        return { line: first, replaces: [] };
      }
      if (lines.length < EXAMPLES && !isJoined(problem)) return null;
      const line = joinLines(first, [...lines.slice(1), problem]);
      const replaces = lines.splice(0, lines.length, line);
      return { line, replaces };
    },
    gotLine(problem, line) {
      if (!canJoin(problem)) return;
      const lines = groupOf(problem);
      const words = commonWords(problem);
      if (lines === undefined) groups.set(words, [...(groups.get(words) ?? []), [line]]);
      else lines.push(line);
    },
  };
}

/** They have the same cause, and one is the line of many resources, the other that of one. */
export function isKin(one: Problem, other: Problem): boolean {
  const [many, single] = isOfMany(one) ? [one, other] : [other, one];
  if (!isOfMany(many) || single.resource === undefined || single.order !== undefined) return false;
  return isAlike(many, single) && many.message === commonWords(single);
}

/** Also where it is remembered, without its examples. */
function isOfMany({ order, resource, project, examples, count = 1 }: Problem): boolean {
  if (order !== undefined || resource !== undefined || project !== undefined) return false;
  return examples !== undefined || count > EXAMPLES;
}

/** Not one of an order, nor one that is not about a resource. */
function canJoin({ order, resource, examples }: Problem): boolean {
  return order === undefined && (resource !== undefined || examples !== undefined);
}

function isAlike(one: Problem, other: Problem): boolean {
  return one.code === other.code && one.offering === other.offering && one.field === other.field;
}

function commonWords({ message, resource }: Problem): string {
  return wordsWithout(message, resource);
}

function isJoined({ examples }: Problem): boolean {
  return examples !== undefined;
}

function numberOf({ count = 1 }: Problem): number {
  return count;
}

function joinLines(first: Problem, others: readonly Problem[]): Problem {
  const { resource, resourceName: _name, project: _project, ...line } = first;
  return {
    ...line,
    message: wordsWithout(first.message, resource),
    ...(first.hint === undefined ? {} : { hint: wordsWithout(first.hint, resource) }),
    count: others.reduce((sum, one) => sum + numberOf(one), numberOf(first)),
    examples: [first, ...others].flatMap(exampleOf).slice(0, EXAMPLES),
  };
}

function exampleOf({ resource, resourceName, examples }: Problem): readonly string[] {
  if (examples !== undefined) return examples;
  return resource === undefined
    ? []
    : [resourceName === undefined ? resource : `${resourceName} (${resource})`];
}

const UUID_LENGTH = 32;

/** The resource is another one in each of them. */
function wordsWithout(message: string, resource: string | undefined): string {
  return resource === undefined || resource.length < UUID_LENGTH
    ? message
    : message.replaceAll(resource, "…");
}
