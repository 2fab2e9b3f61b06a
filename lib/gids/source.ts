// What every source of GIDs is to the rest. For each project there are three answers: a GID, none, or an error, which
// means that the source does not answer and says nothing about any project.

import type { MappingProblem } from "../storage/document.ts";
import type { GidProject } from "../storage/gids.ts";

/** A GID as the source has it; null for a project that it knows without one. What is absent it does not know. */
export type SourceGids = ReadonlyMap<string, number | null>;

export type GidSource = {
  /** What the source is, and where: what was known of another one does not count. */
  id: string;
  /** By which a project is known there; null for one that cannot be. */
  keyOf(project: GidProject): string | null;
  /** True when every answer has all projects, not only the requested ones. */
  isWhole: boolean;
  /** @throws AppError when it does not answer, or with something that is not an answer */
  fetch(keys: readonly string[]): Promise<SourceGids>;
  /** The field of the problems about it. */
  field: string;
  comesWithAcceptance: boolean;
  /** A project without a GID: `has` of what the source knows of it, `isEmpty` when it knows no project at all. */
  lacking(project: GidProject, has: { entry: boolean; isEmpty: boolean }): MappingProblem;
  /** What to do when it gives nothing, where it gave GIDs before. */
  lostHint: string;
};
