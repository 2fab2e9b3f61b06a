// What happens to resources in Waldur beside all orders: new limits, other slugs, corrections of operators, terminations.
// Some of it makes a resource one that cannot be mapped.

import fc from "fast-check";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/world.ts";

type Act = (resource: SimResource, about: { nth: number; world: World }) => void;

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
  "gets the place of the oldest": (resource, { world }) => {
    const [oldest] = world.resources();
    if (oldest === undefined) return;
    Object.assign(resource, { slug: oldest.slug, project: oldest.project, backendId: "" });
    // Where a resource moves, its orders move along.
    for (const order of world.orders)
      if (order.resourceUuid === resource.uuid) order.project = oldest.project;
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
} as const satisfies Readonly<Record<string, Act>>;

const NAMES = Object.keys(ACTS).filter(isName);

function isName(name: string): name is keyof typeof ACTS {
  return Object.hasOwn(ACTS, name);
}

/** The number chooses the resource; every history numbers its changes, so that new values are nobody else's. */
export type Change = { change: keyof typeof ACTS | "is added"; resource: number };

export const changes: fc.Arbitrary<Change> = fc.record({
  change: fc.constantFrom<Change["change"]>("is added", "gets the place of the oldest", ...NAMES),
  resource: fc.nat({ max: 6 }),
});

/** Changes one of the live resources; without any there is nothing to change. */
export function applyChange(world: World, { change, resource: number }: Change, nth: number): void {
  if (change === "is added") {
    world.addResource({ name: `added-${nth}`, slug: `added-${nth}` });
    return;
  }
  const alive = world.resources().filter(({ state }) => state !== "Terminated");
  const chosen = alive[number % Math.max(1, alive.length)];
  if (chosen !== undefined) ACTS[change](world.resource(chosen.uuid), { nth, world });
}

/** Operators put in order whatever cannot be mapped; only what the program does not know stays. */
export function mend(world: World, orders: readonly SimOrder[]): void {
  for (const { uuid } of world.resources()) {
    const resource = world.resource(uuid);
    const backendId = resource.backendId?.startsWith("/") ? "" : resource.backendId;
    Object.assign(resource, {
      slug: `mended-${resource.index}`,
      limits: { storage: 5 },
      options: null,
      attributes: {},
      backendId,
    });
  }
  for (const order of orders) if (order.type !== "Terminate") order.limits = { storage: 6 };
}
