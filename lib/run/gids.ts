// A map of GIDs that is incomplete because it is being written: half of it is a map, too, and would remove the GID of
// every project that is not in it.

import type { StorageSettings } from "../config/config.ts";
import { RetryLaterError } from "../errors.ts";
import { isCutMap } from "../gid-map/read.ts";
import { readSnapshotState } from "../output/state.ts";

/** @throws RetryLaterError when the map ends without a line break and has fewer entries than at the last snapshot */
export function refuseCutGids({ unixGid, outputDirectory }: StorageSettings): void {
  if (unixGid.kind !== "file") return;
  const before = readSnapshotState(outputDirectory)?.gidEntries ?? null;
  if (!isCutMap(unixGid.entries, before, unixGid.endsWithLineBreak)) return;
  throw new RetryLaterError(
    `the GID map ${unixGid.path} has ${unixGid.entries} entries instead of ${before}, and its last line has no line break`,
    { hint: "it may be incomplete: write it under another name and rename it" },
  );
}
