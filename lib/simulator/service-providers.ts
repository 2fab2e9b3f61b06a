// Service providers, and the projects they serve: where a provider finds slugs on servers whose resources have none.
// And a single project, as its owners see it.

import { forbidden, json, noSuch } from "./answers.ts";
import { type Endpoint, type Exchange, seesAsConsumer } from "./exchange.ts";
import { constants, type Field, field, painter } from "./fields.ts";
import { uuids } from "./filters.ts";
import { parseUuid } from "./identity.ts";
import type { Project, Wire } from "./model.ts";
import { pageOf } from "./paging.ts";

type ServiceProvider = { uuid: string; wire?: Wire };

const PROVIDER_VIEW: readonly Field<ServiceProvider>[] = [
  field("url", ({ uuid }, { base }) => `${base}marketplace-service-providers/${uuid}/`),
  field("uuid", ({ uuid }) => uuid),
  field("created", () => "2024-01-08T07:00:00.000000Z"),
  field("customer", (_, { base, exchange }) => `${base}customers/${exchange.world.provider.uuid}/`),
  field("customer_name", (_, { exchange }) => exchange.world.provider.name),
  field("customer_uuid", (_, { exchange }) => exchange.world.provider.uuid),
  field("customer_slug", (_, { exchange }) => exchange.world.provider.slug, "current"),
  ...constants<ServiceProvider>({ description: "", image: null, enable_notifications: true }),
];

export const listServiceProviders: Endpoint = (exchange) => {
  const complaints = {};
  const wanted = uuids(exchange.query, "customer_uuid", { complaints });
  if (Object.keys(complaints).length > 0) return json(400, complaints);
  const { world } = exchange;
  const found = wanted === undefined || wanted.includes(world.provider.uuid);
  return pageOf(exchange, found ? [{ uuid: world.providerUuid }] : [], painter(PROVIDER_VIEW, exchange));
};

export const readServiceProvider: Endpoint = (exchange, uuid) => {
  const { providerUuid } = exchange.world;
  if (parseUuid(uuid) !== providerUuid) return noSuch("ServiceProvider");
  return json(200, painter(PROVIDER_VIEW, exchange)({ uuid: providerUuid }));
};

const PROJECT_VIEW: readonly Field<Project>[] = [
  field("url", ({ uuid }, { base }) => `${base}projects/${uuid}/`),
  field("uuid", ({ uuid }) => uuid),
  field("name", ({ name }) => name),
  field("slug", ({ slug }) => slug),
  field("customer", ({ customer }, { base }) => `${base}customers/${customer.uuid}/`),
  field("customer_uuid", ({ customer }) => customer.uuid),
  field("customer_name", ({ customer }) => customer.name),
  field("customer_slug", ({ customer }) => customer.slug),
  ...constants<Project>({ description: "", end_date: null, backend_id: "" }),
];

/** Every project of the world; a real server lists those that have resources of the provider. */
export const listServedProjects: Endpoint = (exchange, uuid) => {
  const { world } = exchange;
  if (parseUuid(uuid) !== world.providerUuid) return noSuch("ServiceProvider");
  if (!servesAs(exchange)) return forbidden();
  return pageOf(exchange, world.projects, painter(PROJECT_VIEW, exchange));
};

/** The project, for its owners; the provider's token gets 404 here. */
export const readProject: Endpoint = (exchange, uuid) => {
  const project = exchange.world.projects.find((one) => one.uuid === parseUuid(uuid));
  if (project === undefined || !seesAsConsumer(exchange, project)) return noSuch("Project");
  return json(200, painter(PROJECT_VIEW, exchange)(project));
};

function servesAs({ caller, world }: Exchange): boolean {
  return caller.role === "staff" || caller.organisationUuid === world.provider.uuid;
}
