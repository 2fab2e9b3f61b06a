// Writing what the last snapshot said of resources that became a problem, so that a bad field never reads as a deletion.
// Only from a file that still has the content that the state remembers: what goes into our next snapshot is our word, and
// must not be what somebody else wrote into the last one (docs/security.md).

import { fileTimeMs, newestSnapshot } from "../output/files.ts";
import { addProblem, type Job } from "../run/job.ts";
import { type Found, findEntries } from "./baseline.ts";
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
  const { entries, state } = findEntries(path, { offering: job.config.uuid, uuids, sha256 });
  if (state !== "as-published") {
    if (state === "changed" || entries.length > 0) addProblem(job, notCarried(path, state));
    return;
  }
  for (const entry of entries) {
    const text = selection.accept(entry);
    if (text === null) continue;
    draft.add(text, 1);
    job.line.carriedOver++;
  }
}

function notCarried(path: string, state: Exclude<Found["state"], "as-published">) {
  const hint =
    "correct what is reported of the resources without an entry; they are listed again in the next run then";
  if (state === "changed") {
    return {
      code: "snapshot-changed",
      message: `${path} is not as it was published: nothing is carried over from it; look who changed it`,
      hint,
    };
  }
  return {
    code: "snapshot-unknown",
    message: `the state does not know how ${path} was published: nothing is carried over from it`,
    hint,
  };
}
