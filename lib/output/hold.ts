// Opening and holding the two directories of a run: made where they are missing, judged and changed by descriptor,
// never by path (docs/security.md).

import { accessSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { type Held, holdDirectory, reach, throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { ownUser } from "../places/owners.ts";
import { linkToNothing, makeHere, realParent } from "./absent.ts";
import { attempt } from "./failure.ts";
import { syncDirectory } from "./fsync.ts";
import { removeTrials } from "./leftovers.ts";
import { type Finding, foreignState, type Judged, judgeOutput, judgeWay, ownerOfNew } from "./trust.ts";

/** Which users the operator trusts, and where warnings go. */
export type Trusting = {
  /** The operator trusts everybody who can change the output directory. */
  allowShared: boolean;
  /** Reports a warning in every run. */
  warn: (message: string) => void;
  /** Reports a warning, but not in every run. */
  notice: (finding: Finding) => void;
};

/** Only the last part is created: a missing parent is a typing error or a missing mount. */
export function holdOutput(directory: string, options: Trusting): Held {
  const fd = openOutputDirectory(directory) ?? createOutputAs(directory, options);
  return settleOutput({ path: directory, fd }, options, ownerOfNew);
}

/** null where nothing has the name; nothing is made. */
export function holdOutputThatIs(directory: string, options: Trusting): Held | null {
  const fd = openOutputDirectory(directory);
  return fd === null ? null : settleOutput({ path: directory, fd }, options, ownerOfNew);
}

const USE_OUTPUT = "use output directory";

/** null where nothing has the name. */
export function openOutputDirectory(directory: string): number | null {
  return attempt(USE_OUTPUT, directory, () => openExisting(directory));
}

type Opened = { path: string; fd: number };
/** Says whose a file is that we make in an opened directory. */
type AskOwner = (path: string, fd: number) => number | null;

/** Holds an opened output directory when a run may publish there. */
export function settleOutput({ path, fd }: Opened, options: Trusting, askOwner: AskOwner): Held {
  // Until then only the descriptor is known to be the directory: the checks go by it, too.
  const held = holdDirectory({ path, fd, owner: ownUser() });
  try {
    attempt(USE_OUTPUT, path, () => requireAccess(path));
    if (options.allowShared) {
      options.warn(`allow_shared_directory is on: it is not checked who can change files in ${path}`);
    } else
      settle(
        judgeOutput(path, fd, () => askOwner(path, fd)),
        options,
      );
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

function settle({ faults, notices }: Judged, { notice }: Pick<Trusting, "notice">): void {
  const [fault] = faults;
  if (fault !== undefined) throw new OutputError(fault.message, { hint: fault.hint });
  notices.forEach(notice);
}

function openExisting(directory: string): number | null {
  const real = attemptIfAbsent(() => realpathSync(directory));
  if (real !== null) return openAs(directory, real);
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  // The runtime, too, finds the real path through a descriptor.
  if (stats?.isDirectory() === true) throw noDescriptors(directory);
  if (stats?.isSymbolicLink() === true) throw linkToNothing(directory);
  return null;
}

function attemptIfAbsent<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function createOutputAs(directory: string, options: Trusting): number {
  return attempt(USE_OUTPUT, directory, () => createOutput(directory, options));
}

/**
 * Where a directory that is missing is made, without links.
 * @throws OutputError when there is no directory above it, or others could replace what is made there
 */
export function pathToMake(directory: string, options: Pick<Trusting, "allowShared" | "notice">): string {
  if (!options.allowShared) settle({ faults: judgeWay(directory).faults, notices: [] }, options);
  return join(realParent(directory), basename(directory));
}

function createOutput(directory: string, options: Trusting): number {
  const path = pathToMake(directory, options);
  if (!makeHere(directory, () => createDirectory(path, 0o755)))
    return openAs(directory, realpathSync(directory));
  const fd = openMade(path, 0o755);
  syncDirectory(dirname(path));
  return fd;
}

/** Others' symlinks here would lead our files, and the removal of leftovers, to a place of their choice. */
export function holdState(statePath: string, outputFd: number): Held {
  const fd = attempt(
    USE_STATE,
    statePath,
    () => openState(statePath, outputFd) ?? createState(statePath, outputFd),
  );
  return settleState({ path: statePath, fd }, { askOwner: ownerOfNew, closeToOthers });
}

/** null where nothing has the name; nothing is made. */
export function holdStateThatIs(statePath: string, outputFd: number): Held | null {
  const fd = openStateDirectory(statePath, outputFd);
  return fd === null ? null : settleState({ path: statePath, fd }, { askOwner: ownerOfNew, closeToOthers });
}

const USE_STATE = "use state directory";

/** null where nothing has the name. */
export function openStateDirectory(statePath: string, outputFd: number): number | null {
  return attempt(USE_STATE, statePath, () => openState(statePath, outputFd));
}

/**
 * Holds an opened state directory when it is one of ours.
 * @param closeToOthers takes the rights of others away; null where nothing may be changed
 */
export function settleState(
  { path, fd }: Opened,
  { askOwner, closeToOthers }: { askOwner: AskOwner; closeToOthers: ((fd: number) => void) | null },
): Held {
  const { uid, mode } = fstatSync(fd);
  const isOpen = (mode & 0o077) !== 0;
  const held = holdDirectory({ path, fd, owner: uid });
  try {
    // A server may give all files another owner; then a file made there just now has the same.
    if (uid !== ownUser() && uid !== askOwner(path, fd)) throw foreignState(path, uid);
    if (isOpen) closeToOthers?.(fd);
    const all = constants.R_OK | constants.W_OK | constants.X_OK;
    // A run sets its own permissions where it removes those of others.
    if (!isOpen || closeToOthers !== null) attempt(USE_STATE, path, () => accessSync(reach(path), all));
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

/** null where nothing has the name. One that cannot even be opened says whose it is. */
function openState(statePath: string, outputFd: number): number | null {
  const path = throughDescriptor(outputFd, `/${basename(statePath)}`);
  try {
    return attemptIfAbsent(() => openAs(statePath, path));
  } catch (error) {
    const stats = errnoOf(error) === "EACCES" ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    if (stats !== undefined && stats.uid !== ownUser()) throw foreignState(statePath, stats.uid);
    throw error;
  }
}

function createState(statePath: string, outputFd: number): number {
  const path = throughDescriptor(outputFd, `/${basename(statePath)}`);
  if (!createDirectory(path, 0o700)) return openAs(statePath, path);
  const fd = openMade(path, 0o700);
  removeTrials(throughDescriptor(outputFd, ""));
  syncDirectory(dirname(statePath));
  return fd;
}

/** A directory that we made, with that mode regardless of the umask. */
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

function requireAccess(directory: string): void {
  try {
    accessSync(reach(directory), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw errnoOf(error) === "ENOENT" ? noDescriptors(directory) : error;
  }
}

/** Without them a path could be replaced between two steps. */
function noDescriptors(directory: string): OutputError {
  return new OutputError(`cannot use output directory ${directory}: /proc/self/fd is missing`, {
    hint: "mount /proc, in a container or chroot as well: `mount -t proc proc /proc`",
  });
}

function notDirectory(path: string): OutputError {
  return new OutputError(`${path} is not a directory`, {
    hint: "move it away, or choose another `output_directory`",
  });
}
