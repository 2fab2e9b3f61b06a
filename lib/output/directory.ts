// Opening the place that a run publishes to: the output directory, the state directory inside it, the lock. Both
// directories are held open, and all below them is reached through their descriptors (hold.ts, lib/places/held.ts;
// docs/contract.md, "Publishing"). If another directory takes its place during the run, nothing is published to that.

import { accessSync, constants, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { OutputError } from "../errors.ts";
import { type Held, throughDescriptor } from "../places/held.ts";
import { attempt, attemptIfExists } from "./failure.ts";
import { syncDirectory } from "./fsync.ts";
import { holdOutput, holdOutputThatIs, holdState, holdStateThatIs, type Trusting } from "./hold.ts";
import { removeLeftovers } from "./leftovers.ts";
import { takeLock } from "./lock.ts";
import { checkMount } from "./mount.ts";

/** Inside the output directory, for its owner only: temporary files, locks, receipts, what the last run knew. */
export const STATE_DIRECTORY = ".waldur-cscs-storage";

export type Mode = "sync" | "orders";

/** Which directory, and which other users may change it. */
export type PlaceOptions = Trusting & {
  directory: string;
  /** A mount point that must be there and hold the directory. */
  requireMount: string | null;
};

export type OutputOptions = PlaceOptions & {
  mode: Mode;
  /** Permission bits of published files. */
  fileMode: number;
  now: () => Date;
};

/** What writing into the state directory needs; `mode` names the temporary files. */
export type StatePlace = Omit<Output, "mode" | "now"> & { readonly mode: string };

/** A directory opened for publishing, held and locked until `close`. Paths are absolute. */
export type Output = {
  readonly directory: string;
  readonly statePath: string;
  readonly mode: Mode;
  readonly fileMode: number;
  readonly now: () => Date;
  /** Throws OutputError when the path now leads elsewhere or the required mount is gone. */
  recheck(): void;
  /** Releases the lock and the directories; may be called twice. */
  close(): void;
};

/**
 * Opens a directory for one run.
 * @throws OutputError when it cannot be written or is not what it should be; RetryLaterError when another run holds it
 */
export function openOutput(options: OutputOptions): Output {
  const { mode, fileMode, now } = options;
  const place = holdPlace(options);
  const { directory, statePath, recheck } = place;
  try {
    const lock = takeLock({ statePath, mode, warn: options.warn });
    const endNote = lock.held ? noteIfLong({ statePath, mode, now }) : () => undefined;
    const close = () => {
      endNote();
      lock.release();
      place.close();
    };
    try {
      removeLeftovers({ statePath, mode, locked: lock.held, now: now() });
      if (!syncDirectory(statePath))
        options.warn(`the file system of ${directory} cannot flush directories to disk`);
    } catch (error) {
      close();
      throw error;
    }
    return { directory, statePath, mode, fileMode, now, recheck, close };
  } catch (error) {
    place.close();
    throw error;
  }
}

const LONG_RUN_MS = 5000;

/** A long run writes a note; a short one loads nothing for it. */
function noteIfLong(place: Pick<Output, "statePath" | "mode" | "now">): () => void {
  let isOver = false;
  let end: (() => void) | null = null;
  const timer = setTimeout(async () => {
    const { keepNote } = await import("./holder.ts");
    const since = new Date(place.now().getTime() - LONG_RUN_MS);
    if (!isOver) end = keepNote({ ...place, since });
  }, LONG_RUN_MS);
  timer.unref();
  return () => {
    isOver = true;
    clearTimeout(timer);
    end?.();
  };
}

/**
 * Opens what is remembered in a directory, for a command that publishes nothing and so needs no lock of a run.
 * @throws OutputError when it is another user's, who could not use what is written there
 */
export function openState(options: StateOptions): StatePlace {
  const { directory } = options;
  attempt("use output directory", directory, () => accessSync(directory, constants.X_OK));
  return statePlace(holdPlace({ ...options, ...quiet }));
}

/**
 * The same, which makes nothing; null where no run was yet.
 * @throws OutputError when it is another user's
 */
export function openStateThatIs(options: StateOptions): StatePlace | null {
  const place = { ...options, ...quiet };
  const [directory, statePath] = pathsOf(place);
  const output = holdOutputThatIs(directory, place);
  if (output === null) return null;
  try {
    const state = holdStateThatIs(statePath, output.fd);
    if (state !== null) return statePlace(placeOf({ output, state }, place));
  } catch (error) {
    output.release();
    throw error;
  }
  output.release();
  return null;
}

type StateOptions = Pick<OutputOptions, "directory" | "requireMount" | "allowShared">;

const quiet = { warn: () => undefined, notice: () => undefined };

function statePlace(place: Place): StatePlace {
  return { ...place, mode: "claims", fileMode: 0o600 };
}

type Place = Pick<Output, "directory" | "statePath" | "recheck" | "close">;

function holdPlace(options: PlaceOptions): Place {
  const [directory, statePath] = pathsOf(options);
  const output = holdOutput(directory, options);
  try {
    return placeOf({ output, state: holdState(statePath, output.fd) }, options);
  } catch (error) {
    output.release();
    throw error;
  }
}

/** @throws OutputError when the required mount is not there */
function pathsOf({
  directory: configured,
  requireMount,
}: PlaceOptions): [directory: string, statePath: string] {
  const directory = resolve(configured);
  if (requireMount !== null) checkMount(requireMount, directory);
  return [directory, join(directory, STATE_DIRECTORY)];
}

function placeOf({ output, state }: { output: Held; state: Held }, { requireMount }: PlaceOptions): Place {
  const { path: directory } = output;
  const close = () => {
    state.release();
    output.release();
  };
  try {
    output.owner = state.owner;
    const identity = identify(directory, throughDescriptor(output.fd, ""));
    const recheck = () => recheckPlace({ directory, identity, requireMount });
    return { directory, statePath: state.path, recheck, close };
  } catch (error) {
    close();
    throw error;
  }
}

type Identity = { dev: bigint; ino: bigint };

/** In 64 bits: inode numbers of parallel file systems do not fit a double. By the path that people know, on purpose. */
function identify(directory: string, path: string): Identity | null {
  const stats = attemptIfExists("find", directory, () => statSync(path, { bigint: true }));
  return stats === null ? null : { dev: stats.dev, ino: stats.ino };
}

function recheckPlace(place: {
  directory: string;
  identity: Identity | null;
  requireMount: string | null;
}): void {
  const { directory, identity, requireMount } = place;
  const found = identify(directory, directory);
  if (found === null || found.dev !== identity?.dev || found.ino !== identity.ino) {
    throw new OutputError(`the output directory ${directory} was moved or replaced during the run`, {
      hint: "check whether something was mounted or unmounted, then run again",
    });
  }
  if (requireMount !== null) checkMount(requireMount, directory);
}
