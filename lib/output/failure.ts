// From an error of the file system to the one error that a run ends with: what we were doing, on which path, what the
// kernel said in words, and what to try. Errors without an errno are bugs and pass through untouched.

import { errnoOf, OutputError } from "../errors.ts";
import { ownUser, showUser } from "../places/owners.ts";

/** Runs one step on the file system; a failure of it is an OutputError that names the step and the path. */
export function attempt<T>(doing: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw outputError(doing, path, error);
  }
}

/** The same step, with null where the path does not exist, or its parent is not a directory. */
export function attemptIfExists<T>(doing: string, path: string, act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    throw outputError(doing, path, error);
  }
}

/**
 * The error to throw for a failed step.
 * @param doing the step as a verb, for `cannot {doing} {path}`
 */
export function outputError(doing: string, path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === null) return error;
  const [words, known] = KNOWN[errno] ?? ["the operation failed", undefined];
  const hint = known === PERMISSION ? `${known} (${showUser(ownUser())})` : known;
  return new OutputError(`cannot ${doing} ${path}: ${words} (${errno})`, { hint, cause: error });
}

const PERMISSION = "check owner and mode of the directory (`ls -ld`) and the user this program runs as";
const DIRECTORY = "check `output_directory`: it must be a directory, and its parent must exist";
const DISK = "check the disk or the server behind it (`dmesg`), then run again";

const KNOWN: Readonly<Record<string, readonly [words: string, hint: string | undefined]>> = {
  ENOSPC: [
    "no space or no inodes left on device",
    "free space on that file system; `df -h` and `df -i` show both",
  ],
  EDQUOT: ["disk quota exceeded", "raise the quota of the user this program runs as, or remove old files"],
  EFBIG: ["file too large", "raise the file size limit (`ulimit -f`) of the user this program runs as"],
  EROFS: [
    "read-only file system",
    "remount it writable; under systemd add the directory to `ReadWritePaths=`",
  ],
  EACCES: ["permission denied", PERMISSION],
  EPERM: ["operation not permitted", PERMISSION],
  EIO: ["input/output error", DISK],
  ESTALE: ["stale file handle", DISK],
  ENOENT: ["no such file or directory", DIRECTORY],
  ENOTDIR: ["not a directory", DIRECTORY],
  EISDIR: ["is a directory", "move the directory away: a file is to be published under that name"],
  ELOOP: ["is a symbolic link, or too many of them", "replace the link by its target"],
  ENAMETOOLONG: ["name too long", DIRECTORY],
  EXDEV: ["crosses file systems", "the state directory must be on the file system of the output directory"],
  EMFILE: ["too many open files", "raise the limit of open files (`ulimit -n`)"],
  ENFILE: ["too many open files in the system", undefined],
};
