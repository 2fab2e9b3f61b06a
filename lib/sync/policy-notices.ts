// What the site's policy speaks of in a whole list, counted, with a few examples: one line each, however many there are.

import type { MappingProblem } from "../storage/document.ts";
import type { ListingProblem } from "./findings.ts";

export type PolicyNotices = {
  /** A published mount point that is not below the roots. */
  outside(path: string): void;
  /** What the mapper warned of an entry. */
  warned(resource: string, warnings: readonly MappingProblem[]): void;
  all(): ListingProblem[];
};

const EXAMPLES = 10;

export function createPolicyNotices(): PolicyNotices {
  const outside = { count: 0, examples: [] as string[] };
  const above = { count: 0, examples: [] as string[] };
  const note = (tally: typeof outside, example: () => string) => {
    if (tally.count++ < EXAMPLES) tally.examples.push(example());
  };
  return {
    outside: (path) => note(outside, () => path),
    warned(resource, warnings) {
      const [first] = warnings;
      if (first !== undefined) note(above, () => `${resource} (${first.message})`);
    },
    all: () => [...mountsOutside(outside), ...quotasAbove(above)],
  };
}

type Tally = { count: number; examples: readonly string[] };

function mountsOutside({ count, examples }: Tally): ListingProblem[] {
  if (count === 0) return [];
  const what = count === 1 ? "1 published mount point is" : `${count} published mount points are`;
  return [
    {
      code: "mounts-outside",
      message: `${what} outside of mount_roots, and kept: ${examples.join(", ")}`,
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
      hint: "quota_options: limit refuses them, quota_options: trust accepts them in silence",
    },
  ];
}
