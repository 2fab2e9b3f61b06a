// Writing what the last snapshot said of resources that became a problem, so that a bad field never reads as a
// deletion. Only from a file that still has the content that the state remembers: what goes into our next snapshot is
// our word, and must not be what somebody else wrote into the last one (docs/security.md).

import { RetryLaterError } from "../errors.ts";
import { fileTimeMs, newestSnapshot } from "../output/files.ts";
import { addProblem, type Job } from "../run/job.ts";
import { judgeSnapshot, type SnapshotMatch, visitEntries } from "./baseline.ts";
import type { Listing } from "./listing.ts";
import type { SnapshotSink } from "./sink.ts";

export function carryOver(
  { selection, claims }: Listing,
  job: Job,
  { draft, directory }: SnapshotSink,
): void {
  const { leftOut: uuids } = selection;
  if (uuids.size === 0) return;
  job.line.carriedOver = 0;
  const isThere = claims.snapshot !== null && fileTimeMs(claims.snapshot) !== null;
  const path = isThere ? claims.snapshot : newestSnapshot(directory);
  if (path === null) return;
  const sha256 = claims.source.snapshot?.sha256;
  const asked = { offering: job.config.uuid, uuids, sha256 };
  const { entries, state } = judgeSnapshot(path, asked);
  if (state !== "as-published") {
    if (state === "changed" || entries > 0) addProblem(job, notCarried(path, state));
    return;
  }
  let carried = 0;
  const isSame = visitEntries(path, asked, {
    directory: selection.parents?.recall,
    entry(found) {
      const text = selection.accept(found);
      if (text === null) return;
      draft.add(text, 1);
      carried++;
    },
  });
  if (!isSame) throw changedMeanwhile(path);
  job.line.carriedOver = carried;
}

function changedMeanwhile(path: string): RetryLaterError {
  return new RetryLaterError(`${path} was changed while entries were carried over from it`, {
    code: "moving",
    hint: "nothing was published; find out who writes there",
  });
}

function notCarried(path: string, state: Exclude<SnapshotMatch["state"], "as-published">) {
  const hint =
    "correct what is reported of the resources without an entry; they are listed again in the next run then";
  if (state === "changed") {
    return {
      code: "snapshot-changed",
      message: `${path} was changed after it was published: nothing is carried over from it; find out who changed it`,
      hint,
    };
  }
  return {
    code: "snapshot-unknown",
    message: `the state does not know how ${path} was published: nothing is carried over from it`,
    hint,
  };
}
