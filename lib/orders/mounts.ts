// Whose mount point is it? Slugs are not unique in Waldur, and a terminate file with another resource's path would
// delete another's data. What the newest snapshot says is asked, and the creates that were claimed after it.

import { recentReceipts } from "../output/receipts.ts";
import { readMountIndex } from "../output/state.ts";
import type { Problem } from "../report/report.ts";
import { createMountIndex, type MountIndex, mountIndexFromBytes } from "../storage/mount-index.ts";

export type MountGuard = {
  /** The problem when another resource holds the mount point; null, and from now on it is this one's, otherwise. */
  clash(mountPoint: string, resourceUuid: string): Omit<Problem, "offering" | "order" | "resource"> | null;
};

/** Reads nothing until the first question, so that a pass without orders costs nothing. */
export function createMountGuard(directory: string): MountGuard {
  let index: MountIndex | undefined;
  return {
    clash(mountPoint, resourceUuid) {
      index ??= loadMounts(directory);
      const holder = index.claim(mountPoint, resourceUuid);
      if (holder === null) return null;
      return {
        code: "mount-clash",
        field: "slug",
        message: `the mount point ${mountPoint} of resource ${resourceUuid} is held by resource ${holder}; the order stays as it is`,
        hint: "slugs are not unique in Waldur; give one of the two another slug",
      };
    },
  };
}

function loadMounts(directory: string): MountIndex {
  const snapshot = readMountIndex(directory);
  const index = (snapshot === null ? null : mountIndexFromBytes(snapshot.bytes)) ?? createMountIndex();
  const since = snapshot === null ? new Date(0) : new Date(snapshot.date);
  for (const receipt of recentReceipts(directory, since)) {
    if (receipt.type === "create") index.claim(receipt.mountPoint, receipt.resource);
  }
  return index;
}
