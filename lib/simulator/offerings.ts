// Offerings and their plans, as their provider and as everybody sees them.

import { json, noSuch } from "./answers.ts";
import { drawComponent } from "./components.ts";
import { type Endpoint, type Exchange, offeringsOf, providerOffering, seesAsProvider } from "./exchange.ts";
import { constants, type Field, field, painter } from "./fields.ts";
import { parseUuid } from "./identity.ts";
import type { Offering } from "./model.ts";
import { categoryUuid, planUrl } from "./order-view.ts";
import { pageOf } from "./paging.ts";

export const listProviderOfferings: Endpoint = (exchange) => {
  const visible = offeringsOf(exchange.world).filter((offering) => seesAsProvider(exchange, offering.uuid));
  return pageOf(exchange, visible, painter(OFFERING_VIEW, exchange));
};

/** Consumers and other users get 404 here. */
export const readProviderOffering: Endpoint = (exchange, uuid) => {
  const offering = providerOffering(exchange, uuid);
  return offering === undefined ? noSuch("Offering") : json(200, painter(OFFERING_VIEW, exchange)(offering));
};

export const listPublicOfferings: Endpoint = (exchange) =>
  pageOf(exchange, offeringsOf(exchange.world), painter(PUBLIC_VIEW, exchange));

export const readPublicOffering: Endpoint = (exchange, uuid) => {
  const offering = offeringsOf(exchange.world).find((one) => one.uuid === parseUuid(uuid));
  return offering === undefined ? noSuch("Offering") : json(200, painter(PUBLIC_VIEW, exchange)(offering));
};

export const listPlans: Endpoint = (exchange, uuid) => {
  const offering = offeringsOf(exchange.world).find((one) => one.uuid === parseUuid(uuid));
  if (offering === undefined) return noSuch("Offering");
  return json(200, [publicPlan(offering, exchange)]);
};

const OFFERING_VIEW: readonly Field<Offering>[] = [
  field("url", (offering, { base }) => `${base}marketplace-provider-offerings/${offering.uuid}/`),
  field("uuid", (offering) => offering.uuid),
  field("created", () => "2024-01-08T07:00:00.000000Z"),
  field("name", (offering) => offering.name),
  field("slug", (offering) => offering.slug),
  ...constants<Offering>({
    description: "",
    full_description: "",
    terms_of_service: "",
    terms_of_service_link: "",
    privacy_policy_link: "",
    endpoints: [],
    roles: [],
  }),
  field("customer", (offering, { base }) => `${base}customers/${offering.provider.uuid}/`),
  field("customer_uuid", (offering) => offering.provider.uuid),
  field("customer_name", (offering) => offering.provider.name),
  field("project", () => null),
  field("category", (_, { base, exchange }) => {
    return `${base}marketplace-categories/${categoryUuid(exchange.world)}/`;
  }),
  field("category_uuid", (_, { exchange }) => categoryUuid(exchange.world)),
  ...constants<Offering>({
    category_title: "Storage",
    rating: null,
    attributes: {},
    options: { order: [], options: {} },
    resource_options: { order: [], options: {} },
  }),
  field("components", (offering, { exchange }) =>
    offering.components.map((component) => drawComponent(component, exchange.world.generation)),
  ),
  ...constants<Offering>({
    plugin_options: {},
    secret_options: {},
    service_attributes: {},
  }),
  field("state", (offering) => offering.state),
  ...constants<Offering>({
    native_name: "",
    native_description: "",
    vendor_details: "",
    getting_started: "",
    integration_guide: "",
    thumbnail: null,
  }),
  field("order_count", (_, { exchange }) => exchange.world.orders.length),
  field("plans", (offering, { exchange }) => [plan(offering, exchange)]),
  field("screenshots", () => []),
  field("type", (offering) => offering.type),
  ...constants<Offering>({
    shared: true,
    billable: true,
    scope: null,
    files: [],
    paused_reason: "",
    datacite_doi: "",
    citation_count: -1,
    latitude: null,
    longitude: null,
    country: "",
    backend_id: "",
    organization_groups: [],
    image: null,
    total_customers: 1,
    total_cost: 0,
    total_cost_estimated: 0,
    backend_metadata: {},
    integration_status: [],
    google_calendar_is_public: null,
    google_calendar_link: null,
  }),
];

/** The same with the addresses that an order must name. */
const PUBLIC_VIEW: readonly Field<Offering>[] = OFFERING_VIEW.map((one) => {
  if (one.name === "plans")
    return field("plans", (offering, { exchange }) => [publicPlan(offering, exchange)]);
  if (one.name !== "url") return one;
  return field("url", (offering, { base }) => `${base}marketplace-public-offerings/${offering.uuid}/`);
});

function publicPlan(offering: Offering, exchange: Exchange) {
  return { ...plan(offering, exchange), url: planUrl(`${exchange.origin}/api/`, offering) };
}

function plan(offering: Offering, { origin, world }: Exchange) {
  const byType = (value: unknown) => Object.fromEntries(offering.components.map(({ type }) => [type, value]));
  return {
    url: `${origin}/api/marketplace-plans/${offering.planUuid}/`,
    uuid: offering.planUuid,
    name: "Default",
    description: "",
    article_code: "",
    max_amount: null,
    archived: false,
    is_active: true,
    unit_price: "0.0000000000",
    unit: "month",
    init_price: 0,
    switch_price: 0,
    backend_id: "",
    organization_groups: [],
    prices: byType(0),
    future_prices: byType(null),
    quotas: byType(0),
    resources_count: world.rows.size(),
    plan_type: null,
    minimal_price: 0,
  };
}
