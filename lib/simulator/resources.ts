// Resources, as providers and as consumers see them. The two endpoints show the same rows to different people: a
// provider's token on the consumers' endpoint gets an empty list, with 200.

import { isTable } from "../json.ts";
import { type Answer, forbidden, json, noSuch, wrongState } from "./answers.ts";
import { type Endpoint, type Exchange, seesAsConsumer, seesAsProvider } from "./exchange.ts";
import { painter } from "./fields.ts";
import { checked, choices, ordering, uuids } from "./filters.ts";
import { parseUuid } from "./identity.ts";
import { setResource, startOrder } from "./lifecycle.ts";
import { checkLimits } from "./limits.ts";
import { RESOURCE_STATES, type SimResource } from "./model.ts";
import { checkBackendId } from "./order-actions.ts";
import { offeringOf } from "./order-view.ts";
import { page } from "./paging.ts";
import { RESOURCE_VIEW, resourceRowView } from "./resource-view.ts";
import type { Filter } from "./rows.ts";

type Side = "provider" | "consumer";

export function listResources(side: Side): Endpoint {
  return (exchange) => {
    const filter = checkedFilter(exchange);
    if (!filter.ok) return filter.answer;
    const list = exchange.world.rows.select(visibleTo(side, exchange, filter.value));
    return page(exchange, list, painter(resourceRowView(exchange.world), exchange));
  };
}

/** `visible_to_providers` and everything else is accepted and changes nothing. */
function checkedFilter({ query, world, quirks }: Exchange) {
  const complaints = {};
  const names = world.generation === "2024" ? ["name", "created"] : ["name", "created", "state"];
  const offeringUuids = uuids(query, "offering_uuid", { csv: world.generation === "current", complaints });
  const projectUuids = uuids(query, "project_uuid", { complaints });
  const customerUuids = uuids(query, "customer_uuid", { complaints });
  const states = choices(query, "state", { known: RESOURCE_STATES, complaints });
  const compare = comparison(ordering(query, names, complaints));
  const since = modifiedSince(query, { isDay: world.generation === "2024", complaints });
  const filter: Filter = { offeringUuids, states, compare };
  if (quirks.has("ignored-filter")) filter.offeringUuids = undefined;
  if (projectUuids !== undefined || customerUuids !== undefined) {
    filter.matches = ({ project }) =>
      (projectUuids === undefined || projectUuids.includes(project?.uuid ?? "")) &&
      (customerUuids === undefined || customerUuids.includes(project?.customer.uuid ?? ""));
  }
  const { matches } = filter;
  if (since !== undefined)
    filter.matches = (row) => Date.parse(row.modified) >= since && (matches === undefined || matches(row));
  return checked(filter, complaints);
}

/** Servers of 2024 take a day, others a date with a time, too. */
function modifiedSince(
  query: URLSearchParams,
  { isDay, complaints }: { isDay: boolean; complaints: Record<string, readonly string[]> },
): number | undefined {
  const text = query.get("modified");
  if (text === null || text === "") return undefined;
  const since = isDay && !/^\d{4}-\d\d-\d\d$/.test(text) ? Number.NaN : Date.parse(text);
  if (!Number.isNaN(since)) return since;
  complaints.modified = [isDay ? "Enter a valid date." : "Enter a valid date/time."];
  return undefined;
}

/** Oldest first needs no comparison: it is the order in which the world keeps its rows. */
function comparison(order: readonly string[]): Filter["compare"] {
  const [first] = order;
  if (first === undefined || first === "created") return undefined;
  const sign = first.startsWith("-") ? -1 : 1;
  if (first.endsWith("created")) return (a, b) => sign * (a.index - b.index);
  const key = first.endsWith("name") ? "name" : "state";
  return (a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.index - b.index);
}

function visibleTo(side: Side, exchange: Exchange, filter: Filter): Filter {
  const { role, organisationUuid } = exchange.caller;
  if (role === "staff") return filter;
  const isProvider = role === "provider" || role === "manager";
  if (side === "provider") return isProvider ? filter : { ...filter, offeringUuids: [] };
  if (role !== "consumer") return { ...filter, offeringUuids: [] };
  const { matches } = filter;
  return {
    ...filter,
    matches: (resource) =>
      resource.project?.customer.uuid === organisationUuid && (matches === undefined || matches(resource)),
  };
}

export function readResource(side: Side): Endpoint {
  return (exchange, uuid) => {
    const resource = visibleResource(side, exchange, uuid);
    return resource === undefined
      ? noSuch("Resource")
      : json(200, painter(RESOURCE_VIEW, exchange)(resource));
  };
}

function visibleResource(side: Side, exchange: Exchange, text: string): SimResource | undefined {
  const resource = exchange.world.rows.find(parseUuid(text) ?? "");
  if (resource === undefined) return undefined;
  const seen =
    side === "provider"
      ? seesAsProvider(exchange, resource.offeringUuid)
      : seesAsConsumer(exchange, resource.project);
  return seen ? resource : undefined;
}

type Step = (exchange: Exchange, resource: SimResource) => Answer;

function action(side: Side, step: Step): Endpoint {
  return (exchange, uuid) => {
    const found = visibleResource(side, exchange, uuid);
    const resource = found && exchange.world.rows.edit(found.uuid);
    return resource === undefined ? noSuch("Resource") : step(exchange, resource);
  };
}

/** What a provider may do to a resource. */
export const PROVIDER_ACTIONS: Readonly<Record<string, Endpoint>> = {
  set_backend_id: action("provider", setBackendId),
  set_backend_metadata: action("provider", setBackendMetadata),
  set_as_erred: action("provider", setAsErred),
};

/** What a consumer may do to a resource; each makes an order. */
export const CONSUMER_ACTIONS: Readonly<Record<string, Endpoint>> = {
  update_limits: action("consumer", updateLimits),
  terminate: action("consumer", terminate),
};

/** Actions that newer servers have beside these. With older ones it was not measured. */
export const NEWER_CONSUMER_ACTIONS: Readonly<Record<string, Endpoint>> = {
  update_options: action("consumer", updateOptions),
};

/** Works in any state, also on a Terminated resource, and changes nothing else. */
function setBackendId({ world, body, quirks }: Exchange, resource: SimResource): Answer {
  const wanted = checkBackendId(body);
  if (!wanted.ok) return wanted.answer;
  const changed = resource.backendId !== wanted.value;
  if (changed && !quirks.has("lost-backend-id")) setResource(world, resource, { backendId: wanted.value });
  return json(200, { status: `Resource backend_id ${changed ? "has been" : "is not"} changed.` });
}

/** Replaces the whole value by any JSON but null. */
function setBackendMetadata({ world, body }: Exchange, resource: SimResource): Answer {
  const backendMetadata = isTable(body) ? body.backend_metadata : undefined;
  if (backendMetadata === undefined) return json(400, { backend_metadata: ["This field is required."] });
  if (backendMetadata === null) return json(400, { backend_metadata: ["This field may not be null."] });
  setResource(world, resource, { backendMetadata });
  return json(200, { status: "The backend metadata is updated" });
}

function setAsErred({ world, caller }: Exchange, resource: SimResource): Answer {
  if (world.generation === "2024" && caller.role !== "staff") return forbidden();
  setResource(world, resource, { state: "Erred" });
  return json(200, { status: "Resource has been marked as erred." });
}

function updateLimits({ world, body }: Exchange, resource: SimResource): Answer {
  if (resource.state !== "OK") return wrongState("OK");
  const offering = offeringOf(world, resource.offeringUuid);
  const limits = checkLimits(isTable(body) ? body.limits : undefined, offering, { allowNegative: false });
  if (!limits.ok) return limits.answer;
  if (hasOpenOrder(world, resource)) return pendingOrder();
  if (Bun.deepEquals(limits.value, resource.limits))
    return json(400, ["Impossible to create update orders with limits set to exactly the same."]);
  const order = startOrder(world, { type: "Update", resource, limits: limits.value });
  return json(200, { order_uuid: order.uuid });
}

/** As where the offering makes orders of new options; elsewhere they would be set at once. */
function updateOptions({ world, body }: Exchange, resource: SimResource): Answer {
  if (resource.state !== "OK") return wrongState("OK");
  const options = isTable(body) ? body.options : undefined;
  if (!isTable(options)) return json(400, { options: ["This field is required."] });
  const attributes = { old_options: resource.options, new_options: options };
  const order = startOrder(world, { type: "Update", resource, limits: {}, attributes });
  return json(200, { order_uuid: order.uuid });
}

function terminate({ world }: Exchange, resource: SimResource): Answer {
  if (resource.state !== "OK" && resource.state !== "Erred") return wrongState("OK", "Erred");
  if (hasOpenOrder(world, resource)) return pendingOrder();
  const order = startOrder(world, { type: "Terminate", resource });
  return json(200, { order_uuid: order.uuid });
}

function hasOpenOrder({ orders }: Exchange["world"], resource: SimResource): boolean {
  return orders.some(
    ({ resourceUuid, state }) =>
      resourceUuid === resource.uuid && (state.startsWith("pending-") || state === "executing"),
  );
}

function pendingOrder(): Answer {
  return json(400, ["Pending order for resource already exists."]);
}
