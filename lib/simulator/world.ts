// Makes the state of a simulated Waldur (state.ts), with what it holds from the start.

import { slugFrom, slugStem, uuidOf } from "./identity.ts";
import { createOrderIn, startOrder } from "./lifecycle.ts";
import { type Project, type SimResource, stamp } from "./model.ts";
import { createRows } from "./rows.ts";
import { createBackground, createdAt, lastSeededSlug, type SeedOptions } from "./seed.ts";
import type { World } from "./state.ts";

export type WorldOptions = SeedOptions & {
  orders: number;
  largestPage?: number | undefined;
  now: () => Date;
};

const LARGEST_PAGE = 300;

export function createWorld(options: WorldOptions): World {
  const background = createBackground(options);
  let touched = 0;
  const world: World = {
    ...background,
    generation: options.generation,
    seed: options.seed,
    largestPage: options.largestPage ?? LARGEST_PAGE,
    rows: createRows(options, background, (resource) => world.touch(resource)),
    orders: [],
    stamp: () => stamp(options.now()),
    resource: (uuid) => world.rows.edit(uuid) ?? missing("resource", uuid),
    resources: () => {
      const all = world.rows.select({ offeringUuids: [world.offering.uuid], matches: () => true });
      return all.slice(0, all.count);
    },
    order: (uuid) => world.orders.find((order) => order.uuid === uuid) ?? missing("order", uuid),
    addResource: (partial = {}) => addResource(world, options, partial),
    addOrder: (order) => createOrderIn(world, order),
    setOrderState(uuid, state) {
      const order = world.order(uuid);
      order.state = state;
      world.touch(order);
    },
    deleteOrder(uuid) {
      world.orders.splice(world.orders.indexOf(world.order(uuid)), 1);
    },
    terminate(uuid) {
      const resource = world.resource(uuid);
      resource.state = "Terminated";
      world.touch(resource);
    },
    touch(thing) {
      // Waldur counts microseconds: two writes in one millisecond differ.
      const micros = String(++touched % 1000).padStart(3, "0");
      thing.modified = world.stamp().replace(/\d{3}Z$/, `${micros}Z`);
    },
  };
  seedOrders(world, options);
  return world;
}

function missing(what: string, uuid: string): never {
  throw new Error(`the simulated Waldur has no ${what} ${uuid}`);
}

function addResource(
  world: World,
  options: SeedOptions,
  partial: Partial<Omit<SimResource, "index">>,
): SimResource {
  const name = partial.name ?? `added-${world.rows.size()}`;
  const created = partial.created ?? world.stamp();
  const slug = partial.slug === undefined ? nextSlug(world, options, name) : partial.slug;
  return world.rows.add((index) => ({
    uuid: uuidOf(world.seed, "resource", index),
    offeringUuid: world.offering.uuid,
    name,
    slug,
    state: "OK",
    limits: { storage: 10 },
    attributes: { name, permissions: "775", storage_data_type: "store" },
    options: null,
    backendId: "",
    backendMetadata: {},
    project: firstProject(world),
    hasPlan: true,
    allocationUuid: allocationOf(world, index, partial.state),
    allocationReady: false,
    created,
    modified: created,
    errorMessage: "",
    wire: {},
    ...partial,
    index,
  }));
}

/** Whatever a server of 2024 has approved in the past was given a legacy allocation by its worker. */
function allocationOf(world: World, index: number, state = "OK"): string | null {
  return world.generation === "2024" && state !== "Creating" ? uuidOf(world.seed, "allocation", index) : null;
}

function firstProject(world: World): Project {
  const [project] = world.projects;
  if (project === undefined) throw new Error("the simulated Waldur has no projects");
  return project;
}

/** Waldur's rule: one more than the highest number among all slugs that begin with the stem. */
function nextSlug(world: World, { resources, terminated }: SeedOptions, name: string): string {
  const stem = slugStem(name, world.generation);
  let last = lastSeededSlug(stem, resources + terminated);
  for (const { slug } of world.rows.changed()) {
    if (slug === null || !slug.startsWith(stem)) continue;
    last = Math.max(last, Number(/-(\d+)$/.exec(slug)?.[1] ?? 1));
  }
  return slugFrom(stem, last + 1, world.generation);
}

const SEEDED_TYPES = ["Create", "Update", "Terminate"] as const;

/**
 * Pending orders of mixed types. Updates and terminations each take a live resource of their own, while there are any.
 */
function seedOrders(world: World, options: WorldOptions): void {
  const total = options.resources + options.terminated;
  let next = options.terminated;
  for (let n = 0; n < options.orders; n++) {
    const type = SEEDED_TYPES[n % SEEDED_TYPES.length] ?? "Create";
    const created = createdAt(total + n);
    if (type === "Create" || next >= total) {
      const name = `order-${n + 1}`;
      startOrder(world, { type: "Create", name, limits: { storage: 5 + n }, created });
      continue;
    }
    const resource = world.resource(uuidOf(world.seed, "resource", next++));
    const limits = type === "Update" ? { storage: 1000 + n } : undefined;
    startOrder(world, { type, resource, created, ...(limits === undefined ? {} : { limits }) });
  }
}
