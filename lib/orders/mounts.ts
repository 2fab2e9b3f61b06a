// Whose mount point is it? Slugs are not unique in Waldur, and a terminate file with another resource's path would
// delete another's data. What the newest snapshot says is asked, and the creates that were claimed after it. Admitted limit:
// where the clock was set back since the snapshot, creates claimed since then are not seen until the next one.

import { isPlainUuid } from "../key-set.ts";
import { newestSnapshot, readChunks } from "../output/files.ts";
import { changedReceipts, isWithdrawn } from "../output/receipts.ts";
import { readMountIndex } from "../output/state.ts";
import type { Problem } from "../report/report.ts";
import { createMountIndex, type MountIndex, mountIndexFromBytes } from "../storage/mount-index.ts";
import { scanDocument } from "../storage/scan.ts";

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
  const { index, date } = readStoredIndex(directory) ?? readSnapshotIndex(directory);
  for (const { receipt } of changedReceipts(directory, new Date(date))) {
    if (receipt.type === "create" && !isWithdrawn(receipt)) index.claim(receipt.mountPoint, receipt.resource);
  }
  return index;
}

/** Since `date` only the creates of receipts have taken mount points. */
type DatedIndex = { index: MountIndex; date: string | number };

function readStoredIndex(directory: string): DatedIndex | null {
  const stored = readMountIndex(directory);
  const index = stored === null ? null : mountIndexFromBytes(stored.bytes);
  return stored === null || index === null ? null : { index, date: stored.date };
}

/** State that was lost is taken from the newest snapshot; an empty index when that is none of ours, or was cut. */
function readSnapshotIndex(directory: string): DatedIndex {
  const index = createMountIndex();
  const path = newestSnapshot(directory);
  if (path === null) return { index, date: 0 };
  const scan = scanDocument(readChunks(path), ({ mountPoint, itemId }) => {
    if (isPlainUuid(itemId)) index.claim(mountPoint, itemId);
  });
  if (scan.meta !== null && scan.complete) return { index, date: scan.meta.date };
  index.clear();
  return { index, date: 0 };
}
