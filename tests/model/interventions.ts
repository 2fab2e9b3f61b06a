// What other people do to orders while the program is not looking: consumers who place them and take them back,
// operators who end or approve them by hand. The book that is kept of it says later what the files have to be. All
// kinds of histories use it.

import fc from "fast-check";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import { everyResource, isLive, mountPointOf } from "./paths.ts";
import { playPlacing } from "./placing-scenes.ts";

/** What somebody else does to one of the open orders. */
export const INTERVENTIONS = [
  "delete",
  "change",
  "cancel",
  "err",
  "execute",
  "approve",
  "finish",
  "permit",
  "adopt",
] as const;

/** The number chooses which order. */
export type Intervention = { does: (typeof INTERVENTIONS)[number]; order: number };
/** An order for one of the resources that are there, or for a new one; a bad one has a limit that cannot be. */
export type Placing = {
  place: string;
  resource: number;
  bad: boolean;
  /** What is special of it. */
  scene?: string;
  /** A Create order is for the second offering. */
  elsewhere?: boolean;
};

const small = fc.nat({ max: 6 });

export const interventions: fc.Arbitrary<Intervention> = fc.record({
  does: fc.constantFrom(...INTERVENTIONS),
  order: small,
});

/** Orders of these types; every tenth is bad. */
export function placings(types: readonly string[]): fc.Arbitrary<Placing> {
  return fc.record({
    place: fc.constantFrom(...types),
    resource: small,
    bad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });
}

export type Book = {
  /** Every order that was ever placed, oldest first. */
  placed: readonly SimOrder[];
  bad: ReadonlySet<SimOrder>;
  deleted: ReadonlySet<SimOrder>;
  finishedByOthers: ReadonlySet<SimOrder>;
  /** The scene, when it came about. */
  place(placing: Placing): string | null;
  reachIn(does: Intervention): void;
};

/**
 * Opens the book of a world; whatever is done through it is remembered. `pathOf` gives the path that a resource has.
 */
export function openBook(
  world: World,
  now: () => Date,
  pathOf = (resource: SimResource) => mountPointOf(world, resource),
): Book {
  const placed: SimOrder[] = [];
  const bad = new Set<SimOrder>();
  const deleted = new Set<SimOrder>();
  const finishedByOthers = new Set<SimOrder>();
  let changes = 0;
  return {
    placed,
    bad,
    deleted,
    finishedByOthers,
    place({ place: type, resource, bad: isBad, scene = "", elsewhere = false }) {
      const number = placed.length;
      const order = placeOrder(world, type, { resource, limit: 1 + number, elsewhere });
      placed.push(order);
      const isPlayed = playPlacing(world, { order, scene, number: resource + number }, pathOf);
      if (isBad && type !== "Terminate") {
        order.limits = { storage: -1 };
        bad.add(order);
      }
      return isPlayed ? scene : null;
    },
    reachIn({ does, order: number }) {
      const open = placed.filter((order) => !deleted.has(order) && isOpen(order));
      const order = open[number % Math.max(1, open.length)];
      if (order === undefined) return;
      const isPending = order.state === "pending-provider";
      if (does === "delete" && isPending) {
        world.deleteOrder(order.uuid);
        deleted.add(order);
      } else if (does === "change" && isPending && order.type !== "Terminate" && !bad.has(order)) {
        order.limits = { storage: 1000 + ++changes };
      } else if (does === "finish" && order.state === "executing") {
        world.setOrderState(order.uuid, "done");
        finishedByOthers.add(order);
      } else touch(order, does, { world, now });
    },
  };
}

function placeOrder(
  world: World,
  type: string,
  { resource, limit, elsewhere }: { resource: number; limit: number; elsewhere: boolean },
): SimOrder {
  const limits = type === "Terminate" ? {} : { storage: limit };
  if (type === "Create")
    return world.addOrder({ type, limits, ...(elsewhere && { offeringUuid: world.otherOffering.uuid }) });
  const alive = everyResource(world).filter(isLive);
  const chosen = alive[resource % (alive.length + 1)];
  return world.addOrder({ type, limits, resource: chosen?.uuid ?? world.addResource({ backendId: "kept" }) });
}

function touch(
  order: SimOrder,
  does: Intervention["does"],
  { world, now }: { world: World; now: () => Date },
): void {
  const isPending = order.state === "pending-provider";
  const resource = world.resource(order.resourceUuid ?? "");
  if (does === "permit") resource.attributes = { permissions: "770" };
  else if (does === "adopt") resource.backendId = "theirs";
  else if (does === "err") order.state = "erred";
  else if (does === "cancel") order.state = "canceled";
  else if (isPending && (does === "execute" || does === "approve")) {
    order.state = "executing";
    if (does === "approve") order.providerReviewedAt = now().toISOString();
    // An approved Terminate order waits for its worker without a limit, so the worker has to come.
    if (does === "approve" && order.type === "Terminate") resource.state = "Terminating";
  }
}

export function isOpen({ state }: { state: string }): boolean {
  return state === "pending-provider" || state === "executing";
}

/** Open orders that have a reason to stay so, and those that wait behind one of them for the same resource. */
export function withThoseBehind(
  orders: readonly SimOrder[],
  hasReason: (order: SimOrder) => boolean,
): SimOrder[] {
  const busy = new Set<string | null>();
  return orders.filter((order) => {
    if (!isOpen(order) || !(hasReason(order) || busy.has(order.resourceUuid))) return false;
    busy.add(order.resourceUuid);
    return true;
  });
}
