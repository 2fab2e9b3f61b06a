// Which entry each resource may have in a snapshot that nothing disturbs, given what was published before. Mostly there
// is just one; where a path is contested there may be several, or none.

import { existsSync } from "node:fs";
import { join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import { type Contest, contestsOf, hadHolder, isDisputed, isSurelyHeld } from "./contest.ts";
import { type Entry, type Expected, fits, projectIn, valuesOfResource } from "./expected.ts";
import { backendPath, everyResource, hasBadSlug, isLive, isNearlyPath, wantedPath } from "./paths.ts";
import type { Site } from "./site.ts";

type Permission = {
  id: string;
  /** null: it cannot be mapped. */
  values: Expected | null;
  paths: ReadonlySet<string>;
  project: string;
  /** It may be absent. */
  absent: boolean;
  /** Its last entry, where that may stand in. */
  carried: Entry | null;
  /** Others may claim its path, so that it may be decided on after the last page. */
  isContested: boolean;
};

/** Says what is wrong of the entries of a snapshot. Made before the run, for the run itself changes what is known. */
export type SnapshotRule = (found: readonly Entry[]) => string[];

/**
 * `before` are the entries of the snapshot that the new one follows. `isFresh`: the run believes nothing that it
 * remembers; any other may take a row for what it said before a silent change, for a day.
 */
export function snapshotRule(site: Site, before: readonly Entry[], isFresh = false): SnapshotRule {
  const rules = listedRows(site).map((row) => {
    const last = before.find(({ id }) => id === row.uuid);
    const older = isFresh ? [] : site.seen.remembered.olderOf(row, site.seen.now);
    return {
      now: permissionOf(site, row, last),
      older: older.map((one) => permissionOf(site, one, last)),
    };
  });
  const permissions = rules.map(({ now }) => now);
  return (found) => [
    ...rules.flatMap(({ now, older }) =>
      older.some((one) => complaintsOf(one, found).length === 0) ? [] : complaintsOf(now, found),
    ),
    ...found
      .filter(({ id }) => !permissions.some((one) => one.id === id))
      .map(({ id }) => `${id} is in the snapshot, and not a live resource`),
    ...complaintsOfOrder(
      rules.filter(({ older }) => older.length === 0).map(({ now }) => now),
      found,
    ),
  ];
}

/** The rows that `sync` lists. */
export function listedRows({ stage: { world } }: Site): SimResource[] {
  return everyResource(world).filter((row) => row.offeringUuid === world.offering.uuid && isLive(row));
}

function permissionOf(site: Site, row: SimResource, last: Entry | undefined): Permission {
  const { owners, lives } = site.seen;
  const id = row.uuid;
  const values = valuesOfResource(row);
  const kept = owners.pathOf(id);
  const paths = kept === null ? unfixedPaths(site, row) : new Set(movedOrKept(site, row, kept));
  const mayStandIn =
    last !== undefined &&
    (paths.has(last.mountPoint) || last.mountPoint === kept || wantedPath(site.stage.world, row) === null);
  const carried = mayStandIn ? last : null;
  const isFree = !owners.isProved(id);
  const isAwaited = isContested(site, row, paths) || hadHolder(site, id, paths);
  const permission = {
    id,
    values,
    paths,
    project: projectIn(row),
    carried,
    isContested: isFree && isAwaited,
  };
  // What came to life again may have lost its path in between.
  if (lives.hasEnded(id) || isDisputed(site, id, paths)) return { ...permission, absent: true };
  // What a terminate order does not need may be missing of a resource that is being removed, too.
  if (values === null && row.state === "Terminating")
    return { ...permission, values: { id, status: "removing" }, absent: true };
  const mayBeLost = kept === null || carried === null || !isRemembered(site);
  // A slug that is no name is a problem of its own, also where the path does not come from it.
  if (hasBadSlug(row)) return { ...permission, absent: mayBeLost };
  if (values === null || paths.size === 0)
    return { ...permission, values: null, absent: mayBeLost || paths.size > 1 };
  const isAbsent = isFree && !isFirst(site, row, paths);
  return { ...permission, absent: isAbsent, carried: permission.isContested ? carried : null };
}

/** The state says how the last snapshot was published: without it nothing is carried over. */
function isRemembered({ stage }: Site): boolean {
  return existsSync(join(stage.out, STATE_DIRECTORY, "snapshot.json"));
}

/** An absolute backend id moves it, unless somebody else may have the path. */
function movedOrKept(site: Site, row: SimResource, kept: string): string[] {
  const { wants } = site.seen;
  const moved = backendPath(row);
  // The receipt of an order may have moved it to a backend id that is gone again.
  const remembered = wants.hasOrders(row.uuid) ? [...wants.backendPaths(row.uuid)] : [];
  if (moved === null || moved === kept) return [kept, ...remembered];
  if (isSurelyHeld(site, row.uuid, moved)) return [kept, ...remembered.filter((path) => path !== moved)];
  // That a holder has ended is found after the last page: the next list moves the resource.
  const isAwaited = contestsOf(site, row.uuid, moved).length > 0 || hadHolder(site, row.uuid, [moved]);
  return isAwaited ? [moved, kept, ...remembered] : [moved];
}

/** Of a resource that no file names, or several in a way that leaves its path open. */
function unfixedPaths(site: Site, row: SimResource): Set<string> {
  const { owners, wants } = site.seen;
  const { uuid } = row;
  const claims = owners.claimsOf(uuid).map(({ path }) => path);
  if (owners.isProved(uuid)) return new Set([...claims, ...wants.backendPaths(uuid)]);
  const now = wantedPath(site.stage.world, row);
  const wished = wants.hasOrders(uuid) ? wants.possible(uuid) : now === null ? [] : [now];
  if (claims.length === 0 && isNearlyPath(row.backendId) && !wants.hasOrders(uuid)) return new Set();
  return new Set([...claims, ...wished].filter((path) => !isSurelyHeld(site, uuid, path)));
}

function isContested(site: Site, row: SimResource, paths: ReadonlySet<string>): boolean {
  return allContests(site, row, paths).length > 0;
}

/** Whoever else may claim its path comes after it. */
function isFirst(site: Site, row: SimResource, paths: ReadonlySet<string>): boolean {
  const isClear = wantedPath(site.stage.world, row) !== null && !isNearlyPath(row.backendId);
  return isClear && allContests(site, row, paths).every((contest) => isYounger(site, row, contest));
}

function allContests(site: Site, row: SimResource, paths: ReadonlySet<string>): Contest[] {
  const now = wantedPath(site.stage.world, row);
  return [...paths, ...(now === null ? [] : [now])].flatMap((path) => contestsOf(site, row.uuid, path));
}

/** Between rows that no file names the older has the path; a template gives no nested ones. */
function isYounger({ seen }: Site, row: SimResource, { why, other }: Contest): boolean {
  const isPlain = (one: SimResource) => backendPath(one) === null && !seen.wants.hasOrders(one.uuid);
  const isSame = other.offeringUuid === row.offeringUuid;
  return why === "wanted" && isPlain(other) && isPlain(row) && isSame && other.index > row.index;
}

function complaintsOf(permission: Permission, found: readonly Entry[]): string[] {
  const { id, values, paths, project, absent, carried } = permission;
  const entries = found.filter((entry) => entry.id === id);
  const [entry] = entries;
  if (entries.length > 1) return [`${id} is twice in the snapshot`];
  if (entry === undefined)
    return absent ? [] : [`${id} is missing in the snapshot; it has ${describe(permission)}`];
  const isRight = values !== null && paths.has(entry.mountPoint) && fits(entry, values);
  if (isRight && entry.project === project) return [];
  if (JSON.stringify(entry) === JSON.stringify(carried)) return [];
  return [`the snapshot holds ${JSON.stringify(entry)}, not ${describe(permission)}`];
}

function describe({ values, paths, project, carried }: Permission): string {
  return JSON.stringify({
    ...(values && { values, project, paths: [...paths] }),
    ...(carried && { carried }),
  });
}

/** Oldest first; after them what was set aside to the end. */
function complaintsOfOrder(permissions: readonly Permission[], found: readonly Entry[]): string[] {
  const plain = permissions.filter(
    ({ values, absent, carried, isContested }) =>
      values !== null && !absent && !isContested && carried === null,
  );
  const places = plain.map(({ id }) => found.findIndex((entry) => entry.id === id)).filter((at) => at >= 0);
  const isRising = places.every((at, nth) => nth === 0 || at > (places[nth - 1] ?? -1));
  return isRising ? [] : ["the entries of the snapshot are not in the order of the list"];
}
