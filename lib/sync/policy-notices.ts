// What the site's policy speaks of in a whole list, counted, with a few examples: one line each, however many there
// are.

import type { MappingProblem, StorageSource } from "../storage/document.ts";
import type { ListingProblem } from "./findings.ts";

export type PolicyNotices = {
  /** A published mount point that is not below the roots. */
  outside(path: string): void;
  /** What the mapper warned of an entry. */
  warned(resource: string, warnings: readonly MappingProblem[]): void;
  /** The GID that a project was published with. */
  gid(gid: number, project: StorageSource["project"]): void;
  all(): ListingProblem[];
};

const EXAMPLES = 10;

export function createPolicyNotices(): PolicyNotices {
  const outside = { count: 0, examples: [] as string[] };
  const above = { count: 0, examples: [] as string[] };
  /** By GID: the projects that have it, the first of them as it came, for most GIDs have one. */
  const projects = new Map<number, StorageSource["project"] | Map<string, string>>();
  const note = (tally: typeof outside, example: () => string) => {
    if (tally.count++ < EXAMPLES) tally.examples.push(example());
  };
  return {
    outside: (path) => note(outside, () => path),
    warned(resource, warnings) {
      const [first] = warnings;
      if (first !== undefined) note(above, () => `${resource} (${first.message})`);
    },
    gid(gid, project) {
      const first = projects.get(gid);
      if (first === undefined) projects.set(gid, { ...project });
      else if (first instanceof Map) first.set(project.uuid, project.slug);
      else if (first.uuid !== project.uuid)
        projects.set(gid, new Map([first, project].map(({ uuid, slug }) => [uuid, slug])));
    },
    all: () => [...mountsOutside(outside), ...quotasAbove(above), ...gidsShared(projects)],
  };
}

function gidsShared(
  projects: ReadonlyMap<number, StorageSource["project"] | Map<string, string>>,
): ListingProblem[] {
  const shared = [...projects].flatMap(([gid, by]) =>
    by instanceof Map ? [`${gid} (${[...by.values()].slice(0, EXAMPLES).join(", ")})`] : [],
  );
  if (shared.length === 0) return [];
  const what = shared.length === 1 ? "1 GID is that" : `${shared.length} GIDs are each that`;
  return [
    {
      code: "gid-shared",
      message: `${what} of several projects, which can read each other's data: ${shared.slice(0, EXAMPLES).join(", ")}`,
      hint: "give each project a GID of its own where the GIDs come from",
    },
  ];
}

type Tally = { count: number; examples: readonly string[] };

function mountsOutside({ count, examples }: Tally): ListingProblem[] {
  if (count === 0) return [];
  const what = count === 1 ? "1 published mount point is" : `${count} published mount points are`;
  return [
    {
      code: "mounts-outside",
      message: `${what} outside mount_roots; kept: ${examples.join(", ")}`,
      hint: "add the directories above them to mount_roots; new mount points there are refused",
    },
  ];
}

function quotasAbove({ count, examples }: Tally): ListingProblem[] {
  if (count === 0) return [];
  const what = count === 1 ? "1 resource has quotas" : `${count} resources have quotas`;
  return [
    {
      code: "quotas-above-limit",
      message: `${what} above what is billed: ${examples.join(", ")}`,
      hint: "quota_options: limit refuses them, quota_options: trust accepts them without a warning",
    },
  ];
}
