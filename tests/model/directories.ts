// The directories of a document of the hierarchy profile, written from the contract, not from lib: whose mount points
// lie in them, and what is wrong of them (docs/contract.md, "The hierarchy").

import { readFileSync, writeFileSync } from "node:fs";
import type { StorageDocument, StorageEntry, StorageResource } from "../../lib/storage/document.ts";
import type { Stage } from "../stage.ts";

export const PROFILES = ["flat", "hierarchy"] as const;
export type Profile = (typeof PROFILES)[number];

/** From now on the site has the other profile. */
export function switchTo({ configPath }: Stage, profile: Profile): void {
  const text = readFileSync(configPath, "utf8");
  writeFileSync(configPath, text.replaceAll(/document_profile: .*/g, `document_profile: ${profile}`));
}

/** The entries of resources. */
export function resourcesIn({ result }: StorageDocument): StorageResource[] {
  return result.storageResources.filter(({ itemId }) => !itemId.includes("-"));
}

/** How one that reads the whole document would say what is wrong with its directories. */
export function faultsOf(entries: readonly StorageEntry[]): string[] {
  const faults: string[] = [];
  const known = new Map<string, { path: string; children: StorageEntry[] }>();
  const paths = new Set<string>();
  // With nested mounts a resource may be what others lie in, and stand behind them.
  const mounted = new Map(
    entries
      .filter(({ itemId }) => !itemId.includes("-"))
      .map(({ itemId, mountPoint }) => [itemId, { path: mountPoint.default }]),
  );
  for (const entry of entries) {
    const { itemId, mountPoint, parentItemId } = entry;
    const path = mountPoint.default;
    const above = path.slice(0, path.lastIndexOf("/"));
    if (paths.has(path)) faults.push(`${path} is there twice`);
    paths.add(path);
    if (known.has(itemId)) faults.push(`${itemId} is there twice`);
    known.set(itemId, { path, children: [] });
    if (parentItemId === null) continue;
    const parent = known.get(parentItemId) ?? mounted.get(parentItemId);
    if (parent?.path !== above) faults.push(`${path} has no parent before it`);
    known.get(parentItemId)?.children.push(entry);
  }
  for (const { itemId, status, target, mountPoint } of entries) {
    if (target.targetType !== "tenant" && target.targetType !== "customer") continue;
    const children = known.get(itemId)?.children ?? [];
    const isPending = children.every((child) => child.status === "pending");
    if (children.length === 0 || (status === "pending") !== isPending)
      faults.push(`${mountPoint.default} is ${status}, above ${children.length}`);
  }
  return faults;
}
