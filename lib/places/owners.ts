// Who can change a file or a directory besides ourselves and root: what others may have written must not decide what
// this program does (docs/security.md). Names of users are looked up for messages alone.

import { closeSync, type Stats } from "node:fs";
import { openToRead, readUpTo } from "./open.ts";

/** What the kernel shows for the owner of a file whose owner a user namespace does not know. */
const UNMAPPED = 65_534;

/** The user whose rights this process has. */
export function ownUser(): number {
  return process.geteuid?.() ?? -1;
}

/**
 * Whether a file of that user is one that only we or root made. In a container the host's users have no numbers of
 * their own, so there a file of "nobody" is the host's.
 */
export function isTrustedUser(uid: number): boolean {
  return uid === 0 || uid === ownUser() || (uid === UNMAPPED && isInUserNamespace());
}

/** Who may write it besides its owner, by its mode; the members of group 0 count as root. */
export function writersOf({ mode, gid }: Pick<Stats, "mode" | "gid">): "everybody" | "group" | null {
  if ((mode & 0o002) !== 0) return "everybody";
  return (mode & 0o020) !== 0 && gid !== 0 ? "group" : null;
}

export function showMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** `waldur (uid 998)`, or `uid 998` where the machine's list does not have it. */
export function showUser(uid: number): string {
  const name = nameOf(uid);
  return name === null ? `uid ${uid}` : `${name} (uid ${uid})`;
}

/** As `sudo -u` and `chown` take it. */
export function userArgument(uid: number, how: "sudo" | "chown"): string {
  return nameOf(uid) ?? (how === "sudo" ? `'#${uid}'` : String(uid));
}

const MOST_BYTES = 1_048_576;

function nameOf(uid: number): string | null {
  const lines = readSystemFile("/etc/passwd").split("\n");
  const entry = lines.map((line) => line.split(":")).find(([, , number]) => number === String(uid));
  return entry?.[0] !== undefined && /^[\w.-]+$/.test(entry[0]) ? entry[0] : null;
}

/** Outside of any, all numbers are mapped to themselves. */
function isInUserNamespace(): boolean {
  const map = readSystemFile("/proc/self/uid_map");
  return map !== "" && !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}

function readSystemFile(path: string): string {
  try {
    const fd = openToRead(path, "follow");
    try {
      return readUpTo(fd, MOST_BYTES).toString("utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}
