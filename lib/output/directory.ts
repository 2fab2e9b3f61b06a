// Opening the place that a run publishes to: the output directory, the state directory inside it, the lock. It creates
// at most the last part of the path, and refuses a directory that is not the one the operator meant or that others could
// change. Both directories are held open, and all below them is reached through their descriptors (lib/places/held.ts;
// docs/contract.md, "Publishing"; docs/security.md).

import {
  accessSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  realpathSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.ts";
import { type Held, holdDirectory, reach, throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { ownUser } from "../places/owners.ts";
import { attempt, attemptIfExists, errnoOf } from "./failure.ts";
import { syncDirectory } from "./fsync.ts";
import { removeLeftovers } from "./leftovers.ts";
import { takeLock } from "./lock.ts";
import { checkMount } from "./mount.ts";
import { type Finding, foreignState, type Judged, judgeOutput, judgeWay, ownerOfNew } from "./trust.ts";

/** Inside the output directory, for its owner only: temporary files, locks, receipts, what the last run knew. */
export const STATE_DIRECTORY = ".waldur-cscs-storage";

export type Mode = "sync" | "orders";

export type OutputOptions = {
  directory: string;
  mode: Mode;
  /** A mount point that must be there and hold the directory. */
  requireMount: string | null;
  /** The operator trusts everybody who can change the output directory. */
  allowShared: boolean;
  /** Permission bits of published files. */
  fileMode: number;
  now: () => Date;
  /** Said in every run. */
  warn: (message: string) => void;
  /** What deserves attention, but not in every run. */
  notice: (finding: Finding) => void;
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
    const close = () => {
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

/**
 * Opens what is remembered in a directory, for a command that publishes nothing and so needs no lock of a run.
 * @throws OutputError when it is another user's, who could not use what is written there
 */
export function openState(
  options: Pick<OutputOptions, "directory" | "requireMount" | "allowShared">,
): StatePlace {
  const { directory } = options;
  attempt("use output directory", directory, () => accessSync(directory, constants.X_OK));
  const place = holdPlace({ ...options, warn: () => undefined, notice: () => undefined });
  return { ...place, mode: "claims", fileMode: 0o600 };
}

type Wanted = Pick<OutputOptions, "directory" | "requireMount" | "allowShared" | "warn" | "notice">;
type Place = Pick<Output, "directory" | "statePath" | "recheck" | "close">;

function holdPlace(wanted: Wanted): Place {
  const { requireMount } = wanted;
  const directory = resolve(wanted.directory);
  const statePath = join(directory, STATE_DIRECTORY);
  if (requireMount !== null) checkMount(requireMount, directory);
  const output = holdOutput(directory, wanted);
  try {
    const identity = identify(directory, throughDescriptor(output.fd, ""));
    const state = holdState(statePath, output.fd);
    output.owner = state.owner;
    const close = () => {
      state.release();
      output.release();
    };
    return {
      directory,
      statePath,
      recheck: () => recheckPlace({ directory, identity, requireMount }),
      close,
    };
  } catch (error) {
    output.release();
    throw error;
  }
}

/** Only the last part is created: a missing parent is a typing error or a missing mount. */
function holdOutput(directory: string, wanted: Wanted): Held {
  const doing = "use output directory";
  const fd = attempt(doing, directory, () => openExisting(directory) ?? createOutput(directory, wanted));
  // Until then only the descriptor is known to be the directory: the checks go by it, too.
  const held = holdDirectory({ path: directory, fd, owner: ownUser() });
  try {
    requireDescriptors(directory, fd);
    attempt(doing, directory, () => accessSync(reach(directory), constants.W_OK | constants.X_OK));
    if (wanted.allowShared) {
      wanted.warn(`allow_shared_directory is on: nobody looks who can change what is in ${directory}`);
    } else
      settle(
        judgeOutput(directory, fd, () => ownerOfNew(directory, fd)),
        wanted,
      );
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

function settle({ faults, notices }: Judged, { notice }: Pick<Wanted, "notice">): void {
  const [fault] = faults;
  if (fault !== undefined) throw new OutputError(fault.message, { hint: fault.hint });
  notices.forEach(notice);
}

/** null where nothing has the name. */
function openExisting(directory: string): number | null {
  const real = attemptIfAbsent(() => realpathSync(directory));
  return real === null ? null : openAs(directory, real);
}

function attemptIfAbsent<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function createOutput(directory: string, wanted: Wanted): number {
  if (!wanted.allowShared) settle({ faults: judgeWay(directory).faults, notices: [] }, wanted);
  const path = join(realpathSync(dirname(directory)), basename(directory));
  if (!createDirectory(path, 0o755)) return openAs(directory, realpathSync(directory));
  const fd = openMade(path, 0o755);
  syncDirectory(dirname(path));
  return fd;
}

/** Others' symlinks here would lead our files, and the removal of leftovers, to a place of their choice. */
function holdState(statePath: string, outputFd: number): Held {
  const doing = "use state directory";
  const fd = attempt(doing, statePath, () => openStateDirectory(statePath, outputFd));
  const { uid, mode } = fstatSync(fd);
  const held = holdDirectory({ path: statePath, fd, owner: uid });
  try {
    // A server may give all files another owner; then a file made there just now has the same.
    if (uid !== ownUser() && uid !== ownerOfNew(statePath, fd)) throw foreignState(statePath, uid);
    if ((mode & 0o077) !== 0) closeToOthers(fd);
    const all = constants.R_OK | constants.W_OK | constants.X_OK;
    attempt(doing, statePath, () => accessSync(reach(statePath), all));
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

function openStateDirectory(statePath: string, outputFd: number): number {
  const path = throughDescriptor(outputFd, `/${STATE_DIRECTORY}`);
  const there = attemptIfAbsent(() => openAs(statePath, path));
  if (there !== null) return there;
  if (!createDirectory(path, 0o700)) return openAs(statePath, path);
  const fd = openMade(path, 0o700);
  syncDirectory(dirname(statePath));
  return fd;
}

/** A directory that we made, with that mode whatever the umask. */
function openMade(path: string, permissions: number): number {
  const fd = openAs(path, path);
  setPermissions(fd, permissions);
  return fd;
}

function openAs(shown: string, path: string): number {
  try {
    return openDirectory(path);
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "ELOOP") throw notDirectory(shown);
    throw error;
  }
}

/** False when something of that name came in between. */
function createDirectory(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** File systems without modes of their own refuse; then their mount options rule. */
function closeToOthers(fd: number): void {
  try {
    setPermissions(fd, 0o700);
  } catch {}
}

/** The bits above the permissions stay: an inherited setgid decides the group of what is published. */
function setPermissions(fd: number, permissions: number): void {
  const { mode } = fstatSync(fd);
  if ((mode & 0o777) !== permissions) fchmodSync(fd, (mode & 0o7000) | permissions);
}

/** Without them nothing keeps a path from leading elsewhere between two steps. */
function requireDescriptors(directory: string, fd: number): void {
  if (existsSync(throughDescriptor(fd, ""))) return;
  throw new OutputError(`cannot use output directory ${directory}: /proc/self/fd is missing`, {
    hint: "mount /proc, also in a container or a chroot: `mount -t proc proc /proc`",
  });
}

function notDirectory(path: string): OutputError {
  return new OutputError(`${path} is not a directory`, {
    hint: "move it away, or choose another `output_directory`",
  });
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
      hint: "look for a lost or a new mount, then run again",
    });
  }
  if (requireMount !== null) checkMount(requireMount, directory);
}
