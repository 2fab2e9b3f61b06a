// Files of the state directory, for reading. What is there and cannot be a file of ours (a pipe, a symlink, something
// huge) is as good as missing, and will be replaced; but what another user wrote ends the run, because no other user
// may write there.

import { closeSync, fstatSync, lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { ownerBelow, reach } from "../places/held.ts";
import { openToRead, readUpTo } from "../places/open.ts";
import { ownUser, showUser, userArgument } from "../places/owners.ts";
import { attempt, attemptIfExists } from "./failure.ts";
import { requireFile } from "./files.ts";

/** The largest file of the state; a larger one was not written by this program. */
const LIMIT_BYTES = 64 * 1_048_576;

/**
 * The value in a JSON file of the state directory; null when the file is missing, undefined when it is not one of ours
 * or its text is broken.
 * @throws OutputError when it is there but cannot be read: treating it as missing would lose its content
 */
export function readJsonFile(path: string): unknown {
  const fd = openStateFile(path);
  if (typeof fd !== "number") return fd;
  try {
    const bytes = attempt("read", path, () => readUpTo(fd, LIMIT_BYTES + 1));
    return bytes.length > LIMIT_BYTES ? undefined : parseJson(bytes.toString("utf8"));
  } finally {
    closeSync(fd);
  }
}

/**
 * A descriptor to read from; null when the file is missing, undefined when what has its name is not a file.
 * @throws OutputError when it is another user's, or a directory, which nothing can replace
 */
export function openStateFile(path: string): number | null | undefined {
  const fd = attemptIfExists("open", path, () => openUnlessSpecial(path));
  if (typeof fd !== "number") return fd;
  try {
    const stats = attempt("find", path, () => fstatSync(fd));
    requireOwner(path, stats);
    if (stats.isDirectory()) requireFile(path, stats);
    if (stats.isFile()) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** With which a symlink and a socket refuse to be opened. */
const SPECIAL: readonly (string | null)[] = ["ELOOP", "ENXIO"];
/** What another user's run left is often readable for that user only. */
const FORBIDDEN: readonly (string | null)[] = ["EACCES", "EPERM"];

function openUnlessSpecial(path: string): number | undefined {
  try {
    return openToRead(path, "refuse");
  } catch (error) {
    const errno = errnoOf(error);
    if (!SPECIAL.includes(errno) && !FORBIDDEN.includes(errno)) throw error;
    requireOwner(path, lstatSync(reach(path)));
    if (FORBIDDEN.includes(errno)) throw error;
    return undefined;
  }
}

/** @throws OutputError unless it is a regular file of the user whose state directory it is in */
export function requireStateFile(path: string, stats: Stats): void {
  requireFile(path, stats);
  requireOwner(path, stats);
}

function requireOwner(path: string, { uid }: Stats): void {
  const owner = ownerBelow(path);
  if (owner === null || uid === owner) return;
  const of = userArgument(owner, "chown");
  throw new OutputError(
    `${path} belongs to ${showUser(uid)}, the state directory to ${showUser(owner)}, and this program runs as ${showUser(ownUser())}`,
    {
      hint: `if one of your runs created it: chown -R ${of} ${dirname(path)}, and run it as that user (sudo -u ${userArgument(owner, "sudo")} waldur-cscs-storage …); else move it away`,
    },
  );
}
