// An order as Waldur gives it, and the fields that are asked for.

import * as v from "valibot";
import { faultOf, Table, Text, Uuid, unreadFault, type WireFault } from "./wire.ts";
import { HIERARCHY_FIELDS } from "./wire-resource.ts";

const OrderRow = v.object({
  uuid: Uuid,
  type: v.string(),
  state: v.string(),
  created: v.pipe(v.string(), v.isoTimestamp("is not a date")),
  offering_uuid: v.optional(Uuid),
  marketplace_resource_uuid: v.nullish(Uuid, null),
  resource_uuid: v.nullish(v.string(), null),
  resource_name: v.nullish(v.string(), ""),
  provider_reviewed_at: v.nullish(v.string(), null),
  limits: Table,
  attributes: Table,
  project_uuid: v.nullish(v.string(), ""),
  project_name: v.optional(Text),
  project_slug: v.optional(Text),
  customer_uuid: v.nullish(v.string(), ""),
  customer_name: v.optional(Text),
  customer_slug: v.optional(Text),
});

export type WaldurOrder = {
  uuid: string;
  /** Create, Update, Terminate, Restore, or one we do not know. */
  type: string;
  state: string;
  created: string;
  offeringUuid: string | undefined;
  /** The resource; null while Waldur has not made it. */
  marketplaceResourceUuid: string | null;
  /** How Waldur calls the resource; empty where it does not say. */
  resourceName: string;
  /** The legacy allocation that a worker of a 2024 server makes; null before it ran. */
  allocationUuid: string | null;
  providerReviewedAt: string | null;
  limits: Readonly<Record<string, unknown>>;
  attributes: Readonly<Record<string, unknown>>;
  project: { uuid: string; name: string; slug: string };
  customer: { uuid: string; name: string; slug: string };
};

/** Fields of an order, listed or single. No personal data is among them. */
export const ORDER_FIELDS = [
  "uuid",
  "type",
  "state",
  "created",
  "offering_uuid",
  "marketplace_resource_uuid",
  "resource_uuid",
  "resource_name",
  "provider_reviewed_at",
  "limits",
  "attributes",
  "project_uuid",
  ...HIERARCHY_FIELDS,
] as const;

/**
 * What is asked for of an order whose row is too large: enough to name it, and to let later ones of its resource wait.
 */
export const ORDER_OUTLINE = ["uuid", "marketplace_resource_uuid"] as const;

export function parseOrder(row: unknown): WaldurOrder | WireFault {
  const unread = unreadFault(row);
  if (unread !== null) return unread;
  const parsed = v.safeParse(OrderRow, row, { abortEarly: true });
  if (!parsed.success) return faultOf(parsed.issues[0]);
  const { output } = parsed;
  return {
    uuid: output.uuid,
    type: output.type,
    state: output.state,
    created: output.created,
    offeringUuid: output.offering_uuid,
    marketplaceResourceUuid: output.marketplace_resource_uuid,
    resourceName: output.resource_name,
    allocationUuid: output.resource_uuid,
    providerReviewedAt: output.provider_reviewed_at,
    limits: output.limits,
    attributes: output.attributes,
    project: {
      uuid: output.project_uuid,
      name: output.project_name ?? "",
      slug: output.project_slug ?? "",
    },
    customer: {
      uuid: output.customer_uuid,
      name: output.customer_name ?? "",
      slug: output.customer_slug ?? "",
    },
  };
}

const ResourceOfRow = v.object({ marketplace_resource_uuid: Uuid });

/** The resource of a row that cannot be read as a whole; null when it has none, or that cannot be read either. */
export function resourceOfRow(row: unknown): string | null {
  const parsed = v.safeParse(ResourceOfRow, row);
  return parsed.success ? parsed.output.marketplace_resource_uuid : null;
}
