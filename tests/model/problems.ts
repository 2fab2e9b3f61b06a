// What a run and `status` must show of the problems that a report lists one by one: up to three resources with the same
// cause have a line each, and more of them share one with their number. The rule is written here once more, so that
// the program is not held to itself.

import type { Problem } from "../../lib/report/report.ts";
import type { OfferingStatus, ProblemStatus } from "../../lib/status/report.ts";

/** As many resources of one kind have a line each. */
const MOST_APART = 3;

/** Problems that are one kind, in the words of a line that they share. */
type Kind = { about: Problem; words: string; resources: ReadonlySet<string> };

/** @param met those of the report, which has every one */
export function complaintsOfProblems(
  shown: readonly Pick<OfferingStatus, "uuid" | "problems">[],
  met: readonly Problem[],
): string[] {
  const expected = [...apart(met), ...shared(met)].map(lineOf);
  const found = shown.flatMap(({ uuid, problems }) =>
    problems.map((problem) => lineOf({ ...withoutNull(problem), offering: uuid })),
  );
  // One problem may be met twice in a pass, as that of an order and of the one that is owed its file.
  const [lost, invented] = [minus(expected, found), minus(found, expected)];
  const twice = found.filter((line, at) => found.indexOf(line) !== at);
  return [
    ...(lost.length + invented.length === 0
      ? []
      : [`problems are ${[...new Set(expected)].join(", ")}, and shown ${found.join(", ")}`]),
    ...twice.map((line) => `the problem ${line} is shown twice`),
  ];
}

/** Lines of the log for many resources have the right number, and examples that are some of them. */
export function complaintsOfLines(stderr: string, met: readonly Problem[]): string[] {
  const kinds = kindsOf(met).filter(isShared);
  return stderr
    .split("\n")
    .filter((line) => / resources=\d+ examples=/.test(line))
    .flatMap((line) => {
      const of = kinds.find(
        ({ about: { code, offering }, words }) =>
          line.includes(` ${words} code=${code} `) && line.includes(` offering=${offering} `),
      );
      return of === undefined
        ? [`no such problems are in the report: ${line}`]
        : ofExamples(line, of.resources);
    });
}

function ofExamples(line: string, resources: ReadonlySet<string>): string[] {
  const [, number, text = ""] = / resources=(\d+) examples=(?:"([^"]*)")?/.exec(line) ?? [];
  const named: string[] = text.match(/[0-9a-f]{32}/g) ?? [];
  const isRight =
    named.length === MOST_APART &&
    new Set(named).size === MOST_APART &&
    named.every((uuid) => resources.has(uuid));
  return [
    ...(Number(number) === resources.size
      ? []
      : [`a line has ${number} resources, not ${resources.size}: ${line}`]),
    ...(isRight ? [] : [`the examples are not ${MOST_APART} of its resources: ${line}`]),
  ];
}

function isShared({ resources }: Kind): boolean {
  return resources.size > MOST_APART;
}

function isOfResource({ order, resource }: Problem): boolean {
  return order === undefined && resource !== undefined;
}

function apart(met: readonly Problem[]): Problem[] {
  const few = kindsOf(met).filter((kind) => !isShared(kind));
  const isFew = (problem: Problem) => few.some(({ about }) => kindOf(about) === kindOf(problem));
  return met.filter((problem) => !isOfResource(problem) || isFew(problem));
}

function shared(met: readonly Problem[]): Problem[] {
  return kindsOf(met)
    .filter(isShared)
    .map(({ about: { resource: _, ...about }, words, resources }) => ({
      ...{ ...about, message: words },
      count: resources.size,
    }));
}

function kindsOf(met: readonly Problem[]): Kind[] {
  return [...Map.groupBy(met.filter(isOfResource), kindOf).values()].flatMap((all) =>
    all.slice(0, 1).map((about) => ({
      about,
      words: wordsOf(about),
      resources: new Set(all.map(({ resource = "" }) => resource)),
    })),
  );
}

function kindOf(problem: Problem): string {
  const { code, offering, field } = problem;
  return JSON.stringify([code, offering, field, wordsOf(problem)]);
}

function wordsOf({ message, resource }: Problem): string {
  return resource === undefined ? message : message.split(resource).join("…");
}

function lineOf({ code, offering, order, resource, field, message, count = 1 }: Problem): string {
  return [code, offering, order, resource, field, message, count].map((part) => part ?? "").join("|");
}

function withoutNull({ code, message, count, ...more }: ProblemStatus): Problem {
  const { order, resource, field } = more;
  return {
    ...{ code, message, count },
    ...(order === null ? {} : { order }),
    ...(resource === null ? {} : { resource }),
    ...(field === null ? {} : { field }),
  };
}

function minus(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((line) => !others.includes(line));
}
