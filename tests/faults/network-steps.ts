// The requests of a run one by one, each with the text that picks it out of the others, so that a fault can strike just
// that one; and the worlds in which the runs take place.

import { expect } from "bun:test";
import type { Generation, SimOrder } from "../../lib/simulator/model.ts";
import { openStage, type Stage } from "../stage.ts";

/** `list`: about the offering as a whole; `one`: about one order; `post`: a call that changes one. */
export type Kind = "list" | "one" | "post";

export type Step = {
  name: string;
  kind: Kind;
  /** Text of the path and query that this request alone has, from the arrival of `after` to that of `until`. */
  where: string;
  after?: string;
  /** The same request comes again after the arrival of this one, which is another step. */
  until?: string;
};

export type Scene = {
  mode: "sync" | "orders";
  generation: Generation;
  /** Most rows are remembered; those that changed are read anew. */
  isRemembering?: boolean;
  open(): Promise<Stage>;
  steps(stage: Stage): readonly Step[];
};

/** The minute of the snapshot that is there before a run of `sync`. */
export const BEFORE = new Date(Date.UTC(2026, 0, 5, 9, 0));
export const OLD = "2026-01-05-09-00-all.json";

export const SCENES: readonly Scene[] = [
  { mode: "sync", generation: "current", open: () => openSync("current"), steps: syncSteps },
  { mode: "sync", generation: "2024", open: () => openSync("2024"), steps: syncSteps2024 },
  {
    mode: "sync",
    generation: "current",
    isRemembering: true,
    open: () => openRemembering("current"),
    steps: rememberingSteps,
  },
  {
    mode: "sync",
    generation: "2024",
    isRemembering: true,
    open: () => openRemembering("2024"),
    // What changed is asked for by a day alone; the rest is as on newer servers.
    steps: (stage) => rememberingSteps(stage).filter(({ name }) => name === "what changed"),
  },
  { mode: "orders", generation: "current", open: () => openOrders("current"), steps: orderSteps },
  { mode: "orders", generation: "2024", open: () => openOrders("2024"), steps: orderSteps2024 },
];

/** Two pages of resources; all but the newest are in the snapshot of an earlier run. */
async function openSync(generation: Generation): Promise<Stage> {
  const stage = await openStage({ generation, resources: 304, terminated: 2 });
  await stage.runHere("sync", { now: () => BEFORE });
  expect(stage.files()).toEqual([OLD]);
  stage.world.addResource({ name: "new" });
  stage.simulator.requests.length = 0;
  return stage;
}

const MINUTES_AGO_MS = 300_000;

/**
 * The same, remembered some minutes ago. So many of the first page have changed that a list of what did is asked for,
 * and one of the second page that is not in it.
 */
async function openRemembering(generation: Generation): Promise<Stage> {
  const stage = await openSync(generation);
  const now = new Date(Date.now() - MINUTES_AGO_MS);
  stage.world.terminate(stage.world.resources().at(-1)?.uuid ?? "");
  await stage.runHere("sync", { now: () => now, sync: { ifChanged: true } });
  expect(stage.files()).toEqual([OLD]);
  const live = stage.world.resources().filter(({ state }) => state === "OK");
  for (const { uuid } of [...live.slice(20, 30), ...live.slice(-2)])
    stage.world.resource(uuid).attributes = { permissions: "2770", storage_data_type: "archive" };
  stage.world.resource(live.at(-1)?.uuid ?? "").modified = "2001-01-01T00:00:00.000000Z";
  stage.world.addResource({ name: "newest" });
  stage.simulator.requests.length = 0;
  return stage;
}

/** One order of each type, the Create first. */
async function openOrders(generation: Generation): Promise<Stage> {
  const stage = await openStage({ generation });
  for (const type of ["Create", "Update", "Terminate"] as const) {
    const resource = type === "Create" ? undefined : stage.world.addResource({ name: type, backendId: type });
    stage.world.addOrder({ type, name: type, ...(resource && { resource, limits: { storage: 20 } }) });
  }
  return stage;
}

const OFFERING: Step = { name: "offering", kind: "list", where: "marketplace-provider-offerings/" };

function syncSteps(): readonly Step[] {
  return [
    OFFERING,
    { name: "probe", kind: "list", where: "true&field=offering_uuid&" },
    { name: "consent", kind: "list", where: "state=pending-consumer&" },
    { name: "providers if served", kind: "list", where: "marketplace-service-providers/?" },
    { name: "projects if served", kind: "list", where: "/projects/?" },
    { name: "terminated", kind: "list", where: "state=Terminated&" },
    { name: "page 1", kind: "list", where: "field=modified&page=1&" },
    { name: "page 2", kind: "list", where: "field=modified&page=2&" },
  ];
}

/** Only what differs from newer servers. */
function syncSteps2024(): readonly Step[] {
  return [
    { name: "probe without slugs", kind: "list", where: "true&field=offering_uuid&" },
    { name: "providers", kind: "list", where: "marketplace-service-providers/?" },
    { name: "projects", kind: "list", where: "/projects/?" },
    { name: "page 2", kind: "list", where: "field=modified&page=2&" },
  ];
}

/** Only what a run asks for that remembers rows. */
function rememberingSteps({ world }: Stage): readonly Step[] {
  const changed = world.resources().filter(({ attributes }) => Object(attributes).permissions === "2770");
  const alone = changed.filter(({ attributes }) => Object(attributes).name === undefined)[4]?.uuid;
  return [
    { name: "row alone", kind: "list", where: `-resources/${alone}/?` },
    { name: "what changed", kind: "list", where: "&modified=2" },
    { name: "page 2 again", kind: "list", where: "field=project_uuid&field=modified&page=2&" },
  ];
}

/** The steps of the first order; the others have the same and are never struck. */
function orderSteps(stage: Stage): readonly Step[] {
  const { order, resource, accept } = textsOf(stage);
  return [
    OFFERING,
    { name: "list", kind: "list", where: "marketplace-orders/?" },
    { name: "resource", kind: "one", where: `${resource}?`, until: accept },
    { name: "order", kind: "one", where: `${order}?`, until: accept },
    { name: "accept", kind: "post", where: accept },
    { name: "order after accept", kind: "one", where: `${order}?`, after: accept, until: "set_backend_id" },
    { name: "backend id", kind: "post", where: "set_backend_id" },
    { name: "resource after backend id", kind: "one", where: `${resource}?`, after: "set_backend_id" },
    { name: "done", kind: "post", where: `${order}set_state_done` },
    { name: "order after done", kind: "one", where: `${order}?`, after: `${order}set_state_done` },
  ];
}

function orderSteps2024(stage: Stage): readonly Step[] {
  return orderSteps(stage).filter(({ name }) => /accept|done/.test(name));
}

function textsOf(stage: Stage): { order: string; resource: string; accept: string } {
  const { uuid, resourceUuid } = firstOrder(stage);
  const order = `marketplace-orders/${uuid}/`;
  const call = stage.world.generation === "2024" ? "set_state_executing" : "approve_by_provider";
  return { order, resource: `marketplace-provider-resources/${resourceUuid}/`, accept: `${order}${call}` };
}

export function firstOrder({ world }: Stage): SimOrder {
  const [order] = world.orders;
  if (order === undefined) throw new Error("the scene has no order");
  return order;
}
