// From pages of Waldur rows to entries in a draft, as they arrive: nothing of a page outlives it but 16 bytes for each
// uuid and a record for each mount point. A list that moved starts the draft anew.

import { AnswerError } from "../errors.ts";
import { dateWithOffset } from "../output/names.ts";
import type { Draft } from "../output/snapshot.ts";
import type { Problem } from "../report/report.ts";
import type { Job } from "../run/job.ts";
import type { StorageResource } from "../storage/document.ts";
import { createMountIndex, type MountIndex } from "../storage/mount-index.ts";
import { sourceOf } from "../storage/source.ts";
import { documentFrame, entriesText } from "../storage/text.ts";
import { RESOURCES_PATH } from "../waldur/offering.ts";
import { countList, ListMoved, MOST_EXPECTED, readList } from "../waldur/pages.ts";
import { isFault, parseResource, parseUuid, resourceFields } from "../waldur/wire.ts";
import type { Ground } from "./survey.ts";

/** Every state in which a resource exists; Terminated is the only other one that Waldur has. */
const LIVE_STATES = ["Creating", "OK", "Updating", "Terminating", "Erred"] as const;

/** Left to itself the collector lets the heap of a long list grow to twice its size; this costs a fifteenth of the time. */
const COLLECT_EACH_PAGES = 16;

type ListingProblem = Omit<Problem, "offering">;

export type Listing = {
  /** Reads the whole list into the draft; returns how many live resources the server has. */
  read(): Promise<number>;
  /** When the try that counts began; `meta.date` and the minute of the snapshot. */
  readonly startedAt: Date;
  readonly problems: readonly ListingProblem[];
  /** Resources that became a problem, and so are not in the draft. */
  readonly leftOut: ReadonlySet<string>;
  readonly mountPoints: MountIndex;
  /** Writes an entry of an earlier snapshot into the draft, unless its mount point is taken: then by whom. */
  carry(entry: { itemId: string; mountPoint: string; text: string }): string | null;
  addProblem(problem: ListingProblem): void;
};

export function createListing(job: Job, ground: Ground, draft: Draft): Listing {
  const mountPoints = createMountIndex();
  const leftOut = new Set<string>();
  const problems: ListingProblem[] = [];
  let startedAt = job.now();
  let terminated = 0;
  let pages = 0;
  const query = { offering_uuid: job.config.uuid, visible_to_providers: "true" };
  const countTerminated = () =>
    countList(job.reader, RESOURCES_PATH, { ...query, state: "Terminated" }, "resource");

  const leaveOut = (uuid: string, found: readonly ListingProblem[]) => {
    leftOut.add(uuid);
    for (const problem of found) problems.push({ ...problem, resource: uuid });
  };
  const mapRow = (row: unknown): StorageResource | null => {
    const resource = parseResource(row);
    if (isFault(resource)) {
      leaveOut(parseUuid(row, "a resource"), [{ code: "bad-answer", ...describeFault(resource.fault) }]);
      return null;
    }
    refuseTerminated(resource);
    const mapped = ground.mapper.mapResource(sourceOf(resource, ground.projects?.get(resource.projectUuid)));
    if (!mapped.ok) {
      leaveOut(resource.uuid, mapped.problems);
      return null;
    }
    const holder = mountPoints.claim(mapped.entry.mountPoint.default, resource.uuid);
    if (holder === null) return mapped.entry;
    leaveOut(resource.uuid, [mountClash(mapped.entry.mountPoint.default, resource.uuid, holder)]);
    return null;
  };

  return {
    read: () =>
      readList(
        job.reader,
        {
          path: RESOURCES_PATH,
          query: { ...query, state: LIVE_STATES, field: resourceFields(ground.projects === null) },
          what: "resource",
          parallel: job.config.settings.parallelRequests,
        },
        {
          async begin() {
            startedAt = job.now();
            pages = 0;
            leftOut.clear();
            problems.length = 0;
            draft.restart(documentFrame(metaOf(job, ground, startedAt)));
            terminated = await countTerminated();
          },
          page(rows, progress) {
            if (pages === 0) mountPoints.clear(Math.min(progress.count, MOST_EXPECTED));
            const entries = rows.map(mapRow).filter((entry) => entry !== null);
            if (entries.length > 0) draft.add(entriesText(entries), entries.length);
            if (++pages % COLLECT_EACH_PAGES === 0) Bun.gc(true);
            job.progress.show(`${job.config.name}: ${progress.seen} of ${progress.count} resources`);
          },
          async end(count) {
            const after = await countTerminated();
            if (after !== terminated) {
              throw new ListMoved(`${Math.abs(after - terminated)} resources were terminated meanwhile`);
            }
            warnOfUnknownStates(ground.wholeCount, count + terminated, job);
          },
        },
      ),
    get startedAt() {
      return startedAt;
    },
    problems,
    leftOut,
    mountPoints,
    carry(entry) {
      const holder = mountPoints.claim(entry.mountPoint, entry.itemId);
      if (holder === null) draft.add(entry.text, 1);
      return holder;
    },
    addProblem: (problem) => problems.push(problem),
  };
}

function metaOf(job: Job, ground: Ground, startedAt: Date) {
  return {
    date: dateWithOffset(startedAt, job.timezone),
    appVersion: job.version,
    offering: { uuid: ground.offering.uuid, slug: ground.offering.slug },
  };
}

/** A server that ignores the filter by state would make us publish what is gone. */
function refuseTerminated(resource: { uuid: string; state: string }): void {
  if (resource.state !== "Terminated") return;
  throw new AnswerError(`GET ${RESOURCES_PATH} gave the terminated resource ${resource.uuid} unasked`, {
    hint: "this server seems to ignore the filter by state; nothing was published",
  });
}

function describeFault(fault: { field: string; message: string }) {
  return { field: fault.field, message: `Waldur's answer is unusable: ${fault.field} ${fault.message}` };
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
export function carriedClash(entry: { itemId: string; mountPoint: string }, holder: string): ListingProblem {
  return {
    ...mountClash(entry.mountPoint, entry.itemId, holder),
    message: `the last entry of resource ${entry.itemId} is not carried over: resource ${holder} has its mount point ${entry.mountPoint} now`,
  };
}

function warnOfUnknownStates(wholeCount: number | null, known: number, job: Job): void {
  if (wholeCount === null || wholeCount <= known) return;
  job.log.warn(
    `${wholeCount - known} resources are in a state that this program does not know; they are not in the snapshot`,
    { offering: job.config.uuid },
  );
}
