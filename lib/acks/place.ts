// The directory of acks, which may belong to another user: opened once, held by its descriptor, and never trusted. Only
// names of 32 hex digits and `.json` are looked at.

import { accessSync, closeSync, constants, fstatSync, mkdirSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { attempt } from "../output/failure.ts";
import { judgeWay } from "../output/trust.ts";
import { reach, throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { ownUser, writersOf } from "../places/owners.ts";
import { DAY_MS } from "../time.ts";
import { isPlainUuid } from "../uuid.ts";
import { expire, type Folder, moveAck } from "./put-away.ts";
import { type FoundAck, readAck } from "./read.ts";

/** Why a directory gives no answers. */
type Unusable = { fault: string; hint: string };

export type AckPlace = {
  /** Whose it is; `canMove`: as far as its mode says, acks can be put away. */
  about(): { owner: number; mode: number; canMove: boolean };
  /**
   * Orders that have something of the name of an ack: all of the wanted ones, and of others as many as a pass takes.
   */
  orders(wanted: ReadonlySet<string>): string[];
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

export type AckOptions = {
  /** Of the names of what is put away. */
  now: () => Date;
  /** Everybody who can reach the directory is trusted. */
  allowShared: boolean;
};

/** Opens it; null if it does not exist, and a message if it cannot be used. */
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
    about: () => ({ owner: stats.uid, mode: stats.mode, canMove: mayChange(at("")) }),
    orders: (wanted) => listOrders(path, at(""), wanted),
    read: (order) => readAck(order, { path, at, directory: stats }),
    move: (found, folder) => moveAck(found, { folder, at, now: now() }),
    expire: (days) => expire(at, now().getTime() - days * DAY_MS),
    close: () => closeSync(fd),
  };
}

function mayChange(opened: string): boolean {
  try {
    accessSync(opened, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who could write an ack, or, where root runs, lead it to another directory. */
function judge(path: string, stats: Stats): Unusable | null {
  if (writersOf(stats) === "everybody") {
    return {
      fault: `everybody on this machine can write to ${path}, and answer in place of the provisioner`,
      hint: `chmod o-w ${path}`,
    };
  }
  // The way to a held directory was judged when it was opened.
  const isBelowHeld = reach(path) !== path;
  if (isBelowHeld || ownUser() !== 0 || judgeWay(path).faults.length === 0) return null;
  return {
    fault: `other users could replace the directory ${path}`,
    hint: "make the directories above it owned and writable by root only",
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
        hint: `give this user access: chmod g+rwx ${path}`,
      };
    return attempt("open", path, () => {
      throw error;
    });
  }
}

/** More are for later passes: where nothing can be put away, what is there must not hide what is waited for. */
const MOST_STRAYS = 10_000;

function listOrders(path: string, opened: string, wanted: ReadonlySet<string>): string[] {
  const orders: string[] = [];
  let strays = 0;
  for (const name of attempt("list", path, () => readdirSync(opened))) {
    const order = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
    if (isPlainUuid(order) && (wanted.has(order) || strays++ < MOST_STRAYS)) orders.push(order);
  }
  return orders.sort();
}
