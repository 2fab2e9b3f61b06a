// Where a snapshot goes: into the output directory with all that belongs to it, or, in a dry run, into memory.

import type { StorageSettings } from "../config/config.ts";
import type { Output } from "../output/directory.ts";
import { expireSnapshots, linkLatest } from "../output/retention.ts";
import { type Draft, describeSnapshot, draftSnapshot } from "../output/snapshot.ts";
import { type SnapshotState, writeMountIndex, writeSnapshotState } from "../output/state.ts";
import type { MountIndex } from "../storage/mount-index.ts";
import { isSnapshotOf } from "./baseline.ts";

export type SnapshotSink = {
  directory: string;
  draft: Draft;
  /** Only in a dry run: what the file would hold. */
  document?: () => unknown;
  publish(name: string): { path: string; action: "create" | "replace" };
  /** After publishing, or keeping what is there: the state for the next run and for `orders`, the latest link, retention. */
  settle(state: SnapshotState, mountPoints: MountIndex): void;
};

export function directorySink(output: Output, settings: StorageSettings): SnapshotSink {
  const draft = draftSnapshot(output);
  return {
    directory: output.directory,
    draft,
    publish: (name) => draft.publish(name),
    settle(state, mountPoints) {
      writeMountIndex(output, state.date, mountPoints.columns());
      writeSnapshotState(output, state);
      try {
        if (settings.latestLink) linkLatest(output, state.file);
      } finally {
        // Also where the link fails, which it may do in every run: the disk would fill up.
        expireSnapshots(output, {
          keep: settings.keepSnapshots,
          published: state.file,
          isOurs: (path) => isSnapshotOf(path, state.offering),
        });
      }
    },
  };
}

export function describingSink(directory: string): SnapshotSink {
  const draft = describeSnapshot(directory);
  return {
    directory,
    draft,
    document: () => JSON.parse(draft.text()) as unknown,
    publish: (name) => draft.publish(name),
    settle: () => undefined,
  };
}
