// Who else may claim a path that a resource asks for. What files say is sure; rows and receipts may claim, and an end
// may have been seen sooner or later: where that decides, both outcomes are right.

import type { SimResource } from "../../lib/simulator/model.ts";
import { everyResource, isLive, isNested } from "./paths.ts";
import type { Site } from "./site.ts";

export type Contest = {
  other: SimResource;
  /** `held`: a file gives it to a resource that lives. `kept`: the days after its end may not be over. */
  why: "held" | "kept" | "wanted";
};

/** Others that may claim the path, or one inside or above it. */
export function contestsOf(site: Site, resource: string, path: string): Contest[] {
  return everyResource(site.stage.world).flatMap((other) => {
    if (other.uuid === resource) return [];
    const why = reasonOf(site, other, (claimed) => isInTheWay(site, claimed, path));
    return why === null ? [] : [{ other, why }];
  });
}

function isInTheWay({ setup }: Site, claimed: string, path: string): boolean {
  return claimed === path || (setup.nestedMounts !== "allow" && isNested(claimed, path));
}

function reasonOf(site: Site, other: SimResource, isClaim: (path: string) => boolean): Contest["why"] | null {
  const { owners, wants, lives } = site.seen;
  const isClaimed = owners.claimsOf(other.uuid).some(({ path }) => isClaim(path));
  if (isClaimed && isLive(other)) return "held";
  if (isClaimed && lives.isPerhapsWithin(other.uuid, clockOf(site))) return "kept";
  // A receipt counts until a pass has found its order ended.
  const hasReceipt = site.book.placed.some(
    ({ uuid, resourceUuid }) => resourceUuid === other.uuid && !site.seen.settled.has(uuid),
  );
  const mayWant = isLive(other) || hasReceipt ? wants.possible(other.uuid) : [];
  return mayWant.some(isClaim) ? "wanted" : null;
}

/** A file of a resource that has lived all the time names just this path. */
export function isSurelyHeld({ seen, stage }: Site, resource: string, path: string): boolean {
  return seen.owners
    .holders()
    .some(
      (other) =>
        other !== resource &&
        !seen.lives.hasEnded(other) &&
        isLive(stage.world.resource(other)) &&
        seen.owners.claimsOf(other).some((claim) => claim.sure && claim.path === path),
    );
}

/** One of the paths is also that of a resource that had ended and came to life again: who is right is left open. */
export function isDisputed({ seen, stage }: Site, resource: string, paths: Iterable<string>): boolean {
  const own = new Set(paths);
  return seen.owners
    .holders()
    .some(
      (other) =>
        other !== resource &&
        seen.lives.hasEnded(other) &&
        isLive(stage.world.resource(other)) &&
        seen.owners.claimsOf(other).some(({ path }) => own.has(path)),
    );
}

/**
 * Somebody had one of the paths, or one inside or above it, and ended: the run may find that out after the last page.
 */
export function hadHolder(site: Site, resource: string, paths: Iterable<string>): boolean {
  const wanted = [...paths];
  return site.seen.owners
    .holders()
    .filter((other) => other !== resource && !isLive(site.stage.world.resource(other)))
    .flatMap((other) => site.seen.owners.claimsOf(other))
    .some((claim) => wanted.some((path) => isInTheWay(site, claim.path, path)));
}

export function clockOf({ seen, setup }: Site): { now: number; days: number } {
  return { now: seen.now, days: daysOf(setup) };
}

/** The setting or its default. */
export function daysOf({ reuseDays, completion }: Site["setup"]): number {
  return reuseDays ?? (completion === "on-publish" ? 7 : 0);
}
