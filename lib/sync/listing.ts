// From pages of Waldur rows to a draft of the snapshot, as they arrive: nothing of a page outlives it but 16 bytes for
// each uuid and a record for each mount point. A list that moved starts the draft anew.

import { addLateReceipts, lateReleases } from "../claims/late.ts";
import { fetchName } from "../claims/names.ts";
import { type LoadedClaims, loadClaims } from "../claims/recover.ts";
import { createRowClaims, type Yielding } from "../claims/rows.ts";
import { dateWithOffset } from "../output/names.ts";
import type { Draft } from "../output/snapshot.ts";
import type { Job } from "../run/job.ts";
import type { StorageResource } from "../storage/document.ts";
import { documentFrame, entryPieces } from "../storage/text.ts";
import { ListMoved, ReadAgain } from "../waldur/page-source.ts";
import { countList, readList } from "../waldur/pages.ts";
import { findTerminated } from "../waldur/terminated.ts";
import { LIVE_STATES, RESOURCES_PATH } from "../waldur/vocabulary.ts";
import { type LastSnapshot, lastSnapshotOf } from "./baseline.ts";
import { missingOf } from "./guard.ts";
import { createSelection, type Selection } from "./selection.ts";
import type { SnapshotSink } from "./sink.ts";
import type { Survey } from "./survey.ts";
import { createWholeRows, type WholeRows } from "./whole-rows.ts";

/**
 * How reluctant the runtime is to compile; 1 is its own way, and the build starts with more (scripts/compile.ts).
 * Checks and claims are much code for each row: with 10, a list of 10 000 takes 6 % longer, one of 100 000 5 to 10 %.
 */
const JIT_POLICY = 3;

export type Listing = {
  /** Live resources that the server has. */
  count: number;
  /** When the try that counts began; `meta.date` and the minute of the snapshot. */
  startedAt: Date;
  selection: Selection;
  claims: LoadedClaims;
  /** What the new snapshot is compared with. */
  last: LastSnapshot | null;
};

/**
 * Reads the whole list into the draft. When this returns, no other process writes receipts until the sink is done.
 * @param repath applies the template again to resources that no order file names
 */
export async function readListing(
  job: Job,
  survey: Survey,
  { sink, repath, rows }: { sink: SnapshotSink; repath: boolean; rows: WholeRows },
): Promise<Listing> {
  Bun.unsafe.setJITPolicy(JIT_POLICY);
  const reading: Reading = { job, survey, sink, repath, yielding: new Map() };
  const request = {
    path: RESOURCES_PATH,
    query: { ...ofOffering(job), state: LIVE_STATES },
    fieldsOf: rows.fieldsOf,
    what: "resource",
    parallel: job.config.settings.parallelRequests,
  };
  return readList(job.reader, request, async (parts) => {
    const { name } = job.config;
    job.progress.begin(`${name}: reading the list of resources`);
    sink.unlockClaims();
    // Before the list is asked for: a directory of another offering costs no request.
    const tried = await beginTry(reading);
    rows.begin();
    const terminated = await countTerminated(job);
    let count = 0;
    for await (const part of parts) {
      tried.claims.table.reserve(part.count);
      addEntries(tried.selection.select(await rows.complete(part)), sink.draft);
      ({ count } = part);
      job.progress.count(name, { done: part.seen, of: count, what: "resources" });
    }
    await endTry(reading, tried, terminated);
    warnOfUnknownStates(survey.wholeCount, count + terminated, job);
    return { ...tried, count };
  });
}

/**
 * The rows of the list that is read into the sink.
 * @param isFull uses nothing that earlier runs remember
 */
export function rowsOf(
  job: Job,
  survey: Survey,
  { sink, isFull }: { sink: SnapshotSink; isFull: boolean },
): WholeRows {
  const { directory, createMemoryFile: createFile } = sink;
  const query = { ...ofOffering(job), state: LIVE_STATES };
  return createWholeRows({ job, survey, directory, query, isFull, createFile });
}

function ofOffering({ config }: Job) {
  return { offering_uuid: config.uuid, visible_to_providers: "true" };
}

type Reading = {
  job: Job;
  survey: Survey;
  sink: SnapshotSink;
  repath: boolean;
  /** Found in an earlier try of the list, for the next one. */
  yielding: Yielding;
};

type Tried = Omit<Listing, "count">;

function countTerminated(job: Job): Promise<number> {
  return countList(job.reader, {
    path: RESOURCES_PATH,
    query: { ...ofOffering(job), state: "Terminated" },
    what: "resource",
  });
}

/** Forgets whatever an earlier try of the list gave. */
async function beginTry({ job, survey, sink, repath, yielding }: Reading): Promise<Tried> {
  const startedAt = job.now();
  const { pathReuseAfterDays: reuseAfterDays, nestedMounts: nested } = job.config.settings;
  const claims = loadClaims(sink.directory, { reuseAfterDays, now: startedAt });
  const last = await lastSnapshotOf(
    claims.snapshot,
    { directory: sink.directory, damaged: claims.damaged },
    job,
  );
  claims.table.forgetWanted(job.config.uuid);
  const rules = { offering: job.config.uuid, nested, reuseAfterDays, now: startedAt, repath };
  const rows = createRowClaims(claims.table, rules, yielding);
  const nameOf = (uuid: string) => fetchName(job.reader, uuid);
  sink.draft.restart(documentFrame(metaOf(job, survey, startedAt)), survey.mapper.hierarchy !== null);
  return {
    startedAt,
    claims,
    last,
    selection: createSelection(survey, {
      table: claims.table,
      rows,
      offering: job.config.uuid,
      keepsAll: job.ledger.keepsAll,
      nameOf,
    }),
  };
}

/**
 * What is decided when all rows are known.
 * @param terminated resources that were Terminated when the try began
 */
async function endTry({ job, sink }: Reading, tried: Tried, terminated: number): Promise<void> {
  const after = await countTerminated(job);
  if (after !== terminated) {
    throw new ListMoved(`${Math.abs(after - terminated)} resources were terminated meanwhile`);
  }
  if (tried.selection.rows.mustRestart) throw new ReadAgain("a resource gave its path to another");
  await noteTerminated(tried, job);
  await job.lookAtPlace();
  await sink.lockClaims(job.throwIfOver);
  const released = lateReleases(tried.claims, sink.directory);
  if (released !== null) throw new ListMoved(released);
  addEntries(await tried.selection.selectAside(), sink.draft);
  const { pathReuseAfterDays } = job.config.settings;
  const late = addLateReceipts(tried.claims, sink.directory, pathReuseAfterDays);
  if (late !== null) throw new ListMoved(late);
}

/**
 * Holders that are in no list of live rows: whether they are Terminated decides what becomes of their paths. A list of
 * somebody else may have terminated resources in it (the Python plugin's had all), which then count for nothing.
 */
async function noteTerminated({ selection, claims }: Tried, job: Job): Promise<void> {
  const { rows, undecided, table } = selection;
  const gone = new Set(rows.gone(undecided));
  if (claims.isForeign) for (const owner of missingOf(table)) gone.add(owner);
  const owners = new Map([...gone].map((owner) => [table.uuid(owner), owner]));
  for (const uuid of await findTerminated(job.reader, job.config.uuid, [...owners.keys()])) {
    const owner = owners.get(uuid) ?? -1;
    rows.noteTerminated(owner);
    if (claims.isForeign) table.setWas(owner, 0);
  }
}

function addEntries(entries: readonly StorageResource[], draft: Draft): void {
  for (const piece of entryPieces(entries)) draft.add(piece.text, piece.entries);
}

function metaOf(job: Job, survey: Survey, startedAt: Date) {
  return {
    date: dateWithOffset(startedAt, job.timezone),
    appVersion: job.version,
    offering: { uuid: survey.offering.uuid, slug: survey.offering.slug },
  };
}

function warnOfUnknownStates(wholeCount: number | null, known: number, job: Job): void {
  if (wholeCount === null || wholeCount <= known) return;
  job.log.warn(
    `${wholeCount - known} resources are in a state that this program does not know; they are not in the snapshot`,
    { offering: job.config.uuid },
  );
}
