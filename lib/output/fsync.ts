// Making names and bytes survive a power cut. A rename is not on the disk before the directory that holds the name is
// (docs/contract.md, "Publishing"): on ext4 and xfs a file renamed without this was gone after one.

import { closeSync, fsyncSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { heldDescriptor, reach } from "../places/held.ts";
import { openDirectory, openToRead } from "../places/open.ts";
import { attempt } from "./failure.ts";

/** Errnos with which a file system says that it has no fsync of directories at all. */
const UNSUPPORTED: readonly (string | null)[] = ["EINVAL", "ENOTSUP", "EOPNOTSUPP"];

/** Waits until the names in a directory are on the disk; false where the file system cannot do that. */
export function syncDirectory(path: string): boolean {
  return attempt("flush directory", path, () => {
    const held = heldDescriptor(path);
    const fd = held ?? openDirectory(reach(path));
    try {
      fsyncSync(fd);
      return true;
    } catch (error) {
      if (UNSUPPORTED.includes(errnoOf(error))) return false;
      throw error;
    } finally {
      if (held === null) closeSync(fd);
    }
  });
}

/** Waits until the bytes of a file that is already there are on the disk; never follows a symlink. */
export function syncFile(path: string): void {
  attempt("flush", path, () => {
    const fd = openToRead(path, "refuse");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
