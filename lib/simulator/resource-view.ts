// A resource on the wire. Servers of 2024 have no slugs of customer, project and offering here, and nest orders only in
// a single resource; newer ones have both, also in lists.

import { constants, type Field, field, painter } from "./fields.ts";
import type { SimOrder, SimResource } from "./model.ts";
import { allocationType, ORDER_VIEW, offeringFields, offeringOf } from "./order-view.ts";
import type { World } from "./state.ts";

const ROW: readonly Field<SimResource>[] = [
  ...offeringFields<SimResource>(),
  field(
    "offering_slug",
    (resource, { exchange }) => offeringOf(exchange.world, resource.offeringUuid).slug,
    "current",
  ),
  field("provider_slug", (_, { exchange }) => exchange.world.provider.slug, "current"),
  field("attributes", (resource) => resource.attributes),
  field("limits", (resource) => resource.limits),
  field("uuid", (resource) => resource.uuid),
  field("created", (resource) => resource.created),
  field("modified", (resource) => resource.modified),
  field("url", (resource, { base }) => `${base}marketplace-resources/${resource.uuid}/`),
  field("scope", ({ allocationUuid }, { base }) =>
    allocationUuid === null ? null : `${base}slurm-allocations/${allocationUuid}/`,
  ),
  field("description", () => ""),
  field("state", (resource) => resource.state),
  field("resource_uuid", (resource) => resource.allocationUuid),
  field("backend_id", (resource) => resource.backendId),
  field("effective_id", () => ""),
  field("resource_type", allocationType),
  field("project", ({ project }, { base }) => project && `${base}projects/${project.uuid}/`),
  field("project_uuid", (resource) => resource.project?.uuid),
  field("project_name", (resource) => resource.project?.name),
  field("project_slug", (resource) => resource.project?.slug, "current"),
  field("project_description", (resource) => (resource.project === null ? undefined : "")),
  ...constants<SimResource>({ project_end_date: null, project_end_date_requested_by: null }),
  field("customer_uuid", (resource) => resource.project?.customer.uuid),
  field("customer_name", (resource) => resource.project?.customer.name),
  field("customer_slug", (resource) => resource.project?.customer.slug, "current"),
  field("backend_metadata", (resource) => resource.backendMetadata),
  ...constants<SimResource>({ is_usage_based: false, is_limit_based: true }),
  field("name", (resource) => resource.name),
  field("slug", (resource) => resource.slug),
  field("current_usages", () => ({})),
  field("can_terminate", (resource) => resource.state === "OK" || resource.state === "Erred"),
  ...constants<SimResource>({ report: null, end_date: null, end_date_requested_by: null, username: null }),
  field("limit_usage", () => ({ storage: null }), "2024"),
  field("limit_usage", () => ({}), "current"),
  ...constants<SimResource>({
    downscaled: false,
    restrict_member_access: false,
    paused: false,
    endpoints: [],
  }),
  field("error_message", (resource) => resource.errorMessage),
  // Servers of 2024 show it to everyone, newer ones to staff.
  field("error_traceback", (_, { exchange }) =>
    exchange.world.generation === "2024" || exchange.caller.role === "staff" ? "" : undefined,
  ),
  field("offering_customer_uuid", (_, { exchange }) => exchange.world.provider.uuid, "2024"),
  field("last_sync", (resource) => resource.modified, "current"),
  field("options", (resource) => resource.options),
  field("available_actions", () => []),
];

const ORDERS: readonly Field<SimResource>[] = [
  field("order_in_progress", (resource, { exchange }) =>
    nested(exchange.world.orders.find(isOpen(resource)), painter(ORDER_VIEW, exchange)),
  ),
  field("creation_order", (resource, { exchange }) =>
    nested(exchange.world.orders.find(isCreation(resource)), painter(ORDER_VIEW, exchange)),
  ),
];

/** A row of a list. */
export function resourceRowView(world: World): readonly Field<SimResource>[] {
  return world.generation === "2024" ? ROW : RESOURCE_VIEW;
}

/** A single resource. Nested orders are cut by the same `field=` as the resource. */
export const RESOURCE_VIEW: readonly Field<SimResource>[] = [...ROW, ...ORDERS];

const OPEN = ["pending-consumer", "pending-provider", "executing"];

function isOpen(resource: SimResource): (order: SimOrder) => boolean {
  return (order) => order.resourceUuid === resource.uuid && OPEN.includes(order.state);
}

function isCreation(resource: SimResource): (order: SimOrder) => boolean {
  return (order) => order.resourceUuid === resource.uuid && order.type === "Create";
}

function nested(order: SimOrder | undefined, paint: (order: SimOrder) => unknown): unknown {
  return order === undefined ? null : paint(order);
}
