// What must hold of each path that a file names, at the moment when it is published: it is nobody else's, it is the one
// that the resource has, and it does not lie inside or above another one.

import { clockOf } from "./contest.ts";
import type { Claim, Statement } from "./ownership.ts";
import { isLive, isNested } from "./paths.ts";
import type { Site } from "./site.ts";

export type Naming = Statement & {
  /** Of the file. */
  name: string;
  kind: "create" | "update" | "terminate" | "snapshot";
  /** An entry that only announces a resource names no path. */
  isPending: boolean;
  /** The step since when the order has been there. */
  placedAt: number | null;
};

/** One of the paths of another resource. */
type Foreign = { holder: string; claim: Claim };

export function complaintsOfNaming(site: Site, naming: Naming): string[] {
  const foreign = foreignClaims(site, naming.resource);
  return [
    ...(isPermitted(site, naming)
      ? []
      : [`PATH CHANGED: ${describe(naming)}, which has ${describePaths(site, naming)}`]),
    ...foreign.flatMap((one) => complaintsOfSame(site, naming, one)),
    ...foreign.flatMap((one) => complaintsOfNested(site, naming, one)),
  ];
}

function foreignClaims({ seen }: Site, resource: string): Foreign[] {
  return seen.owners
    .holders()
    .filter((holder) => holder !== resource)
    .flatMap((holder) =>
      seen.owners
        .claimsOf(holder)
        .filter(({ sure }) => sure)
        .map((claim) => ({ holder, claim })),
    );
}

function complaintsOfSame(site: Site, naming: Naming, { holder, claim }: Foreign): string[] {
  if (claim.path !== naming.path) return [];
  // A receipt that is written while the list is read may be the newer word on what is announced.
  if (naming.isPending && claim.step >= site.seen.step) return [];
  if (isAlive(site, holder)) {
    if (naming.kind === "terminate") return [`GIVEN AWAY: ${describe(naming)}, which is that of ${holder}`];
    return isAlive(site, naming.resource) ? [`TWO HOLDERS: ${describe(naming)}, and so does ${holder}`] : [];
  }
  return isTooSoon(site, naming, holder)
    ? [`TOO SOON: ${describe(naming)}, which ${holder} had until its end`]
    : [];
}

function complaintsOfNested(site: Site, naming: Naming, { holder, claim }: Foreign): string[] {
  if (naming.isPending || !isNested(claim.path, naming.path)) return [];
  const isAllowed = site.setup.nestedMounts === "allow";
  if (
    isAllowed &&
    naming.kind === "terminate" &&
    claim.path.startsWith(`${naming.path}/`) &&
    isAlive(site, holder)
  )
    return [`NESTED: ${describe(naming)}, while ${holder} lives inside it at ${claim.path}`];
  if (isAllowed || hadBefore(site, naming) || !isAlive(site, naming.resource)) return [];
  if (isAlive(site, holder)) return [`NESTED: ${describe(naming)}, and ${holder} has ${claim.path}`];
  return isTooSoon(site, naming, holder)
    ? [`TOO SOON: ${describe(naming)}, and ${holder} had ${claim.path} until its end`]
    : [];
}

function hadBefore({ seen }: Site, { resource, path }: Naming): boolean {
  return seen.owners.claimsOf(resource).some((claim) => claim.path === path);
}

function isTooSoon(site: Site, naming: Naming, holder: string): boolean {
  if (!isAlive(site, naming.resource) || isLive(site.stage.world.resource(holder))) return false;
  return site.seen.lives.isSurelyWithin(holder, clockOf(site));
}

/** All the time; one that came to life again may have lost its path rightly. */
function isAlive({ seen, stage }: Site, resource: string): boolean {
  return !seen.lives.hasEnded(resource) && isLive(stage.world.resource(resource));
}

/** The path that it has, an absolute backend id, or what a receipt may have fixed. */
function isPermitted(site: Site, naming: Naming): boolean {
  const { owners, wants, lives } = site.seen;
  const { resource, path } = naming;
  if (lives.hasEnded(resource) || wants.backendPaths(resource).has(path)) return true;
  const kept = owners.pathOf(resource);
  if (kept === path) return true;
  if (isRepathed(site, naming)) return true;
  const own = owners.claimsOf(resource).some((claim) => claim.path === path);
  if (kept === null) return own || (!owners.isProved(resource) && wants.possible(resource).includes(path));
  // The receipt of an order that is older than the move may still say what it was before.
  const movedAt = owners.movedAt(resource);
  return own && naming.placedAt !== null && movedAt !== null && naming.placedAt <= movedAt;
}

/** `--repath` takes the template anew for what no order file names. */
export function isRepathed({ seen }: Site, { kind, resource, path }: Naming): boolean {
  return (
    seen.isRepath &&
    kind === "snapshot" &&
    !seen.owners.isNamedByOrder(resource) &&
    seen.wants.inStep(resource).includes(path)
  );
}

function describe({ name, resource, path }: Naming): string {
  return `${name} gives ${path} to ${resource}`;
}

function describePaths({ seen }: Site, { resource }: Naming): string {
  const kept = seen.owners.pathOf(resource);
  const others = [...seen.wants.possible(resource), ...seen.wants.backendPaths(resource)];
  return `${kept ?? "no path yet"}; it asked for ${[...new Set(others)].join(", ")}`;
}
