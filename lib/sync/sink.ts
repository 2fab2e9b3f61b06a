// Where a snapshot goes: into the output directory with all that belongs to it, or, in a dry run, into memory.

import { basename } from "node:path";
import type { ClaimsSource } from "../claims/header.ts";
import { writeClaims } from "../claims/store.ts";
import type { ClaimTable } from "../claims/table.ts";
import type { StorageSettings } from "../config/config.ts";
import { errnoOf } from "../errors.ts";
import type { History } from "../history/writer.ts";
import type { Output } from "../output/directory.ts";
import { createTemporary, type Temporary } from "../output/durable.ts";
import { removeFile } from "../output/files.ts";
import { type Lock, waitForLock } from "../output/lock.ts";
import { expireSnapshots, linkLatest } from "../output/retention.ts";
import { type Draft, describeSnapshot, draftSnapshot, measureSnapshot } from "../output/snapshot.ts";
import { type SnapshotState, writeSnapshotState } from "../output/state.ts";
import { isSnapshotOf } from "./baseline.ts";
import type { Compared } from "./guard.ts";

/** What the claims are made of, and the snapshot that is about to get its name. */
type DraftSource = Pick<ClaimsSource, "listedAt" | "listed"> & {
  file: string;
  inode: string | null;
  /** Of its text without the date. */
  sha256: string;
  /** There was no snapshot before. */
  isFirst: boolean;
};

export type SnapshotSink = {
  directory: string;
  draft: Draft;
  /** A file of the state directory for what the next run may know; null where nothing is to be written. */
  createMemoryFile: (() => Temporary) | null;
  /** Only in a dry run: what the file would hold. */
  document?: () => unknown;
  /** From now until `unlockClaims` no receipt is written; throws what `throwIfOver` throws while it waits. */
  lockClaims(throwIfOver: () => void): Promise<void>;
  unlockClaims(): void;
  /** Before the guard: what the snapshot has of the last one. */
  compared?(found: Compared): void;
  /** Stores the claims of the snapshot that is about to be published, or kept, under that name. */
  claim(table: ClaimTable, source: DraftSource): void;
  publish(name: string, entries: number): { path: string; action: "create" | "replace" };
  /** After publishing, or keeping what is there: the state for the next run, the latest link, retention. */
  settle(state: SnapshotState): void;
};

/** What the sink writes to, for which offering. */
export type SinkPlace = { output: Output; history: History; offering: string };

export function directorySink(
  { output, history, offering }: SinkPlace,
  settings: StorageSettings,
): SnapshotSink {
  const draft = draftSnapshot(output);
  let lock: Lock | null = null;
  return {
    directory: output.directory,
    draft,
    createMemoryFile: () => createTemporary(output, "cache"),
    async lockClaims(throwIfOver) {
      lock ??= await waitForLock(output, throwIfOver);
    },
    unlockClaims() {
      lock?.release();
      lock = null;
    },
    claim: (table, { file, inode, sha256, isFirst, ...source }) =>
      writeClaims(output, table, {
        ...source,
        snapshot: inode === null ? null : { file, inode, sha256, isFirst },
      }),
    publish: (file, entries) =>
      history.around(
        {
          ...({ event: "published", offering, order: null, resource: null, file, path: null } as const),
          ...{ entries, inode: draft.inode() },
        },
        () => draft.publish(file),
      ),
    settle(state) {
      writeSnapshotState(output, state);
      const expire = () =>
        expireSnapshots(output, {
          keep: settings.keepSnapshots,
          published: state.file,
          isOurs: (path) => isSnapshotOf(path, state.offering),
          remove: (path) =>
            history.around({ event: "removed", offering, file: basename(path) }, () => removeFile(path)),
        });
      try {
        if (settings.latestLink) linkLatest(output, state.file);
      } catch (error) {
        // The link may fail in every run, and the disk would fill up; but where the disk itself fails nothing is
        // removed.
        if (!isDiskFault(error)) expire();
        throw error;
      }
      expire();
    },
  };
}

const DISK_FAULTS: readonly (string | null)[] = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE"];

function isDiskFault(error: unknown): boolean {
  return error instanceof Error && DISK_FAULTS.includes(errnoOf(error.cause));
}

/** In memory, for a caller that wants the document. */
export function describingSink(directory: string): SnapshotSink {
  const draft = describeSnapshot(directory);
  return { ...idleSink(directory, draft), document: () => JSON.parse(draft.text()) as unknown };
}

/** For a snapshot that is not kept: only its size counts, and how it compares with the last one. */
export function measuringSink(directory: string, compared: (found: Compared) => void): SnapshotSink {
  return { ...idleSink(directory, measureSnapshot(directory)), compared };
}

/** Changes nothing. */
function idleSink(directory: string, draft: Draft): SnapshotSink {
  return {
    directory,
    draft,
    createMemoryFile: null,
    lockClaims: () => Promise.resolve(),
    unlockClaims: () => undefined,
    claim: () => undefined,
    publish: (name) => draft.publish(name),
    settle: () => undefined,
  };
}
