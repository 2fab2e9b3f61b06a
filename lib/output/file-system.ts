// What the kernel says about the file system below a directory: its kind, where it is mounted, whether its locks hold
// between nodes, how much room there is. Queried, never tried: a lock that is taken to see whether it is free
// would keep a run out.

import { readFileSync, statfsSync } from "node:fs";
import { reach } from "../places/held.ts";
import { ownUser } from "../places/owners.ts";
import { attempt } from "./failure.ts";
import { unescapeOctal } from "./mount.ts";

export type Mounted = {
  /** Such as `ext4`. */
  kind: string;
  at: string;
  /** Where locks exclude two processes: on all nodes, on this one only, or nowhere. */
  locks: "everywhere" | "here" | "none";
};

/** The mount that a real path is on; null where the kernel's table cannot be read. */
export function mountOf(path: string, table = readMountTable()): Mounted | null {
  let found: Mounted | null = null;
  // Of several mounts at one place the last one is on top.
  for (const mounted of table) {
    const isAbove = path === mounted.at || path.startsWith(mounted.at === "/" ? "/" : `${mounted.at}/`);
    if (isAbove && mounted.at.length >= (found?.at.length ?? 0)) found = mounted;
  }
  return found;
}

function readMountTable(): Mounted[] {
  try {
    return parseMountTable(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** Lines of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export function parseMountTable(text: string): Mounted[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , at, options = ""] = before.split(" ");
    const [kind, , more = ""] = after.split(" ");
    if (at === undefined || kind === undefined) return [];
    const all = new Set([...options.split(","), ...more.split(",")]);
    return [{ kind, at: unescapeOctal(at), locks: locksOf(kind, all) }];
  });
}

function locksOf(kind: string, options: ReadonlySet<string>): Mounted["locks"] {
  if (kind === "lustre")
    return options.has("flock") ? "everywhere" : options.has("localflock") ? "here" : "none";
  const isLocal = ["nolock", "local_lock=all", "local_lock=posix"].some((option) => options.has(option));
  return kind.startsWith("nfs") && isLocal ? "here" : "everywhere";
}

/** `inodes`: null where the file system does not count them. */
export type Room = { bytes: number; inodes: number | null };

/** What is left for the user of this process; some of it may be kept for root. */
export function roomIn(directory: string): Room {
  const { bavail, bfree, bsize, files, ffree } = attempt("find the space of", directory, () =>
    statfsSync(reach(directory)),
  );
  return { bytes: (ownUser() === 0 ? bfree : bavail) * bsize, inodes: files === 0 ? null : ffree };
}

/** Where SQLite takes its locks in a file (`PENDING_BYTE` and what follows). */
const LOCKED_BYTES = { first: 0x40000000, last: 0x40000000 + 512 };

/**
 * The process of this node that holds a lock of SQLite on that file; null when there is none, or the kernel does not
 * say.
 * @param inode as text, because those of parallel file systems do not fit a double
 */
export function lockHolder(inode: string, table = readLockTable()): number | null {
  for (const line of table.split("\n")) {
    const [, kind, , access, pid = "", file = "", start = "", end = ""] = line.trim().split(/\s+/);
    if (kind !== "POSIX" || access !== "WRITE" || file.split(":")[2] !== inode) continue;
    if (Number(start) >= LOCKED_BYTES.first && Number(end) <= LOCKED_BYTES.last) return Number(pid);
  }
  return null;
}

/** `/proc/locks` (proc_locks(5)). */
function readLockTable(): string {
  try {
    return readFileSync("/proc/locks", "utf8");
  } catch {
    return "";
  }
}
