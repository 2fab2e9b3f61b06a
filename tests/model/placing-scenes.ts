// What can be special of an order when it is placed: whose slug or path its resource asks for.

import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import { everyResource, isLive, pathBeside } from "./paths.ts";

type About = {
  order: SimOrder;
  resource: SimResource;
  /** Resources that may lend their place: live, and ended or ending. */
  live: readonly SimResource[];
  ended: readonly SimResource[];
  number: number;
  pathOf: (resource: SimResource) => string;
};

/** false: there was nobody whose place could have been asked for. */
type Scene = (about: About) => boolean;

const ofCreates = {
  "a create with the slug of a live resource": ({ order, resource, live, number }) =>
    shareSlug(order, resource, live[number % Math.max(1, live.length)]),
  "a create with the slug of an ended resource": ({ order, resource, ended, number }) =>
    shareSlug(order, resource, ended[number % Math.max(1, ended.length)]),
  "a create with a preset path": (about) => preset(about, `/mnt/preset-${about.number}`),
  "a create with the path of a live resource": (about) => presetBy(about, about.live, (path) => path),
  "a create with the path of an ended resource": (about) => presetBy(about, about.ended, (path) => path),
  "a create inside the path of another": (about) =>
    presetBy(about, about.live, (path) => pathBeside(path, "inside", about.number)),
  "a create above the path of another": (about) =>
    presetBy(about, about.live, (path) => pathBeside(path, "above", about.number)),
  "a create with a backend id nearly a path": (about) => preset(about, `capstor/x${about.number}`),
} as const satisfies Readonly<Record<string, Scene>>;

const ofUpdates = {
  "an update of options only": ({ order, resource, number }) => {
    order.limits = {};
    order.attributes = {
      old_options: resource.options,
      new_options: { soft_quota_space: 1 + number, hard_quota_space: 2 + number },
    };
    return true;
  },
} as const satisfies Readonly<Record<string, Scene>>;

export const SCENES_OF_CREATES = Object.keys(ofCreates);
export const SCENES_OF_UPDATES = Object.keys(ofUpdates);

const SCENES: ReadonlyMap<string, Scene> = new Map<string, Scene>([
  ...Object.entries(ofCreates),
  ...Object.entries(ofUpdates),
]);

/** Plays the scene on an order that was just placed; false when it does not suit, or nobody is there for it. */
export function playPlacing(
  world: World,
  { order, scene, number }: { order: SimOrder; scene: string; number: number },
  pathOf: (resource: SimResource) => string,
): boolean {
  const isSuited =
    order.type === "Create" ? scene in ofCreates : order.type === "Update" && scene in ofUpdates;
  if (!isSuited) return false;
  const resource = world.resource(order.resourceUuid ?? "");
  const others = everyResource(world).filter(({ uuid }) => uuid !== resource.uuid);
  const isEnding = (one: SimResource) =>
    !isLive(one) || one.state === "Terminating" || hasTerminate(world, one);
  const [live, ended] = [others.filter((one) => !isEnding(one)), others.filter(isEnding)];
  return SCENES.get(scene)?.({ order, resource, live, ended, number, pathOf }) ?? false;
}

function hasTerminate({ orders }: World, { uuid }: SimResource): boolean {
  return orders.some(({ type, resourceUuid }) => type === "Terminate" && resourceUuid === uuid);
}

function shareSlug(order: SimOrder, resource: SimResource, other: SimResource | undefined): boolean {
  if (other === undefined) return false;
  resource.slug = other.slug;
  resource.project = other.project;
  order.project = other.project;
  return true;
}

function presetBy(
  about: About,
  others: readonly SimResource[],
  change: (path: string) => string | null,
): boolean {
  const other = others[about.number % Math.max(1, others.length)];
  const path = other === undefined ? null : change(about.pathOf(other));
  return path !== null && !path.includes("..") && preset(about, path);
}

function preset({ resource }: About, path: string): boolean {
  resource.backendId = path;
  return true;
}
