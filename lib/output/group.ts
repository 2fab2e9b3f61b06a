// The group of what is published. In a setgid directory files get the directory's group, such as that of a web server,
// and so must ours, which are made in the state directory: that one may have lost the bit, which a user who is not in
// the group loses with any change of the mode, or may be older than the bit.

import { closeSync, fchownSync, fstatSync, renameSync, statSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf } from "../errors.ts";
import { heldDescriptor, reach } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import type { StatePlace } from "./directory.ts";

const SETGID = 0o2000;

/** A new, empty file in the state directory, in the group that a file made in the output directory gets. */
export function openInGroup({ directory }: Pick<StatePlace, "directory">, path: string): number {
  const fd = openNew(path);
  const { mode, gid } = statsOf(directory);
  if ((mode & SETGID) === 0 || fstatSync(fd).gid === gid) return fd;
  if (takesGroup(fd, gid)) return fd;
  closeSync(fd);
  unlinkSync(reach(path));
  return makeBeside(directory, path);
}

function statsOf(directory: string) {
  const fd = heldDescriptor(directory);
  return fd === null ? statSync(directory) : fstatSync(fd);
}

/** Root and the members of the group may give it. */
function takesGroup(fd: number, gid: number): boolean {
  try {
    fchownSync(fd, fstatSync(fd).uid, gid);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EPERM" || errnoOf(error) === "EINVAL") return false;
    throw error;
  }
}

/** The kernel gives a new file there that group; readers ignore a name that begins with a dot. */
function makeBeside(directory: string, path: string): number {
  const beside = join(directory, `.waldur-cscs-storage-${basename(path)}`);
  const fd = openNew(beside);
  try {
    renameSync(reach(beside), reach(path));
    return fd;
  } catch (error) {
    closeSync(fd);
    unlinkSync(reach(beside));
    throw error;
  }
}
