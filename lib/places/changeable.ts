// Whether others can change a file that decides where the token is sent and what is published: the configuration, a
// token, a GID map, a CA. What counts is the file that was opened, not the one that has the name now.

import type { Stats } from "node:fs";
import { isTrustedUser, ownUser, showMode, showUser, userArgument, writersOf } from "./owners.ts";

/** Without the path of the file, which may be a token in the wrong place. */
export type Changeable = { who: string; detail: string; remedy: string };

/**
 * null when only we and root can. A group counts if this runs as root: another user chose to share the group, but
 * what root runs affects everybody.
 */
export function changeableBy(stats: Stats): Changeable | null {
  if (!stats.isFile()) return null;
  if (!isTrustedUser(stats.uid)) {
    const remedy = `chown ${userArgument(ownUser(), "chown")}`;
    return { who: "another user owns", detail: showUser(stats.uid), remedy };
  }
  const writers = writersOf(stats);
  const detail = `mode ${showMode(stats.mode)}`;
  if (writers === "everybody")
    return { who: "everybody on this machine can write to", detail, remedy: "chmod o-w" };
  if (writers !== "group" || ownUser() !== 0) return null;
  return { who: `this runs as root, and group ${stats.gid} can write to`, detail, remedy: "chmod g-w" };
}
