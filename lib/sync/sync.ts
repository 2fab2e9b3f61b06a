// `sync` for one offering: ask what is there, read the list to its end, guard against losses, publish the snapshot.
// Nothing is published unless every page was read and proved complete (docs/contract.md, "Sync").

import { basename } from "node:path";
import type { Output } from "../output/directory.ts";
import { fileTimeMs, inodeOf, newestSnapshot } from "../output/files.ts";
import { dateWithOffset, minuteStamp, snapshotName } from "../output/names.ts";
import type { Beginning } from "../output/snapshot.ts";
import type { SnapshotState } from "../output/state.ts";
import { historyOf } from "../run/history.ts";
import { addNotice, addProblem, type Job, noteDamaged } from "../run/job.ts";
import { isIntact, type LastSnapshot } from "./baseline.ts";
import { carryOver } from "./carry.ts";
import { compareWithLast, guardSnapshot, lackingIn } from "./guard.ts";
import { type Listing, readListing, rowsOf } from "./listing.ts";
import { noticesOf } from "./notices.ts";
import { describingSink, directorySink, type SnapshotSink } from "./sink.ts";
import { surveyOffering } from "./survey.ts";
import type { WholeRows } from "./whole-rows.ts";

export type SyncOptions = {
  /** Publish a snapshot whatever it lost. */
  allowShrink: boolean;
  /** Publish only when the content differs from the last snapshot. */
  ifChanged: boolean;
  /** Read every column of every row, whatever is remembered. */
  full: boolean;
  /** Apply the mount_point template again to resources that no order file names. */
  repath: boolean;
};

/** Publishes the snapshot of one offering. */
export async function publishSnapshot(job: Job, output: Output, options: SyncOptions): Promise<void> {
  const { settings, uuid: offering } = job.config;
  const history = historyOf(job, output);
  try {
    await syncOffering(job, options, directorySink({ output, history, offering }, settings));
    if (job.gids !== null) (await import("../run/settle-gids.ts")).rememberGids(job, output);
  } finally {
    history.close();
  }
}

/** Describes the snapshot that would be published; touches nothing. */
export function describeSnapshotRun(job: Job, options: SyncOptions): Promise<void> {
  return syncOffering(job, options, describingSink(job.config.settings.outputDirectory));
}

/** The whole of it, with whatever end: what becomes of the snapshot is the sink's. */
export async function syncOffering(job: Job, options: SyncOptions, sink: SnapshotSink): Promise<void> {
  let rows: WholeRows | null = null;
  try {
    const survey = await surveyOffering(job);
    rows = rowsOf(job, survey, { sink, isFull: options.full });
    const listing = await readListing(job, survey, { sink, repath: options.repath, rows });
    carryOver(listing, job, sink);
    job.ledger.addAll(listing.selection);
    noteState(listing, job);
    if (job.gids !== null) (await import("../run/settle-gids.ts")).noteGids(job);
    for (const notice of noticesOf(listing.selection)) addNotice(job, notice);
    const drafted = sink.draft.finish(beginningOf(listing));
    guard(listing, { entries: drafted.entries, options, sink }, job);
    if (isFirstAndEmpty(listing.last, drafted.entries, options)) return skip(job);
    job.throwIfOver();
    await job.lookAtPlace();
    publishOrKeep({ job, listing, drafted, sink }, options.ifChanged);
    rows.remember();
  } finally {
    rows?.discard();
    sink.unlockClaims();
    sink.draft.discard();
  }
}

/** The directories above the entries, where the profile has them. */
function beginningOf({ selection: { parents, table } }: Listing): Beginning | undefined {
  // Looking paths up costs memory, and where all have one depth none lies above another.
  return parents?.beginning(table.hasDepths() ? table.draftedAt : () => null);
}

/** What was found of earlier runs and is not as they left it. */
function noteState({ claims: { snapshot, isChanged, damaged } }: Listing, job: Job): void {
  noteDamaged(job, damaged);
  if (!isChanged) return;
  addProblem(job, {
    code: "snapshot-changed",
    message: `${snapshot} was changed after it was published, and the claims were lost: the paths in it count nevertheless`,
    hint: "find out who changed it, and compare its paths with those of an older snapshot",
  });
}

/** The uuid of an offering without resources looks like an outage: nothing says that this is the right list. */
function isFirstAndEmpty(last: LastSnapshot | null, entries: number, { allowShrink }: SyncOptions): boolean {
  return last === null && entries === 0 && !allowShrink;
}

function skip(job: Job): void {
  job.line.outcome = "skipped";
  addNotice(job, {
    code: "empty-list",
    message: `offering ${job.config.uuid} has no resource that can be published, and there is no snapshot of it yet: nothing is published`,
    hint: "normal for a new offering; sync --allow-shrink publishes an empty snapshot",
  });
}

type Guarded = { entries: number; options: SyncOptions; sink: SnapshotSink };

function guard(
  { count, selection, last, claims }: Listing,
  { entries, options, sink }: Guarded,
  job: Job,
): void {
  const { uuid: offering, settings } = job.config;
  const compared = compareWithLast(selection.table);
  sink.compared?.(compared);
  const isFirst = last === null && !claims.isForeign;
  const draft = {
    offering,
    entries,
    listed: count,
    isFirst,
    moved: selection.rows.moved,
    cause: () => selection.causes.common(lackingIn(selection.table, isFirst)),
    comparison: () => comparisonOf(job, last?.path),
  };
  try {
    guardSnapshot(compared, draft, settings.shrinkGuardPercent);
  } catch (error) {
    if (options.allowShrink) return;
    // It is refused for what it lacks, which a zero would not show.
    job.line.resources = entries;
    throw error;
  }
  if (!options.allowShrink || (last === null && entries === 0)) return;
  addNotice(job, {
    code: "guard-off",
    message: "--allow-shrink was not needed",
    hint: "it switches the guard against lost resources off: leave it out of cron lines and units",
  });
}

/** The draft goes with the run, so another one is made for the eyes; null where there is nothing to hold against it. */
function comparisonOf({ config, configFile }: Job, last: string | undefined): string | null {
  const old = last ?? newestSnapshot(config.settings.outputDirectory);
  if (old === null || fileTimeMs(old) === null) return null;
  const run = `waldur-cscs-storage sync -c ${shellWord(configFile)} --offering-uuid ${config.uuid}`;
  return (
    `${run} --allow-shrink --dry-run | jq '.files[0].document' >new.json` +
    ` && waldur-cscs-storage diff ${shellWord(old)} new.json`
  );
}

/** As a shell reads it back. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

type Finished = {
  job: Job;
  listing: Listing;
  drafted: { entries: number; bytes: number; sha256: string };
  sink: SnapshotSink;
};

/** The state is settled in both cases: `orders` must find it also where it was lost and nothing has changed since. */
function publishOrKeep({ job, listing, drafted, sink }: Finished, ifChanged: boolean): void {
  const { uuid, settings } = job.config;
  const { startedAt, selection, last, claims } = listing;
  const isUnchanged = last !== null && last.sha256() === drafted.sha256;
  const isKept = isUnchanged && ifChanged && isIntact(last, drafted.sha256);
  const name = isKept ? basename(last.path) : snapshotName(minuteStamp(startedAt, job.timezone));
  selection.table.turnOver();
  sink.claim(selection.table, {
    file: name,
    inode: isKept ? inodeOf(last.path) : sink.draft.inode(),
    sha256: drafted.sha256,
    listedAt: startedAt.toISOString(),
    isFirst: claims.snapshot === null,
    listed: [...new Set([...claims.source.listed, uuid])],
  });
  const found = isKept
    ? { path: last.path, action: "unchanged" as const }
    : sink.publish(name, drafted.entries);
  sink.unlockClaims();
  // Not before: until then nothing counts as published, in the report and in the metrics.
  job.line.outcome = isUnchanged ? "unchanged" : "published";
  job.line.resources = drafted.entries;
  const document = sink.document?.();
  job.ledger.addFile({
    offering: uuid,
    ...found,
    bytes: drafted.bytes,
    sha256: drafted.sha256,
    ...(document === undefined ? {} : { document }),
  });
  const state: SnapshotState = {
    version: 1,
    file: basename(found.path),
    offering: uuid,
    date: dateWithOffset(startedAt, job.timezone),
    ...drafted,
    ...(settings.unixGid.kind === "file" ? { gidEntries: settings.unixGid.entries } : {}),
  };
  sink.settle(state);
}
