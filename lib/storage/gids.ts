// The GIDs of projects as the mapper asks for them, whatever their source. A source that does not answer never comes so
// far: then the run has ended, for "not known" must not read as "has none".

import type { MappingProblem } from "./document.ts";

export type GidProject = { uuid: string; slug: string };

export type ProjectGids = {
  /** null: the project has none. The number is judged by the policy of the site. */
  of(project: GidProject): number | null;
  /** What to say of a project without one. */
  lacking(project: GidProject): MappingProblem;
  /** The field at fault when the GID may not be published. */
  field: string;
  /** A project gets its first one when the order for its first resource is accepted. */
  comesWithAcceptance: boolean;
};

/** `mayLack`: nothing is wrong when this one has none yet. */
export type GidQuestion = GidProject & { mayLack: boolean };

/** A source that is queried during the run. Each method that queries it throws where there is no answer. */
export type LiveGids = ProjectGids & {
  /** Queries those of these projects that were not queried yet. */
  learn(projects: readonly GidQuestion[]): Promise<void>;
  /** Queries one that had none once more. */
  learnAgain(project: GidProject): Promise<void>;
};
