// A resource as Waldur's rows tell it, and the fields that are asked for.

import * as v from "valibot";
import { faultOf, Table, Text, Uuid, type WireFault } from "./wire.ts";

const ResourceRow = v.object({
  uuid: Uuid,
  slug: Text,
  state: v.string(),
  limits: Table,
  attributes: Table,
  options: Table,
  backend_id: Text,
  backend_metadata: v.unknown(),
  project_uuid: Uuid,
  project_name: v.optional(Text),
  project_slug: v.optional(v.nullable(v.string())),
  customer_uuid: v.optional(Uuid),
  customer_name: v.optional(Text),
  customer_slug: v.optional(v.nullable(v.string())),
});

/** A resource as its row tells it. On servers without slugs on resources `project` and `customer` are partly unknown. */
export type WaldurResource = {
  uuid: string;
  slug: string;
  state: string;
  limits: Readonly<Record<string, unknown>>;
  attributes: Readonly<Record<string, unknown>>;
  options: Readonly<Record<string, unknown>>;
  backendId: string;
  backendMetadata: unknown;
  projectUuid: string;
  projectName: string;
  /** undefined: the server has no slugs on resources. */
  projectSlug: string | undefined;
  customerUuid: string;
  customerName: string;
  customerSlug: string | undefined;
};

/** Fields that cost nothing or one join on every server, and the ones only newer servers have (docs/waldur.md). */
const BASE_FIELDS = [
  "uuid",
  "slug",
  "state",
  "limits",
  "attributes",
  "options",
  "backend_id",
  "backend_metadata",
  "project_uuid",
] as const;
const HIERARCHY_FIELDS = [
  "project_name",
  "project_slug",
  "customer_uuid",
  "customer_name",
  "customer_slug",
] as const;

/** Fields to ask for on a list: with the hierarchy on each row, or, where it is joined by project, without. */
export function resourceFields(withHierarchy: boolean): readonly string[] {
  return withHierarchy ? [...BASE_FIELDS, ...HIERARCHY_FIELDS] : BASE_FIELDS;
}

/** One row of a resource list, or the field at fault when it cannot be read. */
export function parseResource(row: unknown): WaldurResource | WireFault {
  const parsed = v.safeParse(ResourceRow, row, { abortEarly: true });
  if (!parsed.success) return faultOf(parsed.issues[0]);
  const { output } = parsed;
  return {
    uuid: output.uuid,
    slug: output.slug,
    state: output.state,
    limits: output.limits,
    attributes: output.attributes,
    options: output.options,
    backendId: output.backend_id,
    backendMetadata: output.backend_metadata,
    projectUuid: output.project_uuid,
    projectName: output.project_name ?? "",
    projectSlug: slugOf(output.project_slug),
    customerUuid: output.customer_uuid ?? "",
    customerName: output.customer_name ?? "",
    customerSlug: slugOf(output.customer_slug),
  };
}

/** null is a slug that is empty, undefined one that the server does not tell. */
function slugOf(value: string | null | undefined): string | undefined {
  return value === null ? "" : value;
}
