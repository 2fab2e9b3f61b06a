// `sync` for one offering: ask what is there, read the list to its end, guard against shrinking, publish the snapshot.
// Nothing is published unless every page was read and proved complete (docs/contract.md, "Sync").

import { basename } from "node:path";
import { AnswerError } from "../errors.ts";
import type { Output } from "../output/directory.ts";
import { dateWithOffset, minuteStamp, snapshotName } from "../output/names.ts";
import type { SnapshotState } from "../output/state.ts";
import { addProblem, type Job } from "../run/job.ts";
import { type Baseline, isIntact, readBaseline, visitEntries } from "./baseline.ts";
import { type Listing, readListing } from "./listing.ts";
import { describingSink, directorySink, type SnapshotSink } from "./sink.ts";
import { surveyOffering } from "./survey.ts";

export type SyncOptions = {
  /** Publish a snapshot however much it shrank. */
  allowShrink: boolean;
  /** Publish only when the content differs from the last snapshot. */
  ifChanged: boolean;
};

/** The guard looks only at lists of at least this length; a shorter one may well empty itself. */
const GUARDED_FROM = 10;

/** Publishes the snapshot of one offering. */
export function publishSnapshot(job: Job, output: Output, options: SyncOptions): Promise<void> {
  return syncOffering(job, options, directorySink(output, job.config.settings));
}

/** Describes the snapshot that would be published; touches nothing. */
export function describeSnapshotRun(job: Job, options: SyncOptions): Promise<void> {
  return syncOffering(job, options, describingSink(job.config.settings.outputDirectory));
}

async function syncOffering(job: Job, options: SyncOptions, sink: SnapshotSink): Promise<void> {
  try {
    const ground = await surveyOffering(job);
    const baseline = readBaseline(sink.directory, job.config.uuid);
    const listing = await readListing(job, ground, sink.draft);
    carryOver(listing, job, sink);
    for (const problem of listing.selection.problems) addProblem(job, problem);
    const drafted = sink.draft.finish();
    guardAgainstShrinking(baseline?.entries ?? listing.count, drafted.entries, { job, options });
    job.throwIfOver();
    publishOrKeep({ job, listing, baseline, drafted, sink }, options.ifChanged);
  } finally {
    sink.draft.discard();
  }
}

/** Writes what the last snapshot said of resources that became a problem, so that a bad field never reads as a deletion. */
function carryOver({ selection }: Listing, job: Job, { directory, draft }: SnapshotSink): void {
  if (selection.leftOut.size === 0) return;
  let carried = 0;
  visitEntries(directory, { offering: job.config.uuid, uuids: selection.leftOut }, (entry) => {
    if (!selection.accept(entry)) return;
    draft.add(entry.text, 1);
    carried++;
  });
  job.line.carriedOver = carried;
}

function guardAgainstShrinking(
  before: number,
  entries: number,
  { job, options }: { job: Job; options: SyncOptions },
): void {
  if (before < GUARDED_FROM || options.allowShrink) return;
  const lostPercent = ((before - entries) / before) * 100;
  const allowed = job.config.settings.shrinkGuardPercent;
  if (entries > 0 && lostPercent <= allowed) return;
  throw new AnswerError(
    `the list of offering ${job.config.uuid} shrank from ${before} to ${entries} resources (guard: ${allowed} %); the last snapshot stays`,
    {
      code: "shrunk",
      hint: "if the resources are really gone, run sync once with --allow-shrink",
    },
  );
}

type Finished = {
  job: Job;
  listing: Listing;
  baseline: Baseline | null;
  drafted: { entries: number; bytes: number; sha256: string };
  sink: SnapshotSink;
};

/** The state is settled in both cases: `orders` must find it also where it was lost and nothing has changed since. */
function publishOrKeep({ job, listing, baseline, drafted, sink }: Finished, ifChanged: boolean): void {
  const { uuid } = job.config;
  const isUnchanged = baseline?.sha256 === drafted.sha256;
  const isKept = baseline !== null && isUnchanged && ifChanged && isIntact(baseline);
  const { startedAt } = listing;
  const found = isKept
    ? { path: baseline.path, action: "unchanged" as const }
    : sink.publish(snapshotName(minuteStamp(startedAt, job.timezone)));
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
  };
  sink.settle(state, listing.selection.mountPoints);
}
