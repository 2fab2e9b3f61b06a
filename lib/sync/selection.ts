// Which resources of a list get an entry: those that map and whose mount point nobody older has. The others are left out
// and told.

import { AnswerError } from "../errors.ts";
import type { Problem } from "../report/report.ts";
import type { StorageResource } from "../storage/document.ts";
import { createMountIndex, type MountIndex } from "../storage/mount-index.ts";
import type { ScannedEntry } from "../storage/scan.ts";
import { sourceOf } from "../storage/source.ts";
import { RESOURCES_PATH } from "../waldur/offering.ts";
import { isFault, parseUuid } from "../waldur/wire.ts";
import { parseResource, type WaldurResource } from "../waldur/wire-resource.ts";
import type { Ground } from "./survey.ts";

type ListingProblem = Omit<Problem, "offering">;

export type Selection = {
  /** Forgets everything; `expected` resources are to come. */
  restart(expected: number): void;
  /** The entries of a page, in its order. */
  select(rows: readonly unknown[]): StorageResource[];
  /** Whether an entry of the last snapshot may stand in for its resource; it may not when its mount point is taken. */
  accept(entry: ScannedEntry): boolean;
  readonly problems: readonly ListingProblem[];
  /** Resources that became a problem, and so have no entry of their own. */
  readonly leftOut: ReadonlySet<string>;
  readonly mountPoints: MountIndex;
};

export function createSelection(ground: Ground): Selection {
  const mountPoints = createMountIndex();
  const leftOut = new Set<string>();
  const problems: ListingProblem[] = [];

  const leaveOut = (uuid: string, found: readonly ListingProblem[]): null => {
    leftOut.add(uuid);
    for (const problem of found) problems.push({ ...problem, resource: uuid });
    return null;
  };
  const selectRow = (row: unknown): StorageResource | null => {
    const resource = parseResource(row);
    if (isFault(resource)) return leaveOut(parseUuid(row, "a resource"), [unusable(resource.fault)]);
    refuseTerminated(resource);
    const mapped = ground.mapper.mapResource(
      sourceOf(resource, ground.projects?.get(resource.projectUuid), ground.unconsented),
    );
    if (!mapped.ok) return leaveOut(resource.uuid, mapped.problems);
    const mountPoint = mapped.entry.mountPoint.default;
    const holder = mountPoints.claim(mountPoint, resource.uuid);
    if (holder === null) return mapped.entry;
    return leaveOut(resource.uuid, [mountClash(mountPoint, resource.uuid, holder)]);
  };

  return {
    restart(expected) {
      mountPoints.clear(expected);
      leftOut.clear();
      problems.length = 0;
    },
    select: (rows) => rows.map(selectRow).filter((entry) => entry !== null),
    accept(entry) {
      const holder = mountPoints.claim(entry.mountPoint, entry.itemId);
      if (holder !== null) problems.push(carriedClash(entry, holder));
      return holder === null;
    },
    problems,
    leftOut,
    mountPoints,
  };
}

/** A server that ignores the filter by state would make us publish what is gone. */
function refuseTerminated(resource: WaldurResource): void {
  if (resource.state !== "Terminated") return;
  throw new AnswerError(`GET ${RESOURCES_PATH} gave the terminated resource ${resource.uuid} unasked`, {
    hint: "this server seems to ignore the filter by state; nothing was published",
  });
}

function unusable(fault: { field: string; message: string }): ListingProblem {
  return {
    code: "bad-answer",
    field: fault.field,
    message: `Waldur's answer is unusable: ${fault.field} ${fault.message}`,
  };
}

/** Two live items with one path: the provisioner would give one tenant the files of another. */
function mountClash(mountPoint: string, uuid: string, holder: string): ListingProblem {
  return {
    code: "mount-clash",
    resource: uuid,
    field: "slug",
    message: `resource ${uuid} has the mount point ${mountPoint}, which resource ${holder} holds`,
    hint: "slugs are not unique in Waldur; give one of the two another slug",
  };
}

/** An entry of the last snapshot that cannot be carried over. */
function carriedClash(entry: ScannedEntry, holder: string): ListingProblem {
  return {
    ...mountClash(entry.mountPoint, entry.itemId, holder),
    message: `the last entry of resource ${entry.itemId} is not carried over: resource ${holder} has its mount point ${entry.mountPoint} now`,
  };
}
