// What happens to resources in Waldur beside all orders: new limits, other slugs, corrections of operators,
// terminations. Some of it makes a resource one that cannot be mapped.

import fc from "fast-check";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import { isOpen } from "./interventions.ts";
import { everyResource, isLive, mountPointOf, pathBeside } from "./paths.ts";
import { SILENT_ACTS, SILENT_CHANGES } from "./silent.ts";

type About = {
  nth: number;
  world: World;
  /** The path that a resource has. */
  pathOf: (resource: SimResource) => string;
};
/** false: there is nobody else whom it would take. */
type Act = (resource: SimResource, about: About) => false | undefined;

const ACTS = {
  "gets other limits": (resource, { nth }) => {
    resource.limits = { storage: 100 + nth };
  },
  "gets a negative limit": (resource) => {
    resource.limits = { storage: -3 };
  },
  "gets another slug": (resource, { nth }) => {
    resource.slug = `moved-${nth}`;
  },
  "gets a slug that is no name": (resource) => {
    resource.slug = "../../etc";
  },
  "gets its limit fixed": (resource) => {
    resource.limits = { storage: 7 };
  },
  "gets the place of the oldest": (resource, { world }) => {
    const [oldest] = world.resources();
    if (oldest === undefined || oldest.uuid === resource.uuid) return false;
    takePlace(world, resource, oldest);
  },
  "gets the place of another": (resource, { nth, world }) => {
    const other = anotherThan(resource, { nth, world });
    if (other === undefined) return false;
    takePlace(world, resource, other);
  },
  "swaps places with another": (resource, { nth, world }) => {
    const other = anotherThan(resource, { nth, world });
    if (other === undefined) return false;
    const { slug, project } = resource;
    takePlace(world, resource, other);
    takePlace(world, world.resource(other.uuid), { slug, project });
  },
  "gets the path of another": (resource, { nth, world, pathOf }) => {
    const other = anotherThan(resource, { nth, world });
    const path = other === undefined ? ".." : pathOf(other);
    if (path.includes("..")) return false;
    resource.backendId = path;
  },
  "gets a path inside that of another": (resource, about) => takePathBeside(resource, about, "inside"),
  "gets a path above that of another": (resource, about) => takePathBeside(resource, about, "above"),
  "gets a backend id nearly a path": (resource, { nth }) => {
    resource.backendId = `capstor/x${nth}`;
  },
  "loses its backend id": (resource) => {
    resource.backendId = "";
  },
  "is found to be mounted": (resource, { nth }) => {
    resource.backendId = `/mnt/${nth}`;
  },
  "gets quotas of its own": (resource, { nth }) => {
    resource.options = { soft_quota_space: nth + 1, hard_quota_space: nth + 3 };
  },
  "gets quotas that cannot be": (resource) => {
    resource.options = { soft_quota_space: 9, hard_quota_space: 8 };
  },
  "gets a permission": (resource) => {
    resource.options = { permissions: "2770" };
  },
  "gets a permission that is none": (resource) => {
    resource.options = { permissions: "rwx" };
  },
  errs: (resource) => {
    resource.state = "Erred";
  },
  "is terminated": (resource) => {
    resource.state = "Terminated";
  },
  ...SILENT_ACTS,
} as const satisfies Readonly<Record<string, Act>>;

function takePlace(
  world: World,
  resource: SimResource,
  { slug, project }: Pick<SimResource, "slug" | "project">,
): void {
  Object.assign(resource, { slug, project, backendId: "" });
  // Where a resource moves, its orders move along.
  for (const order of world.orders) if (order.resourceUuid === resource.uuid) order.project = project;
}

function takePathBeside(resource: SimResource, about: About, where: "inside" | "above"): false | undefined {
  const other = anotherThan(resource, about);
  const path = other === undefined ? null : pathBeside(about.pathOf(other), where, about.nth);
  if (path === null) return false;
  resource.backendId = path;
}

/** Of the same offering, in any state. */
function anotherThan(
  resource: SimResource,
  { nth, world }: Pick<About, "nth" | "world">,
): SimResource | undefined {
  const others = everyResource(world).filter(
    ({ uuid, offeringUuid }) => uuid !== resource.uuid && offeringUuid === resource.offeringUuid,
  );
  return others[nth % Math.max(1, others.length)];
}

const NAMES = Object.keys(ACTS).filter(isName);

export const CHANGES: readonly string[] = NAMES;

function isName(name: string): name is keyof typeof ACTS {
  return Object.hasOwn(ACTS, name);
}

/** The number chooses the resource; every history numbers its changes, so that new values are nobody else's. */
export type Change = { change: keyof typeof ACTS | "is added"; resource: number };

const LOUD = NAMES.filter((name) => !Object.hasOwn(SILENT_ACTS, name));

export const changes: fc.Arbitrary<Change> = changesOf(["is added", "gets the place of the oldest", ...LOUD]);

export const silentChanges: fc.Arbitrary<Change> = changesOf(SILENT_CHANGES);

function changesOf(names: readonly Change["change"][]): fc.Arbitrary<Change> {
  return fc.record({ change: fc.constantFrom(...names), resource: fc.nat({ max: 6 }) });
}

/** Changes one of the live resources. Returns the change, or null where there is nobody to whom it could happen. */
export function applyChange(
  world: World,
  { change, resource: number }: Change,
  { nth, pathOf = (one) => mountPointOf(world, one) }: { nth: number; pathOf?: About["pathOf"] },
): string | null {
  if (change === "is added") {
    world.addResource({ name: `added-${nth}`, slug: `added-${nth}` });
    return change;
  }
  const alive = everyResource(world).filter(isLive);
  const chosen = alive[number % Math.max(1, alive.length)];
  if (chosen === undefined) return null;
  return ACTS[change](world.resource(chosen.uuid), { nth, world, pathOf }) === false ? null : change;
}

/** Many resources of the offering at once go, and as many come. Returns how many. */
export function replaceMany(world: World, { nth, count }: { nth: number; count: number }): number {
  const alive = world.resources().filter(isLive).slice(0, count);
  for (const { uuid } of alive) world.terminate(uuid);
  for (const [at] of alive.entries())
    world.addResource({ name: `new-${nth}-${at}`, slug: `new-${nth}-${at}` });
  return alive.length;
}

/** Operators put in order whatever cannot be mapped; only what the program does not know stays. */
export function repair(world: World, orders: readonly SimOrder[]): void {
  for (const { uuid } of everyResource(world)) {
    const resource = world.resource(uuid);
    const backendId = resource.backendId?.includes("/") ? "" : resource.backendId;
    Object.assign(resource, {
      slug: `repaired-${resource.index}`,
      limits: { storage: 5 },
      options: null,
      attributes: {},
      backendId,
    });
  }
  for (const order of orders) if (isOpen(order) && order.type !== "Terminate") order.limits = { storage: 6 };
}
