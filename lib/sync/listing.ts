// From pages of Waldur rows to a draft of the snapshot, as they arrive: nothing of a page outlives it but 16 bytes for
// each uuid and a record for each mount point. A list that moved starts the draft anew.

import { fullGC } from "bun:jsc";
import { dateWithOffset } from "../output/names.ts";
import type { Draft } from "../output/snapshot.ts";
import type { Job } from "../run/job.ts";
import type { StorageResource } from "../storage/document.ts";
import { documentFrame, entriesText } from "../storage/text.ts";
import { RESOURCES_PATH } from "../waldur/offering.ts";
import { countList, ListMoved, type ListVisitor, MOST_EXPECTED, readList } from "../waldur/pages.ts";
import { resourceFields } from "../waldur/wire-resource.ts";
import { createSelection, type Selection } from "./selection.ts";
import type { Ground } from "./survey.ts";

/** Every state in which a resource exists; Terminated is the only other one that Waldur has. */
const LIVE_STATES = ["Creating", "OK", "Updating", "Terminating", "Erred"] as const;

/**
 * Left to itself the collector lets the heap of a long list grow to twice its size. `Bun.gc` would also hand pages of memory
 * back to the kernel each time, only to take them again for the next rows: twice the time for a full collection.
 */
const COLLECT_EACH_PAGES = 4;

/**
 * How reluctant the runtime is to compile; 1 is its own way, and the build starts with more (scripts/compile.ts). A long
 * list pays for compiled code: a million resources take a tenth less time, for one to three MB.
 */
const JIT_POLICY = 10;

/** The text of a whole page is 600 kB, and lives several times at once; a third of it stays in the cache of a core. */
const ENTRIES_AT_ONCE = 100;

export type Listing = {
  /** Live resources that the server has. */
  count: number;
  /** When the try that counts began; `meta.date` and the minute of the snapshot. */
  startedAt: Date;
  selection: Selection;
};

/** Reads the whole list into the draft. */
export async function readListing(job: Job, ground: Ground, draft: Draft): Promise<Listing> {
  Bun.unsafe.setJITPolicy(JIT_POLICY);
  const selection = createSelection(ground);
  let startedAt = job.now();
  const begin = () => {
    startedAt = job.now();
    draft.restart(documentFrame(metaOf(job, ground, startedAt)));
  };
  const query = { offering_uuid: job.config.uuid, visible_to_providers: "true" };
  const count = await readList(
    job.reader,
    {
      path: RESOURCES_PATH,
      query: { ...query, state: LIVE_STATES, field: resourceFields(ground.hasSlugs) },
      what: "resource",
      parallel: job.config.settings.parallelRequests,
    },
    visitorOf({ job, ground, draft, selection, begin, query }),
  );
  return { count, startedAt, selection };
}

type Visit = {
  job: Job;
  ground: Ground;
  draft: Draft;
  selection: Selection;
  begin: () => void;
  query: Readonly<Record<string, string>>;
};

function visitorOf({ job, ground, draft, selection, begin, query }: Visit): ListVisitor {
  const countTerminated = () =>
    countList(job.reader, RESOURCES_PATH, { ...query, state: "Terminated" }, "resource");
  let terminated = 0;
  let pages = 0;
  return {
    async begin() {
      begin();
      pages = 0;
      terminated = await countTerminated();
    },
    beforePage: (rows) => ground.knowProjects(rows),
    page(rows, progress) {
      if (pages === 0) selection.restart(Math.min(progress.count, MOST_EXPECTED));
      const entries = selection.select(rows);
      addEntries(entries, draft);
      if (++pages % COLLECT_EACH_PAGES === 0) fullGC();
      job.progress.show(`${job.config.name}: ${progress.seen} of ${progress.count} resources`);
    },
    async end(count) {
      const after = await countTerminated();
      if (after !== terminated) {
        throw new ListMoved(`${Math.abs(after - terminated)} resources were terminated meanwhile`);
      }
      warnOfUnknownStates(ground.wholeCount, count + terminated, job);
    },
  };
}

function addEntries(entries: readonly StorageResource[], draft: Draft): void {
  for (let at = 0; at < entries.length; at += ENTRIES_AT_ONCE) {
    const some = entries.slice(at, at + ENTRIES_AT_ONCE);
    draft.add(entriesText(some), some.length);
  }
}

function metaOf(job: Job, ground: Ground, startedAt: Date) {
  return {
    date: dateWithOffset(startedAt, job.timezone),
    appVersion: job.version,
    offering: { uuid: ground.offering.uuid, slug: ground.offering.slug },
  };
}

function warnOfUnknownStates(wholeCount: number | null, known: number, job: Job): void {
  if (wholeCount === null || wholeCount <= known) return;
  job.log.warn(
    `${wholeCount - known} resources are in a state that this program does not know; they are not in the snapshot`,
    { offering: job.config.uuid },
  );
}
