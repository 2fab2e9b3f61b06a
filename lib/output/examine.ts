// What a run would meet in its output directory, found out without making, changing or locking anything: the same
// questions in the same order as directory.ts, so that both give the same answers. `check` reports them, and a dry run
// (look.ts).

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  readSync,
  realpathSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { OutputError, RetryLaterError } from "../errors.ts";
import { type Held, reach, throughDescriptor } from "../places/held.ts";
import { openToRead } from "../places/open.ts";
import { makeHere } from "./absent.ts";
import { type Mode, type PlaceOptions, STATE_DIRECTORY } from "./directory.ts";
import { attempt, attemptIfExists } from "./failure.ts";
import { lockHolder, type Mounted, mountOf } from "./file-system.ts";
import { inodeOf } from "./files.ts";
import { openOutputDirectory, openStateDirectory, pathToMake, settleOutput, settleState } from "./hold.ts";
import { temporaryName, trialName } from "./leftovers.ts";
import { lockName, requireLockFile } from "./lock.ts";
import { checkMount } from "./mount.ts";
import { LATEST_NAME, readLatest } from "./retention.ts";
import type { tryFile } from "./trial.ts";
import { unlessForbidden } from "./trust.ts";

/** Tries to make a file; answers null where it does not, and then nothing is known of its owner. */
export type TryFile = (...[place]: Parameters<typeof tryFile>) => ReturnType<typeof tryFile>;

export type ExaminedOutput = {
  directory: string;
  /** null where the directory is yet to be made. */
  held: Held | null;
  mounted: Mounted | null;
  owner: number;
  permissions: number;
  /** False if it was not possible to test whether a file can be created. */
  isTried: boolean;
};

/**
 * Looks at the output directory, and holds it where it is there.
 * @throws OutputError as a run would
 */
export function examineOutput(options: PlaceOptions, tryFile: TryFile): ExaminedOutput {
  const { requireMount } = options;
  const directory = resolve(options.directory);
  if (requireMount !== null) checkMount(requireMount, directory);
  const fd = openOutputDirectory(directory);
  if (fd === null) return examineParent(directory, options, tryFile);
  const hasState = existsSync(throughDescriptor(fd, `/${STATE_DIRECTORY}`));
  let isTried = false;
  const makeTrial = () => {
    // Where there is a state directory, its trial is the one that may need a name.
    const trial = tryFile({ directory, name: hasState ? null : trialName() });
    isTried = trial !== null;
    return trial?.owner ?? null;
  };
  const held = settleOutput({ path: directory, fd }, options, () => unlessForbidden(makeTrial));
  try {
    if (!isTried) makeTrial();
    const { uid, mode } = fstatSync(fd);
    return { directory, held, mounted: mountAt(directory), owner: uid, permissions: mode & 0o7777, isTried };
  } catch (error) {
    held.release();
    throw error;
  }
}

/** Only the last part of the path is made by a run. */
function examineParent(directory: string, options: PlaceOptions, tryFile: TryFile): ExaminedOutput {
  const doing = "use output directory";
  const parent = dirname(directory);
  attempt(doing, directory, () => {
    const above = dirname(pathToMake(directory, options));
    makeHere(directory, () => accessSync(above, constants.W_OK | constants.X_OK));
  });
  const trial = tryFile({ directory: parent, name: null });
  const { uid } = attempt(doing, directory, () => lstatSync(parent));
  return {
    directory,
    held: null,
    mounted: mountAt(parent),
    owner: trial?.owner ?? uid,
    permissions: 0o755,
    isTried: trial !== null,
  };
}

function mountAt(directory: string): Mounted | null {
  return mountOf(attempt("find", directory, () => realpathSync(directory)));
}

/** @throws OutputError when `latest-all.json` cannot become a link of ours, once a snapshot is published */
export function examineLatest({ path: directory }: Held): string | null {
  const path = join(directory, LATEST_NAME);
  return attempt("link", path, () => readLatest(path));
}

/**
 * Looks at the state directory below a held output directory, and holds it; null where it is yet to be made.
 * @throws OutputError as a run would
 */
export function examineState(output: Held, mode: Mode, tryFile: TryFile): Held | null {
  const path = join(output.path, STATE_DIRECTORY);
  const fd = openStateDirectory(path, output.fd);
  if (fd === null) return null;
  const makeTrial = () => tryFile({ directory: path, name: temporaryName(mode) })?.owner ?? null;
  const held = settleState({ path, fd }, { askOwner: () => unlessForbidden(makeTrial), closeToOthers: null });
  try {
    output.owner = held.owner;
    requireOneFileSystem(output, held);
    makeTrial();
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

/** A file is written in the one and renamed into the other. */
function requireOneFileSystem(output: Held, state: Held): void {
  const deviceOf = ({ fd, path }: Held) => attempt("find", path, () => fstatSync(fd, { bigint: true })).dev;
  if (deviceOf(output) === deviceOf(state)) return;
  throw new OutputError(`${state.path} is not on the file system of ${output.path}`, {
    hint: "unmount it: files are renamed into place, which does not work across file systems",
  });
}

/**
 * Looks at the lock of a mode.
 * @returns why a run would not get it; null when it is free
 * @throws OutputError when it cannot be locked at all
 */
export function examineLock({ path: statePath }: Held, mode: Mode): RetryLaterError | null {
  const path = join(statePath, lockName(mode));
  const inode = requireLock(path);
  const holder = inode === null ? null : lockHolder(inode);
  return holder === null ? null : lockedBy(holder, { path, mode });
}

function lockedBy(pid: number, { path, mode }: { path: string; mode: Mode }): RetryLaterError {
  // The kernel shows 0 for a process of another container.
  const process = pid > 0 ? ` (process ${pid})` : "";
  return new RetryLaterError(
    `another run of ${mode}${process} is working in this directory: ${path} is locked`,
    {
      code: "locked",
      hint: "wait for it to end, and check again",
    },
  );
}

/**
 * Looks at what a run of either mode needs only once it writes claims.
 * @throws OutputError when it could not
 */
export function examineClaims({ path: statePath }: Held): "sound" {
  requireLock(join(statePath, lockName("claims")));
  return "sound";
}

/**
 * Looks at what `orders` needs only once it writes a receipt.
 * @throws OutputError when it could not
 */
export function examineReceipts({ path: statePath }: Held): "sound" {
  for (const folder of ["receipts", "receipts/closed"]) {
    const path = join(statePath, folder);
    const stats = attemptIfExists("find", path, () => lstatSync(reach(path)));
    if (stats === null || stats.isDirectory()) continue;
    throw new OutputError(`${path} is not a directory`, {
      hint: "it was not created by this program: move it away",
    });
  }
  return "sound";
}

/** The number of the file; null where it is yet to be made. */
function requireLock(path: string): string | null {
  return attemptIfExists("create lock", path, () => {
    const stats = lstatSync(reach(path));
    requireLockFile(path, stats);
    if (stats.size > 0) requireEmptyOrSqlite(path);
    return inodeOf(path);
  });
}

const SQLITE = "SQLite format 3\0";

/** SQLite refuses what is not its own. */
function requireEmptyOrSqlite(path: string): void {
  const fd = openToRead(path, "refuse");
  try {
    const head = Buffer.alloc(SQLITE.length);
    readSync(fd, head, 0, head.length, 0);
    if (head.toString("latin1") === SQLITE) return;
  } finally {
    closeSync(fd);
  }
  throw new OutputError(`cannot lock ${path}: file is not a database`, {
    hint: "remove that file when no run is active: it contains no data",
  });
}
