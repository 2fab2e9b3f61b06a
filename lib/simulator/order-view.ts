// An order on the wire: the same for lists and details, and the slightly different one that a POST answers with.

import { type Context, constants, type Field, field } from "./fields.ts";
import { uuidOf } from "./identity.ts";
import { isOptionsOnly } from "./lifecycle.ts";
import type { Offering, SimOrder, SimResource } from "./model.ts";
import type { World } from "./state.ts";

/** What orders and resources have in common. */
type OfOffering = { offeringUuid: string; hasPlan: boolean };

export function offeringOf(world: World, uuid: string): Offering {
  return uuid === world.otherOffering.uuid ? world.otherOffering : world.offering;
}

export function planUrl(base: string, offering: Offering): string {
  return `${base}marketplace-public-offerings/${offering.uuid}/plans/${offering.planUuid}/`;
}

/** The fields about offering, provider, category and plan that orders and resources begin with. */
export function offeringFields<T extends OfOffering>(): Field<T>[] {
  const of = (name: string, value: (offering: Offering) => unknown) =>
    field<T>(name, (thing, { exchange }) => value(offeringOf(exchange.world, thing.offeringUuid)));
  /** Plan fields are read through the plan, so without one they are absent. */
  const ofPlan = (name: string, value: (offering: Offering) => unknown) =>
    field<T>(name, (thing, { exchange }) =>
      thing.hasPlan ? value(offeringOf(exchange.world, thing.offeringUuid)) : undefined,
    );
  return [
    field<T>("offering", (thing, { base }) => `${base}marketplace-public-offerings/${thing.offeringUuid}/`),
    of("offering_name", (offering) => offering.name),
    field<T>("offering_uuid", (thing) => thing.offeringUuid),
    ...constants<T>({ offering_description: "", offering_image: null, offering_thumbnail: null }),
    of("offering_type", (offering) => offering.type),
    ...constants<T>({
      offering_terms_of_service: "",
      offering_shared: true,
      offering_billable: true,
      offering_plugin_options: {},
    }),
    of("provider_name", (offering) => offering.provider.name),
    of("provider_uuid", (offering) => offering.provider.uuid),
    field<T>("category_title", () => "Storage"),
    field<T>("category_uuid", (_, { exchange }) => categoryUuid(exchange.world)),
    field<T>("category_icon", () => null),
    field<T>("plan", (thing, { base, exchange }) =>
      thing.hasPlan ? planUrl(base, offeringOf(exchange.world, thing.offeringUuid)) : null,
    ),
    ofPlan("plan_unit", () => "month"),
    ofPlan("plan_name", () => "Default"),
    ofPlan("plan_uuid", (offering) => offering.planUuid),
    ofPlan("plan_description", () => ""),
  ];
}

export function categoryUuid(world: World): string {
  return uuidOf(world.seed, "offering", 1000);
}

function resourceOf(order: SimOrder, world: World): SimResource | undefined {
  return order.resourceUuid === null ? undefined : world.rows.find(order.resourceUuid);
}

const COMMON: readonly Field<SimOrder>[] = [
  ...offeringFields<SimOrder>(),
  field("attributes", (order) => order.attributes),
  field("limits", (order) => order.limits),
  field("uuid", (order) => order.uuid),
  field("created", (order) => order.created),
  field("modified", (order) => order.modified),
  field("type", (order) => order.type),
  field("resource_uuid", (order, { exchange }) => resourceOf(order, exchange.world)?.allocationUuid ?? null),
  field("resource_type", (order, { exchange }) => allocationType(resourceOf(order, exchange.world))),
  field("resource_name", (order) => order.resourceName),
  field("cost", (order) => (order.hasPlan ? "0.0000000000" : null)),
  field("state", (order) => order.state),
  field("output", () => ""),
  field("marketplace_resource_uuid", (order) => order.resourceUuid),
  field("error_message", (order) => order.errorMessage),
  field("callback_url", () => null),
];

/** The type of the legacy allocation; null while there is none. */
export function allocationType(resource: SimResource | undefined): string | null {
  return (resource?.allocationUuid ?? null) === null ? null : "SLURM.Allocation";
}

/** Fields read through an absent reviewer are absent, while the date is null. */
const ifAt = (at: string | null, value: string) => (at === null ? undefined : value);

export const ORDER_VIEW: readonly Field<SimOrder>[] = [
  ...COMMON,
  field("error_traceback", (_, { exchange }) => (exchange.caller.role === "staff" ? "" : undefined)),
  field("consumer_reviewed_by", (order) => ifAt(order.consumerReviewedAt, "consumer")),
  field("consumer_reviewed_by_full_name", (order) => ifAt(order.consumerReviewedAt, "")),
  field("consumer_reviewed_at", (order) => order.consumerReviewedAt),
  field("provider_reviewed_by", (order) => ifAt(order.providerReviewedAt, "agent")),
  field("provider_reviewed_by_full_name", (order) => ifAt(order.providerReviewedAt, "")),
  field("provider_reviewed_at", (order) => order.providerReviewedAt),
  ...constants<SimOrder>({ created_by_full_name: "", created_by_civil_number: null }),
  field("customer_name", (order) => order.project?.customer.name),
  field("customer_uuid", (order) => order.project?.customer.uuid),
  field("customer_slug", (order) => order.project?.customer.slug),
  field("project_name", (order) => order.project?.name),
  field("project_uuid", (order) => order.project?.uuid),
  field("project_description", (order) => (order.project === null ? undefined : "")),
  field("project_slug", (order) => order.project?.slug),
  field("new_plan_name", (order) => (order.hasPlan ? "Default" : undefined)),
  field("new_plan_uuid", (order, { exchange }) =>
    order.hasPlan ? offeringOf(exchange.world, order.offeringUuid).planUuid : undefined,
  ),
  field("old_cost_estimate", () => 0),
  field("new_cost_estimate", (order) => (order.hasPlan ? 0 : null)),
  field("can_terminate", () => false),
  ...constants<SimOrder>({ fixed_price: 0, activation_price: 0, termination_comment: null }),
  field("backend_id", (order) => order.backendId),
  field("issue", () => null),
  // Newer servers only. `provider_slug` and the many fields about comments are left out: they are not read here.
  field("url", (order, { base }) => `${base}marketplace-orders/${order.uuid}/`, "current"),
  field("order_subtype", subtypeOf, "current"),
  field("start_date", (order) => order.startDate, "current"),
];

function subtypeOf(order: SimOrder, { exchange }: Context): string | null {
  if (order.type !== "Update") return null;
  return isOptionsOnly(exchange.world, order) ? "update_options" : "update_limits";
}

const user = (base: string, uuid: string) => `${base}users/${uuid}/`;

/** The answer to the POST that made the order. */
export const CREATED_ORDER_VIEW: readonly Field<SimOrder>[] = [
  ...COMMON,
  field("url", (order, { base }) => `${base}marketplace-orders/${order.uuid}/`),
  field("created_by", (_, { base, exchange }) => user(base, exchange.caller.uuid)),
  field("created_by_username", (_, { exchange }) => exchange.caller.username),
  field("created_by_full_name", () => ""),
  field("consumer_reviewed_by", (_, { base, exchange }) => user(base, exchange.caller.uuid)),
  field("consumer_reviewed_at", (order) => order.consumerReviewedAt),
  field("consumer_reviewed_by_username", (_, { exchange }) => exchange.caller.username),
  field("consumer_reviewed_by_full_name", () => ""),
  field("project", (order, { base }) => order.project && `${base}projects/${order.project.uuid}/`),
  field("project_uuid", (order) => order.project?.uuid),
  field("project_name", (order) => order.project?.name),
  field("project_description", () => ""),
  field("customer_name", (order) => order.project?.customer.name),
  field("customer_uuid", (order) => order.project?.customer.uuid),
];
