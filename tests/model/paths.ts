// Which mount point a resource asks for as the world is now, and how two paths lie to each other. Written from the
// contract, not from lib: the model is to find out when the two differ.

import type { SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";

/** Resources of both offerings, in any state, oldest first. */
export function everyResource(world: World): SimResource[] {
  const offeringUuids = [world.offering.uuid, world.otherOffering.uuid];
  const all = world.rows.select({ offeringUuids, matches: () => true });
  return all.slice(0, all.count);
}

export function isLive({ state }: SimResource): boolean {
  return state !== "Terminated";
}

/** By the default template, where the backend id is no absolute path. */
export function mountPointOf(world: World, { backendId, offeringUuid, project, slug }: SimResource): string {
  if (backendId?.startsWith("/")) return backendId;
  const { offering, otherOffering } = world;
  const { slug: system } = offeringUuid === otherOffering.uuid ? otherOffering : offering;
  return `/${system}/store/${project?.customer.slug}/${project?.slug}/${slug}`;
}

/**
 * The path that a resource without one asks for; null when it cannot be said, whatever else is right or wrong of it.
 */
export function wantedPath(world: World, resource: SimResource): string | null {
  const isUnclear = isNearlyPath(resource.backendId) || hasBadSlug(resource);
  return isUnclear && backendPath(resource) === null ? null : mountPointOf(world, resource);
}

/** It cannot be part of a path. */
export function hasBadSlug({ slug }: SimResource): boolean {
  return !/^[a-z0-9-]+$/.test(slug ?? "");
}

/** The absolute path that somebody set as the backend id. */
export function backendPath({ backendId }: SimResource): string | null {
  return backendId?.startsWith("/") ? backendId : null;
}

/** Somebody seems to have meant a path. */
export function isNearlyPath(backendId: string | null): boolean {
  return backendId !== null && !backendId.startsWith("/") && /[/\\]/.test(backendId);
}

/** One of the two lies inside the other. */
export function isNested(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Inside or above that path; null where no backend id can be made of it. */
export function pathBeside(path: string, where: "inside" | "above", number: number): string | null {
  const above = path.slice(0, path.lastIndexOf("/"));
  if (path.includes("..") || above === "") return null;
  return where === "inside" ? `${path}/inner-${number}` : above;
}
