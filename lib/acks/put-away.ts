// Where acks are moved once they were read: a directory beside them, under a free name. Best effort, because the
// directory may be another user's; the receipt has the answer, wherever the file is.

import { closeSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { removeFile } from "../output/files.ts";
import { throughDescriptor } from "../places/held.ts";
import { openDirectory } from "../places/open.ts";
import { type FoundAck, identityOf } from "./read.ts";

export type Folder = "processed" | "rejected";

type Away = { folder: Folder; at: (name: string) => string; now: Date };

/** False when it is still there, or another one of that name. */
export function moveAck({ order, name, identity }: FoundAck, { folder, at, now }: Away): boolean {
  try {
    const seen = lstatSync(at(name), { throwIfNoEntry: false });
    if (seen === undefined) return true;
    if (identityOf(seen) !== identity) return false;
    const fd = openFolder(at(folder));
    try {
      const away = throughDescriptor(fd, `/${awayName(order, now)}`);
      renameSync(at(name), away);
      if (identityOf(lstatSync(away)) === identity) return true;
      // Another one came in between, which was not read: it goes back, unless there is one more by now.
      linkSync(away, at(name));
      unlinkSync(away);
      return false;
    } finally {
      closeSync(fd);
    }
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

const AWAY = /^[0-9a-f]{32}-(\d{1,15})-[0-9a-f]{8}\.json$/;

/** A name that nothing has: the order, the time in milliseconds, and chance. */
function awayName(order: string, now: Date): string {
  const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return `${order}-${now.getTime()}-${random}.json`;
}

/** Removes what was processed before that time. */
export function expire(at: (name: string) => string, beforeMs: number): void {
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
