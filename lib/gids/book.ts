// What a source said of the projects that it was asked about, each once in a run. A source that gives no GID at all,
// though it has given one before, is not taken at its word: a dead directory looks like one without groups.

import { AppError, InterruptedError, RefusedError, RetryLaterError } from "../errors.ts";
import type { MappingProblem } from "../storage/document.ts";
import type { GidProject, GidQuestion, LiveGids } from "../storage/gids.ts";
import type { GidSource, SourceGids } from "./source.ts";

/** Keys that are known to have had a GID; with several, one group that was removed is no outage. */
const MOST_WITNESSES = 3;

export type GidBook = LiveGids & {
  /** Some that have a GID now, for the next run; those given where none was found. */
  witnesses(): readonly string[];
  /** Of the projects that were asked about, each once. */
  counts(): { asked: number; found: number; without: readonly string[] };
  /** What is wrong with the source, where it is nothing of a single project. */
  finding(): MappingProblem | null;
};

/** @param before keys that had a GID in an earlier run */
export function openBook(source: GidSource, before: readonly string[]): GidBook {
  const known = new Map<string, number | null | undefined>();
  const asked = new Map<string, GidQuestion>();
  let isRead = false;
  const hasGid = (key: string) => typeof known.get(key) === "number";
  const witnessesNow = () => {
    const found = [...known.keys()].filter(hasGid).slice(0, MOST_WITNESSES);
    return found.length === 0 ? before : found;
  };
  const ask = async (keys: readonly string[]): Promise<void> => {
    const witnesses = witnessesNow();
    const all = [...new Set([...keys, ...witnesses])];
    const found = await source.fetch(all).catch((error: unknown) => {
      throw unanswered(error);
    });
    if (witnesses.length > 0 && !givesAny(found)) throw lost(source, witnesses);
    isRead = true;
    const names = source.isWhole ? new Set([...all, ...found.keys()]) : all;
    for (const key of names) known.set(key, found.get(key));
  };
  const isEmpty = () => isRead && ![...known.values()].some((gid) => gid !== undefined);
  const lacking = (project: GidProject) => {
    const entry = known.get(source.keyOf(project) ?? "") === null;
    return source.lacking(project, { entry, isEmpty: isEmpty() });
  };
  const isLacking = (project: GidProject) => !hasGid(source.keyOf(project) ?? "");
  return {
    field: source.field,
    comesWithAcceptance: source.comesWithAcceptance,
    lacking,
    async learn(projects) {
      for (const project of projects) {
        const same = asked.get(project.uuid);
        if (same === undefined || !project.mayLack) asked.set(project.uuid, project);
      }
      const keys = new Set(projects.map((project) => source.keyOf(project)).filter((key) => key !== null));
      const unknown = [...keys].filter((key) => !known.has(key));
      if (unknown.length === 0) return;
      if (!source.isWhole || !isRead) await ask(unknown);
      else for (const key of unknown) known.set(key, undefined);
    },
    async learnAgain(project) {
      const key = source.keyOf(project);
      if (key !== null && !hasGid(key)) await ask([key]);
    },
    of(project) {
      const key = source.keyOf(project);
      if (key === null) return null;
      if (!known.has(key)) throw new Error(`the GID of project ${project.uuid} was not asked for`);
      return known.get(key) ?? null;
    },
    witnesses: witnessesNow,
    counts() {
      const without = [...asked.values()].filter(isLacking);
      return {
        asked: asked.size,
        found: asked.size - without.length,
        without: without.map(({ slug }) => slug),
      };
    },
    finding() {
      const first = [...asked.values()].find((one) => !one.mayLack && isLacking(one));
      if (first === undefined) return null;
      const problem = lacking(first);
      return problem.code === "no-gid" ? null : problem;
    },
  };
}

function givesAny(found: SourceGids): boolean {
  return [...found.values()].some((gid) => gid !== null);
}

function lost({ field, lostHint }: GidSource, witnesses: readonly string[]): RetryLaterError {
  const few = witnesses.map((key) => JSON.stringify(key)).join(", ");
  return new RetryLaterError(`the source of GIDs (${field}) has none at all, but had one for ${few} before`, {
    code: "gids",
    hint: lostHint,
  });
}

/** No order and no resource is at fault for it, so the pass ends. What concerns Waldur itself is known as that. */
function unanswered(error: unknown): unknown {
  if (!(error instanceof AppError) || error instanceof InterruptedError) return error;
  if (error instanceof RetryLaterError || (error instanceof RefusedError && error.status === 401))
    return error;
  return sourceUnavailable(error);
}

/** The same words, as a source that does not answer. */
export function sourceUnavailable(error: AppError): RetryLaterError {
  const { message, hint } = error;
  return new RetryLaterError(`the GIDs of the projects cannot be read: ${message}`, {
    code: "gids",
    cause: error,
    hint,
  });
}
