// Orders: listing, reading, placing and deleting them. Moving them is in order-actions.ts.

import { isTable } from "../json.ts";
import { type Answer, detail, empty, forbidden, json, noSuch, serverError, wrongState } from "./answers.ts";
import { type Endpoint, type Exchange, offeringsOf, seesAsConsumer, seesAsProvider } from "./exchange.ts";
import { painter } from "./fields.ts";
import { checked, choices, ordering, uuids } from "./filters.ts";
import { parseUuid } from "./identity.ts";
import { startOrder } from "./lifecycle.ts";
import { checkLimits, isHuge } from "./limits.ts";
import { orderStates, orderTypes, type Project, type SimOrder } from "./model.ts";
import { CREATED_ORDER_VIEW, ORDER_VIEW } from "./order-view.ts";
import { pageOf } from "./paging.ts";

export const listOrders: Endpoint = (exchange) => {
  const filter = checkedFilter(exchange);
  if (!filter.ok) return filter.answer;
  const { offeringUuids, resourceUuids, states, types, order } = filter.value;
  const orders = exchange.world.orders.filter(
    (one) =>
      sees(exchange, one) &&
      (offeringUuids === undefined || offeringUuids.includes(one.offeringUuid)) &&
      (resourceUuids === undefined || resourceUuids.includes(one.resourceUuid ?? "")) &&
      (states === undefined || states.includes(one.state)) &&
      (types === undefined || types.includes(one.type)),
  );
  if (order.includes("-created")) orders.reverse();
  return pageOf(exchange, orders, painter(ORDER_VIEW, exchange));
};

/** Filters by other things, and by dates, are not played: they are ignored like unknown ones. */
function checkedFilter({ query, world, quirks }: Exchange) {
  const complaints = {};
  const offeringUuids = uuids(query, "offering_uuid", { complaints });
  const filter = {
    offeringUuids: quirks.has("ignored-filter") ? undefined : offeringUuids,
    resourceUuids: uuids(query, "resource_uuid", { complaints }),
    states: choices(query, "state", { known: orderStates(world.generation), complaints }),
    types: choices(query, "type", { known: orderTypes(world.generation), complaints }),
    order: ordering(query, ["created", "consumer_reviewed_at", "cost", "state"], complaints),
  };
  return checked(filter, complaints);
}

export const readOrder: Endpoint = (exchange, uuid) => {
  const order = visibleOrder(exchange, uuid);
  return order === undefined ? noSuch("Order") : json(200, painter(ORDER_VIEW, exchange)(order));
};

/** A consumer takes a pending order back. Anything later is refused; with which words was not measured. */
export const deleteOrder: Endpoint = (exchange, uuid) => {
  const order = visibleOrder(exchange, uuid);
  if (order === undefined) return noSuch("Order");
  if (!seesAsConsumer(exchange, order.project)) return forbidden();
  if (!order.state.startsWith("pending-")) return wrongState("pending-consumer", "pending-provider");
  exchange.world.deleteOrder(order.uuid);
  return empty(204);
};

/** The order with this uuid if the caller may see it. */
export function visibleOrder(exchange: Exchange, text: string): SimOrder | undefined {
  const uuid = parseUuid(text);
  const order = exchange.world.orders.find((one) => one.uuid === uuid);
  return order !== undefined && sees(exchange, order) ? order : undefined;
}

function sees(exchange: Exchange, order: SimOrder): boolean {
  return seesAsProvider(exchange, order.offeringUuid) || seesAsConsumer(exchange, order.project);
}

/** A consumer orders a resource. It is there at once, in Creating. */
export const placeOrder: Endpoint = (exchange) => {
  const body = isTable(exchange.body) ? exchange.body : {};
  const asked = parsePlaced(exchange, body);
  if ("answer" in asked) return asked.answer;
  const { name, limits } = asked;
  if (name.length > LONGEST_NAME) return serverError();
  const order = startOrder(exchange.world, { type: "Create", ...asked });
  if (isHuge(limits)) return serverError();
  const location = `${exchange.origin}/api/marketplace-orders/${order.uuid}/`;
  return json(201, painter(CREATED_ORDER_VIEW, withoutFields(exchange))(order), { Location: location });
};

const LONGEST_NAME = 150;

type Placed = {
  offeringUuid: string;
  project: Project;
  name: string;
  limits: unknown;
  attributes: unknown;
  hasPlan: boolean;
  startDate: string | null;
};

function parsePlaced(
  exchange: Exchange,
  body: Readonly<Record<string, unknown>>,
): Placed | { answer: Answer } {
  const { world } = exchange;
  const offering = offeringsOf(world).find(named(body.offering));
  if (offering === undefined) return { answer: notLinked("offering", body.offering) };
  const project = world.projects.find(named(body.project));
  if (project === undefined || !seesAsConsumer(exchange, project))
    return { answer: notLinked("project", body.project) };
  const hasPlan = typeof body.plan === "string";
  if (!hasPlan && world.generation === "current")
    return { answer: json(400, { plan: ["Plan is required when creating resources."] }) };
  const attributes = body.attributes;
  if (!isTable(attributes)) return { answer: json(400, { non_field_errors: ["No data provided"] }) };
  const limits = checkLimits(body.limits ?? {}, offering, { allowNegative: true });
  if (!limits.ok) return limits;
  const name = typeof attributes.name === "string" ? attributes.name : "";
  const startDate = typeof body.start_date === "string" ? body.start_date : null;
  const { uuid: offeringUuid } = offering;
  return { offeringUuid, project, name, limits: limits.value, attributes, hasPlan, startDate };
}

/** Objects are named by their URLs. */
function named(url: unknown): (thing: { uuid: string }) => boolean {
  const path = typeof url === "string" ? url.split("/").filter((part) => part !== "") : [];
  return (thing) => path.at(-1) === thing.uuid;
}

function notLinked(key: string, value: unknown): Answer {
  if (value === undefined) return json(400, { [key]: ["This field is required."] });
  return json(400, { [key]: ["Invalid hyperlink - Object does not exist."] });
}

function withoutFields(exchange: Exchange): Exchange {
  return { ...exchange, query: new URLSearchParams() };
}

/** Not possible for offerings that a site agent serves. */
export const cancelOrder: Endpoint = (exchange, uuid) => {
  const order = visibleOrder(exchange, uuid);
  if (order === undefined) return noSuch("Order");
  const text = "The order's offering with Marketplace.Slurm type does not support this action";
  return detail(405, `Method "${text}" not allowed.`);
};
