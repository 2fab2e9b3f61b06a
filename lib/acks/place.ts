// The directory of acks, which may belong to another user: opened once, held by its descriptor, and never trusted. Only
// names of 32 hex digits and `.json` are looked at; what has one is opened without following a link and without waiting
// for a pipe, and read up to a limit.

import { closeSync, fstatSync, lstatSync, mkdirSync, readdirSync, renameSync, type Stats } from "node:fs";
import { join } from "node:path";
import { isPlainUuid } from "../key-set.ts";
import { attempt, attemptIfExists, errnoOf } from "../output/failure.ts";
import { removeFile } from "../output/files.ts";
import { judgeWay } from "../output/trust.ts";
import { reach, throughDescriptor } from "../places/held.ts";
import { openDirectory, openToRead, readUpTo } from "../places/open.ts";
import { isTrustedUser, writersOf } from "../places/owners.ts";
import { type Ack, LARGEST_BYTES, parseAck } from "./ack.ts";

/** What has the name of an ack. `identity` tells it from a later one of the same name. */
export type FoundAck = { order: string; name: string; identity: string } & ({ ack: Ack } | { fault: string });

export type Folder = "processed" | "rejected";

/** Why a directory gives no answers. */
type Unusable = { fault: string; hint: string };

export type AckPlace = {
  /** Orders that have something of the name of an ack. */
  orders(): string[];
  /** null when it is gone. */
  read(order: string): FoundAck | null;
  /** Puts it away unless another one has its name by now; false when it is still there. */
  move(found: FoundAck, folder: Folder): boolean;
  /** Removes what was processed so long ago. */
  expire(days: number): void;
  close(): void;
};

/** Where answers are looked for unless the configuration says it. */
export function acksDirectory(settings: { outputDirectory: string; acksDirectory: string | null }): string {
  return settings.acksDirectory ?? join(settings.outputDirectory, "acks");
}

/** Only its last part is made. */
export function createAcks(path: string): void {
  attempt("create", path, () => {
    try {
      mkdirSync(reach(path), { mode: 0o775 });
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  });
}

export function ackName(order: string): string {
  return `${order}.json`;
}

export type AckOptions = {
  /** Of the names of what is put away. */
  now: () => Date;
  /** Everybody who can reach the directory is trusted. */
  allowShared: boolean;
};

/** Opens it; null where there is none, and in words why it is of no use. */
export function openAcks(path: string, { now, allowShared }: AckOptions): AckPlace | Unusable | null {
  const fd = openOrFault(path);
  if (typeof fd !== "number") return fd;
  const stats = fstatSync(fd);
  const fault = allowShared ? null : judge(path, stats);
  if (fault !== null) {
    closeSync(fd);
    return fault;
  }
  const at = (name: string) => throughDescriptor(fd, `/${name}`);
  return {
    orders: () => listOrders(path, at("")),
    read: (order) => readAck(order, { path, at, directory: stats }),
    move: (found, folder) => moveAck(found, { folder, at, now: now() }),
    expire: (days) => expire(at, now().getTime() - days * DAY_MS),
    close: () => closeSync(fd),
  };
}

/** Who could write an ack, or, where root runs, lead it to another directory. */
function judge(path: string, stats: Stats): Unusable | null {
  if (writersOf(stats) === "everybody") {
    return {
      fault: `everybody on this machine can write to ${path}, and so answer for the provisioner`,
      hint: `chmod o-w ${path}`,
    };
  }
  if (judgeWay(path).faults.length === 0) return null;
  return {
    fault: `others could put another directory in the place of ${path}`,
    hint: "let the directories above it belong to root, and nobody else write to them",
  };
}

const NOT_A_DIRECTORY: readonly (string | null)[] = ["ENOTDIR", "ELOOP"];
const FORBIDDEN: readonly (string | null)[] = ["EACCES", "EPERM"];

function openOrFault(path: string): number | Unusable | null {
  try {
    return openDirectory(reach(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return null;
    if (NOT_A_DIRECTORY.includes(errno))
      return {
        fault: `${path} is not a directory, or is a symlink`,
        hint: "set `acks_directory` to a directory",
      };
    if (FORBIDDEN.includes(errno))
      return {
        fault: `${path} cannot be read (${errno})`,
        hint: `let this user into it: chmod g+rwx ${path}`,
      };
    return attempt("open", path, () => {
      throw error;
    });
  }
}

/** More are for later passes. */
const MOST_ACKS = 10_000;

function listOrders(path: string, opened: string): string[] {
  const orders: string[] = [];
  for (const name of attempt("list", path, () => readdirSync(opened))) {
    const order = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
    if (isPlainUuid(order)) orders.push(order);
    if (orders.length === MOST_ACKS) break;
  }
  return orders.sort();
}

type Opened = { path: string; at: (name: string) => string; directory: Stats };

function readAck(order: string, { path, at, directory }: Opened): FoundAck | null {
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

/** Root, this user, whoever owns the directory, and where its group may write to it whoever put the file there. */
function mayAnswer({ uid }: Stats, directory: Stats): boolean {
  return isTrustedUser(uid) || uid === directory.uid || (directory.mode & 0o020) !== 0;
}

function identityOf({ dev, ino, size, mtimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs].join(":");
}

type Away = { folder: Folder; at: (name: string) => string; now: Date };

/** Best effort: the receipt says what was answered, wherever the file lies. */
function moveAck({ order, name, identity }: FoundAck, { folder, at, now }: Away): boolean {
  try {
    const seen = lstatSync(at(name), { throwIfNoEntry: false });
    if (seen === undefined) return true;
    if (identityOf(seen) !== identity) return false;
    const fd = openFolder(at(folder));
    try {
      renameSync(at(name), throughDescriptor(fd, `/${awayName(order, now)}`));
    } finally {
      closeSync(fd);
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return false;
  }
}

function openFolder(path: string): number {
  try {
    return openDirectory(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    mkdirSync(path, { mode: 0o755 });
    return openDirectory(path);
  }
}

const DAY_MS = 86_400_000;
const AWAY = /^[0-9a-f]{32}-(\d{1,15})-[0-9a-f]{8}\.json$/;

/** A name that nothing has: the order, the time in milliseconds, and chance. */
function awayName(order: string, now: Date): string {
  const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return `${order}-${now.getTime()}-${random}.json`;
}

function expire(at: (name: string) => string, beforeMs: number): void {
  try {
    const fd = openDirectory(at("processed"));
    try {
      for (const name of readdirSync(throughDescriptor(fd, ""))) {
        const [, time] = AWAY.exec(name) ?? [];
        if (time !== undefined && Number(time) < beforeMs) removeFile(throughDescriptor(fd, `/${name}`));
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    // What cannot be removed hinders nothing.
  }
}
