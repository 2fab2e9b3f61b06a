// One ack as it is there: opened without following a link and without waiting for a pipe, judged by its descriptor,
// and read up to a limit.

import { closeSync, fstatSync, lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { attempt, attemptIfExists } from "../output/failure.ts";
import { openToRead, readUpTo } from "../places/open.ts";
import { isTrustedUser } from "../places/owners.ts";
import { type Ack, LARGEST_BYTES, parseAck } from "./ack.ts";

/** The file with the name of an ack. `identity` differs from that of a later file with the same name. */
export type FoundAck = { order: string; name: string; identity: string } & ({ ack: Ack } | { fault: string });

export function ackName(order: string): string {
  return `${order}.json`;
}

/** `at` leads to what has that name in the directory that was opened. */
type Opened = { path: string; at: (name: string) => string; directory: Stats };

/** null when nothing has the name. */
export function readAck(order: string, { path, at, directory }: Opened): FoundAck | null {
  const name = ackName(order);
  const shown = join(path, name);
  const seen = attemptIfExists("find", shown, () => lstatSync(at(name), { throwIfNoEntry: false }));
  if (seen === null || seen === undefined) return null;
  const about = { order, name, identity: identityOf(seen) };
  const fd = attemptIfExists("open", shown, () => openUnless(at(name)));
  if (fd === null) return null;
  if (typeof fd === "string") return { ...about, fault: fd };
  try {
    return attempt("read", shown, () => {
      const stats = fstatSync(fd);
      const opened = { ...about, identity: identityOf(stats) };
      const fault = faultOf(stats, directory);
      if (fault !== null) return { ...opened, fault };
      const parsed = parseAck(readUpTo(fd, LARGEST_BYTES + 1));
      return "fault" in parsed ? { ...opened, ...parsed } : { ...opened, ack: parsed };
    });
  } finally {
    closeSync(fd);
  }
}

function openUnless(path: string): number | string {
  try {
    return openToRead(path, "refuse");
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ELOOP") return "is a symlink";
    if (errno === "ENXIO") return "is a socket";
    if (FORBIDDEN.includes(errno)) return "cannot be read by this user";
    throw error;
  }
}

function faultOf(stats: Stats, directory: Stats): string | null {
  if (!stats.isFile()) return "is not a regular file";
  if (!mayAnswer(stats, directory)) return "belongs to a user who does not own the directory";
  return stats.size > LARGEST_BYTES ? "has more than 64 KiB" : null;
}

/**
 * Root, this user, anybody who owns the directory, and where its group may write to it anybody who put the file
 * there.
 */
function mayAnswer({ uid }: Stats, directory: Stats): boolean {
  return isTrustedUser(uid) || uid === directory.uid || (directory.mode & 0o020) !== 0;
}

export function identityOf({ dev, ino, size, mtimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs].join(":");
}

/** Error codes for missing permissions. */
const FORBIDDEN: readonly (string | null)[] = ["EACCES", "EPERM"];
