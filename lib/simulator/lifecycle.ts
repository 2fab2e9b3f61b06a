// How orders move, and what that does to their resources: the state machine of both generations (docs/waldur.md,
// "Orders"). Which request may ask for which step is the business of order-actions.ts.

import { isTable } from "../json.ts";
import { uuidOf } from "./identity.ts";
import type { SimOrder, SimResource } from "./model.ts";
import type { NewOrder, World } from "./state.ts";

/** Everything but the type has a default that fits it. */
/** Places an order, with the effect that this has on its resource at once. */
export function startOrder(world: World, asked: NewOrder): SimOrder {
  const created = asked.created ?? world.stamp();
  const resource = resourceOf(world, asked, created);
  const { resource: _resource, name: _name, ...fields } = asked;
  const order: SimOrder = {
    uuid: uuidOf(world.seed, "order", orderNumber(world)),
    state: "pending-provider",
    offeringUuid: resource.offeringUuid,
    resourceUuid: resource.uuid,
    resourceName: resource.name,
    project: resource.project,
    limits: asked.type === "Terminate" ? {} : resource.limits,
    attributes: defaultAttributes(asked.type, resource),
    hasPlan: asked.type !== "Terminate" && resource.hasPlan,
    created,
    modified: created,
    consumerReviewedAt: created,
    providerReviewedAt: null,
    errorMessage: "",
    backendId: "",
    startDate: null,
    wire: {},
    ...fields,
  };
  world.orders.push(order);
  announce(world, order, resource);
  return order;
}

/** For tests: an order in a later state has had its effects on the way there. */
export function createOrderIn(world: World, asked: NewOrder): SimOrder {
  const { state, ...rest } = asked;
  const order = startOrder(world, rest);
  if (state === "executing") execute(world, order);
  else if (state === "done") finish(world, order);
  else if (state !== undefined) order.state = state;
  return order;
}

/** Orders can be deleted, so their uuids are numbered apart from the length of the list. */
const orderNumbers = new WeakMap<SimOrder[], number>();
function orderNumber(world: World): number {
  const number = orderNumbers.get(world.orders) ?? 0;
  orderNumbers.set(world.orders, number + 1);
  return number;
}

function resourceOf(world: World, asked: NewOrder, created: string): SimResource {
  if (typeof asked.resource === "string") return world.resource(asked.resource);
  if (asked.resource !== undefined) return asked.resource;
  const name = asked.name ?? `ordered-${world.rows.size()}`;
  return world.addResource({
    name,
    state: asked.type === "Create" ? "Creating" : "OK",
    created,
    ...(asked.type === "Create" && asked.limits !== undefined ? { limits: asked.limits } : {}),
    ...(asked.type === "Create" && asked.attributes !== undefined ? { attributes: asked.attributes } : {}),
    ...(asked.project === undefined ? {} : { project: asked.project }),
    ...(asked.offeringUuid === undefined ? {} : { offeringUuid: asked.offeringUuid }),
    ...(asked.hasPlan === undefined ? {} : { hasPlan: asked.hasPlan }),
  });
}

function defaultAttributes(type: string, resource: SimResource): unknown {
  if (type === "Create") return resource.attributes;
  return type === "Update" ? { old_limits: resource.limits } : {};
}

/** Newer servers show an open Update or Terminate order on the resource as soon as it is placed. */
function announce(world: World, order: SimOrder, resource: SimResource): void {
  if (world.generation === "2024") return;
  if (resource.state === "Terminated") return;
  if (order.type === "Update") resource.state = "Updating";
  if (order.type === "Terminate") resource.state = "Terminating";
  resource.modified = order.created;
}

/** The order is being worked on; neither generation touches the resource for that. */
export function execute(world: World, order: SimOrder): void {
  order.state = "executing";
  world.touch(order);
}

/**
 * Approved or rejected by the provider. Newer servers keep an approved order back until its day has come.
 * @returns the order's new state
 */
export function review(world: World, order: SimOrder, verdict: "approved" | "rejected"): string {
  const approved = isBeforeItsDay(world, order) ? "pending-start-date" : "executing";
  order.state = verdict === "approved" ? approved : "rejected";
  order.providerReviewedAt = world.stamp();
  world.touch(order);
  if (verdict === "rejected") {
    settle(world, order, () => ({ state: order.type === "Create" ? "Terminated" : "OK" }));
  }
  return order.state;
}

function isBeforeItsDay(world: World, { startDate }: SimOrder): boolean {
  return world.generation === "current" && startDate !== null && startDate > world.stamp().slice(0, 10);
}

/** Done: the only moment at which new limits reach the resource. */
export function finish(world: World, order: SimOrder): void {
  order.state = "done";
  world.touch(order);
  settle(world, order, (resource) => {
    if (order.type === "Terminate") return { state: "Terminated" };
    return order.type === "Update" ? { state: "OK", ...ordered(order, resource) } : { state: "OK" };
  });
}

/** An Update order of new options that leaves the limits as they are; Waldur itself has all that it takes to end it. */
export function isOptionsOnly(world: World, order: SimOrder): boolean {
  if (order.type !== "Update" || !isTable(order.attributes) || !isTable(order.attributes.new_options))
    return false;
  const resource = order.resourceUuid === null ? undefined : world.rows.find(order.resourceUuid);
  const isEmpty = !isTable(order.limits) || Object.keys(order.limits).length === 0;
  return isEmpty || Bun.deepEquals(order.limits, resource?.limits);
}

/** What an Update order changes: the limits when it has any, and the options it names. */
function ordered({ limits, attributes }: SimOrder, { options }: SimResource): Partial<SimResource> {
  const newOptions = isTable(attributes) ? attributes.new_options : undefined;
  return {
    ...(isTable(limits) && Object.keys(limits).length > 0 ? { limits } : {}),
    ...(isTable(newOptions) ? { options: { ...(isTable(options) ? options : {}), ...newOptions } } : {}),
  };
}

/**
 * On a server of 2024 a Terminate order can be erred only while its resource may go back to OK. A resource that is in
 * OK, because no worker moved it after `set_state_executing`, may not: the request breaks there and is rolled back.
 */
export function canFail(world: World, order: SimOrder): boolean {
  if (world.generation !== "2024" || order.type !== "Terminate" || order.resourceUuid === null) return true;
  const resource = world.rows.find(order.resourceUuid);
  return resource === undefined || BEFORE_OK.includes(resource.state);
}

const BEFORE_OK = ["Creating", "Updating", "Terminating", "Erred"];

/**
 * Erred by the agent, legal from any state. Servers of 2024 leave the state of an order alone that is not executing,
 * and err its resource all the same; newer ones err the order too, and end a resource that never got a backend id.
 */
export function fail(world: World, order: SimOrder, message: string): void {
  const isOld = world.generation === "2024";
  if (!isOld || order.state === "executing") order.state = "erred";
  order.errorMessage = message;
  world.touch(order);
  settle(world, order, ({ backendId }) => {
    if (order.type === "Terminate") return { state: "OK" };
    return { state: !isOld && order.type === "Create" && backendId === "" ? "Terminated" : "Erred" };
  });
}

function settle(
  world: World,
  order: SimOrder,
  change: (resource: SimResource) => Partial<SimResource>,
): void {
  const resource = order.resourceUuid === null ? undefined : world.rows.edit(order.resourceUuid);
  if (resource !== undefined) setResource(world, resource, change(resource));
}

export function setResource(world: World, resource: SimResource, change: Partial<SimResource>): void {
  Object.assign(resource, change);
  world.touch(resource);
}

/** A JSON object, as opposed to a list, a scalar or null. */
