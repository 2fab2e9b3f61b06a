// Looks for new files at every request and after every step, so that each is judged by what was known when it was
// published, and then added to it.

import { statSync } from "node:fs";
import { join } from "pathe";
import { parseOrderFileName } from "../../lib/output/names.ts";
import type { StorageDocument, StorageResource } from "../../lib/storage/document.ts";
import { isWhole } from "../faults/outcome.ts";
import { faultsOf, resourcesIn } from "./directories.ts";
import { type Entry, entryOf } from "./expected.ts";
import { complaintsOfNaming, isRepathed, type Naming } from "./ownership-verdict.ts";
import { isLive } from "./paths.ts";
import { type Site, snapshotsOf } from "./site.ts";

/** What is wrong of the files that were published since the last look. */
export function watch(site: Site): string[] {
  noteWorld(site);
  const complaints: string[] = [];
  for (const name of newFiles(site)) {
    if (!isWhole(site.stage, name)) continue;
    const document = site.stage.read(name);
    const entries = resourcesIn(document).map(entryOf);
    complaints.push(...complaintsOfDirectories(site, name, document));
    const parts = parseOrderFileName(name);
    if (parts === null)
      complaints.push(
        ...complaintsOfPairs(
          name,
          entries.filter((entry) => !isRevived(site, entry.id, entries)),
        ),
      );
    for (const entry of entries) complaints.push(...judge(site, namingOf(site, name, entry)));
  }
  return complaints;
}

/** Of the profile that stood when the run began; nothing changes it meanwhile. */
function complaintsOfDirectories(site: Site, name: string, document: StorageDocument): string[] {
  const ofResources = resourcesIn(document);
  const all = ofResources.map(entryOf);
  const storageResources = document.result.storageResources.filter(
    ({ itemId }) => !isRevived(site, itemId, all),
  );
  const isFlat = ofResources.every(({ parentItemId }) => (parentItemId ?? null) === null);
  const isBelowRoot = ({ mountPoint }: StorageResource) => mountPoint.default.lastIndexOf("/") === 0;
  const has = ofResources.length < document.result.storageResources.length || !isFlat;
  if (site.profile === "flat") return has ? [`${name} has directories`] : [];
  const lacking = ofResources.filter((entry) => entry.parentItemId === null && !isBelowRoot(entry));
  return [...lacking.map(({ itemId }) => `${itemId} has no parent`), ...faultsOf(storageResources)].map(
    (fault) => `${name}: ${fault}`,
  );
}

/** What the world says now of paths, ends and rows. */
export function noteWorld({ stage, seen }: Site): void {
  seen.wants.note(stage.world);
  seen.lives.note(stage.world, seen.isRunning ? seen.now : null);
  seen.remembered.note(stage.world, seen.isRunning && seen.isRemembering ? seen.now : null);
}

/** Oldest first, by the time that nobody can set. */
function newFiles(site: Site): string[] {
  const { stage, seen } = site;
  const names = [...stage.files().filter((name) => parseOrderFileName(name) !== null), ...snapshotsOf(site)];
  return names
    .map((name) => ({ name, ...imprint(join(stage.out, name)) }))
    .filter(({ name, mark }) => seen.watched.get(name) !== mark)
    .sort((a, b) => a.at - b.at)
    .map(({ name, mark }) => {
      seen.watched.set(name, mark);
      seen.records.published.push(name);
      return name;
    });
}

/** A snapshot of the same minute replaces another under one name, and may get the number of one that was removed. */
function imprint(path: string): { mark: string; at: number } {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return { mark: `${stats?.ino} ${stats?.birthtimeNs}`, at: Number(stats?.ctimeNs ?? 0n) };
}

function namingOf({ book, seen }: Site, name: string, { id, status, mountPoint }: Entry): Naming {
  const parts = parseOrderFileName(name);
  const order = parts === null ? undefined : book.placed.find(({ uuid }) => uuid === parts.uuid);
  return {
    name,
    resource: id,
    path: mountPoint,
    orderFile: parts === null ? null : name,
    kind: parts?.type ?? "snapshot",
    isPending: parts === null && status === "pending",
    placedAt: order === undefined ? null : (seen.placedAt.get(order.uuid) ?? null),
  };
}

function judge(site: Site, naming: Naming): string[] {
  const { owners, step, isClear, isTogether, outcomes } = site.seen;
  const complaints = complaintsOfNaming(site, naming);
  if (naming.isPending) return complaints;
  const isMove = owners.isNamed(naming.resource) && owners.pathOf(naming.resource) !== naming.path;
  if (isMove) outcomes.add("a resource moves to its backend id");
  const before = owners
    .holders()
    .filter(
      (holder) =>
        holder !== naming.resource && owners.claimsOf(holder).some(({ path }) => path === naming.path),
    );
  if (before.some((holder) => !isLive(site.stage.world.resource(holder))))
    outcomes.add("the path of an ended resource is given to another");
  const isAnew = isRepathed(site, naming);
  owners.record(naming, { step, isClear: isClear && !isTogether });
  if (isAnew) owners.repathed(naming.resource, naming.path);
  return complaints;
}

/** It had ended, and its path is another's by now; such a pair is reported, and both are published. */
function isRevived({ seen }: Site, resource: string, entries: readonly Entry[]): boolean {
  if (!seen.lives.hasEnded(resource)) return false;
  const path = entries.find(({ id }) => id === resource)?.mountPoint;
  return entries.some(({ id, mountPoint }) => id !== resource && mountPoint === path);
}

function complaintsOfPairs(name: string, entries: readonly Entry[]): string[] {
  const seen = new Map<string, string>();
  return entries.flatMap(({ id, mountPoint }) => {
    const other = seen.get(mountPoint);
    seen.set(mountPoint, id);
    return other === undefined ? [] : [`TWO HOLDERS: ${name} gives ${mountPoint} to ${other} and to ${id}`];
  });
}
