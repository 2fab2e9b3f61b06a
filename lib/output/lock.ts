// One run of a mode in a directory at a time. The lock is the kernel's, taken by SQLite on an empty file that is never
// written: it ends with the process, however that ends, so the existence of the file means nothing.

import { Database, SQLiteError } from "bun:sqlite";
import { accessSync, closeSync, constants, lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { errnoOf, OutputError, RetryLaterError } from "../errors.ts";
import { cleanUp, reach } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import { attempt } from "./failure.ts";
import { fileTimeMs, removeFile } from "./files.ts";
import { overlapName, temporaryName } from "./leftovers.ts";
import { requireStateFile } from "./state-file.ts";

export type Lock = { /** False where the file system knows no locks. */ held: boolean; release(): void };
type LockRequest = { statePath: string; mode: string; warn: (message: string) => void };

/**
 * Takes the lock at once or not at all. Where the file system refuses locks the run continues, with one warning.
 * @throws RetryLaterError with code `locked` when another run holds it, quiet when the run before found it free
 */
export function takeLock(request: LockRequest): Lock {
  const path = join(request.statePath, lockName(request.mode));
  const answer = tryLock(path);
  if (answer instanceof Database) return heldLock(answer, path);
  if (answer === "busy" && canLock(request)) throw lockedError(path, request);
  request.warn(
    `the file system of ${path} refuses locks: two runs of ${request.mode} at the same time are not prevented`,
  );
  return { held: false, release: () => {} };
}

function heldLock(database: Database, path: string): Lock {
  return { held: true, release: () => cleanUp(path, () => database.close()) };
}

const WAIT_MS = 20;

/** Of which directory; `mode` names the temporary files. */
type LockPlace = { statePath: string; mode: string; recheck: () => void };

/**
 * Waits for the lock that covers "read the owner of a path, and write a claim", of both modes and of every run in the
 * directory; it is held for moments. Where the file system refuses locks nothing is held: the lock of the run warned.
 * @param throwIfOver called while waiting, to end it
 */
export async function waitForLock(place: LockPlace, throwIfOver: () => void): Promise<Lock> {
  // A directory that took the place of ours since must not get a lock file either.
  place.recheck();
  for (let tries = 0; ; tries++) {
    const lock = tryAgain(place, { name: "claims", tries });
    if (lock !== null) return lock;
    throwIfOver();
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

const MOST_TRIES = 50;

/**
 * Does something that takes a moment while no other process does so under the same lock.
 * @throws RetryLaterError when another process holds the lock for much longer than that
 */
export function underLock(place: LockPlace, name: string, act: () => void): void {
  place.recheck();
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const lock = tryAgain(place, { name, tries });
    if (lock === null) {
      Bun.sleepSync(WAIT_MS);
      continue;
    }
    try {
      act();
      return;
    } finally {
      lock.release();
    }
  }
  const path = join(place.statePath, lockName(name));
  throw new RetryLaterError(`${path} is locked by another process`, { code: "locked" });
}

/** null while another process has it. */
function tryAgain(
  { statePath, mode }: LockPlace,
  { name, tries }: { name: string; tries: number },
): Lock | null {
  const path = join(statePath, lockName(name));
  const warn = () => undefined;
  const answer = tryLock(path);
  if (answer instanceof Database) return heldLock(answer, path);
  const isRefused = answer === "refused" || (tries === 0 && !canLock({ statePath, mode, warn }));
  return isRefused ? { held: false, release: () => undefined } : null;
}

/** `mode` is a mode, `claims` or `components`. */
export function lockName(mode: string): string {
  return `lock-${mode}`;
}

/** A run that lasts longer than cron's interval is found once; one that is found again may hang. */
function lockedError(path: string, { statePath, mode }: LockRequest): RetryLaterError {
  const quiet = isFirstOverlap(join(statePath, overlapName(mode)));
  const working = quiet ? "is working" : "is still working";
  return new RetryLaterError(`another run of ${mode} ${working} in this directory: ${path} is locked`, {
    code: "locked",
    quiet,
    hint: `wait for it to end; \`fuser -v ${path}\` shows the process`,
  });
}

/** The mark stays until a run has the lock (leftovers.ts). */
function isFirstOverlap(mark: string): boolean {
  try {
    closeSync(openNew(mark));
    return true;
  } catch {
    return false;
  }
}

/**
 * SQLite says busy also when the kernel has no locks for us (ENOLCK, as from an NFS server without lock daemon).
 * Locking a new file with a random name distinguishes the two: no other run can hold that lock.
 */
function canLock({ statePath, mode }: LockRequest): boolean {
  const path = join(statePath, temporaryName(mode));
  try {
    const answer = tryLock(path);
    // The run that holds the lock takes the file for a leftover and removes it: then that is the run we are to find.
    if (!(answer instanceof Database)) return fileTimeMs(path) === null;
    answer.close();
    return true;
  } catch (error) {
    if (fileTimeMs(path) === null) return true;
    throw error;
  } finally {
    removeFile(path);
  }
}

function tryLock(path: string): Database | "busy" | "refused" {
  createLockFile(path);
  let database: Database | undefined;
  try {
    database = new Database(reach(path), { readwrite: true });
    // In memory there is no journal that a kill could leave behind.
    for (const sql of ["PRAGMA busy_timeout=0", "PRAGMA journal_mode=MEMORY", "BEGIN EXCLUSIVE"])
      database.run(sql);
    return database;
  } catch (error) {
    database?.close();
    return refusalOf(error, path);
  }
}

function refusalOf(error: unknown, path: string): "busy" | "refused" {
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return "busy";
  if (/^SQLITE_(IOERR|PROTOCOL|PERM|NOLFS)/.test(code)) return "refused";
  if (code === "") throw error;
  const hint = "remove that file when no run is active: it contains no data";
  throw new OutputError(`cannot lock ${path}: ${error instanceof Error ? error.message : code}`, {
    hint,
    cause: error,
  });
}

/**
 * An existing file is not opened here: closing it would drop the lock that this process may hold on it (fcntl(2)).
 * Kind, owner and access are asked for instead, because SQLite's own error would not say why, and a pipe would look
 * like a file system that knows no locks.
 */
function createLockFile(path: string): void {
  attempt("create lock", path, () => {
    try {
      closeSync(openNew(path));
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      requireLockFile(path, lstatSync(reach(path)));
    }
  });
}

/** @throws OutputError, or an error of the system, when that file cannot be locked */
export function requireLockFile(path: string, stats: Stats): void {
  requireStateFile(path, stats);
  accessSync(reach(path), constants.R_OK | constants.W_OK);
}
