// Opening the place that a run publishes to: the output directory, the state directory inside it, the lock. It creates
// at most the last part of the path, and refuses a directory that is not the one the operator meant
// (docs/contract.md, "Publishing").

import { accessSync, chmodSync, constants, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.ts";
import { attempt, attemptIfExists, errnoOf } from "./failure.ts";
import { syncDirectory } from "./fsync.ts";
import { removeLeftovers } from "./leftovers.ts";
import { type Lock, takeLock } from "./lock.ts";
import { checkMount } from "./mount.ts";

/** Inside the output directory, for its owner only: temporary files, locks, receipts, what the last run knew. */
export const STATE_DIRECTORY = ".waldur-cscs-storage";

export type Mode = "sync" | "orders";

export type OutputOptions = {
  directory: string;
  mode: Mode;
  /** A mount point that must be there and hold the directory. */
  requireMount: string | null;
  /** Permission bits of published files. */
  fileMode: number;
  now: () => Date;
  warn: (message: string) => void;
};

/** What writing into the state directory needs; `mode` names the temporary files. */
export type StatePlace = Omit<Output, "mode" | "now" | "close"> & { readonly mode: string };

/** A directory opened for publishing, locked until `close`. Paths are absolute. */
export type Output = {
  readonly directory: string;
  readonly statePath: string;
  readonly mode: Mode;
  readonly fileMode: number;
  readonly now: () => Date;
  /** Throws OutputError when the path now leads elsewhere or the required mount is gone. */
  recheck(): void;
  /** Releases the lock; may be called twice. */
  close(): void;
};

/**
 * Opens a directory for one run.
 * @throws OutputError when it cannot be written or is not what it should be; RetryLaterError when another run holds it
 */
export function openOutput(options: OutputOptions): Output {
  const directory = resolve(options.directory);
  const statePath = join(directory, STATE_DIRECTORY);
  const { mode, fileMode, now, requireMount } = options;
  if (requireMount !== null) checkMount(requireMount, directory);
  ensureOutputDirectory(directory);
  ensureStateDirectory(statePath);
  const identity = identify(directory);
  const recheck = () => recheckPlace({ directory, identity, requireMount });
  const lock = takeLock({ statePath, mode, warn: options.warn });
  releaseOnFailure(lock, () => {
    removeLeftovers({ statePath, mode, locked: lock.held, now: now() });
    if (!syncDirectory(statePath))
      options.warn(`the file system of ${directory} cannot flush directories to disk`);
  });
  return { directory, statePath, mode, fileMode, now, recheck, close: lock.release };
}

/**
 * Opens what is remembered in a directory, for a command that publishes nothing and so needs no lock of a run.
 * @throws OutputError when it is another user's, who could not use what is written there
 */
export function openState({
  directory,
  requireMount,
}: Pick<OutputOptions, "directory" | "requireMount">): StatePlace {
  const statePath = join(directory, STATE_DIRECTORY);
  if (requireMount !== null) checkMount(requireMount, directory);
  attempt("use output directory", directory, () => accessSync(directory, constants.X_OK));
  const owner = attemptIfExists("find", statePath, () => statSync(statePath).uid);
  if (owner !== null && owner !== process.getuid?.()) throw foreignState(statePath);
  ensureStateDirectory(statePath);
  const identity = identify(directory);
  const recheck = () => recheckPlace({ directory, identity, requireMount });
  return { directory, statePath, mode: "claims", fileMode: 0o600, recheck };
}

function foreignState(statePath: string): OutputError {
  return new OutputError(`${statePath} belongs to another user`, {
    hint: "run this as the user that orders and sync run as: `sudo -u USER`",
  });
}

/** Only the last part is created: a missing parent is a typing error or a missing mount. */
function ensureOutputDirectory(directory: string): void {
  attempt("use output directory", directory, () => {
    createDirectory(directory, 0o755);
    if (!statSync(directory).isDirectory()) throw notDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  });
}

/** Another's symlink here would lead our files, and the removal of leftovers, to a place of their choice. */
function ensureStateDirectory(statePath: string): void {
  attempt("use state directory", statePath, () => {
    createDirectory(statePath, 0o700);
    const stats = lstatSync(statePath);
    if (!stats.isDirectory()) throw notDirectory(statePath);
    if ((stats.mode & 0o077) !== 0) closeToOthers(statePath);
    accessSync(statePath, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

/** File systems without modes of their own refuse; then their mount options rule. */
function closeToOthers(statePath: string): void {
  try {
    setPermissions(statePath, 0o700);
  } catch {}
}

/** Creates a directory durably unless something of that name exists; the umask does not change its mode. */
function createDirectory(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errnoOf(error) === "EEXIST" || existsAlready(path)) return;
    throw error;
  }
  setPermissions(path, mode);
  syncDirectory(dirname(path));
}

/** The bits above the permissions stay: an inherited setgid decides the group of what is published. */
function setPermissions(path: string, permissions: number): void {
  chmodSync(path, (statSync(path).mode & 0o7000) | permissions);
}

/** A read-only parent answers EROFS or EACCES before EEXIST. */
function existsAlready(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function notDirectory(path: string): OutputError {
  return new OutputError(`${path} is not a directory`, {
    hint: "move it away, or choose another `output_directory`",
  });
}

type Identity = { dev: bigint; ino: bigint };

/** In 64 bits: inode numbers of parallel file systems do not fit a double. */
function identify(directory: string): Identity | null {
  const stats = attemptIfExists("find", directory, () => statSync(directory, { bigint: true }));
  return stats === null ? null : { dev: stats.dev, ino: stats.ino };
}

function recheckPlace(place: {
  directory: string;
  identity: Identity | null;
  requireMount: string | null;
}): void {
  const { directory, identity, requireMount } = place;
  const found = identify(directory);
  if (found === null || found.dev !== identity?.dev || found.ino !== identity.ino) {
    throw new OutputError(`the output directory ${directory} was moved or replaced during the run`, {
      hint: "look for a lost or a new mount, then run again",
    });
  }
  if (requireMount !== null) checkMount(requireMount, directory);
}

function releaseOnFailure(lock: Lock, act: () => void): void {
  try {
    act();
  } catch (error) {
    lock.release();
    throw error;
  }
}
