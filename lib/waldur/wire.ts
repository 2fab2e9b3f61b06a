// What Waldur's answers must look like, field by field, and the domain values made of them. Only what is used is asked
// for (`field=`) and checked; the lists of fields stand beside the schemas so that neither can be forgotten.
// The only file, with the schemas of the configuration, that speaks snake case.

import * as v from "valibot";
import { AnswerError } from "../errors.ts";

const Uuid = v.pipe(
  v.string(),
  v.regex(/^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i, "is no uuid"),
  v.transform((text) => (text.length === 36 ? text.replaceAll("-", "") : text).toLowerCase()),
);
const Text = v.nullish(v.string(), "");
/** A JSON object; null and absent mean an empty one. Taken as it is: a copy of each would be a tenth of a sync. */
const Table = v.nullish(v.custom<Readonly<Record<string, unknown>>>(isTable, "an object"), {});

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

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

const OrderRow = v.object({
  uuid: Uuid,
  type: v.string(),
  state: v.string(),
  created: v.pipe(v.string(), v.isoTimestamp("is no date")),
  offering_uuid: v.optional(Uuid),
  marketplace_resource_uuid: v.nullish(Uuid, null),
  resource_uuid: v.nullish(v.string(), null),
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
  "provider_reviewed_at",
  "limits",
  "attributes",
  "project_uuid",
  "project_name",
  "project_slug",
  "customer_uuid",
  "customer_name",
  "customer_slug",
] as const;

export function parseOrder(row: unknown): WaldurOrder | WireFault {
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

const OfferingAnswer = v.object({
  uuid: Uuid,
  slug: Text,
  type: v.string(),
  customer_uuid: v.nullish(Uuid, null),
});
export type WaldurOffering = { uuid: string; slug: string; type: string; customerUuid: string | null };
export const OFFERING_FIELDS = ["uuid", "slug", "type", "customer_uuid"] as const;

export function parseOffering(body: unknown): WaldurOffering {
  const { uuid, slug, type, customer_uuid } = parseOrThrow(OfferingAnswer, body, "the offering");
  return { uuid, slug, type, customerUuid: customer_uuid };
}

const ProbeRow = v.object({
  offering_uuid: Uuid,
  project_slug: v.optional(v.nullable(v.string())),
  customer_slug: v.optional(v.nullable(v.string())),
});
export const PROBE_FIELDS = ["offering_uuid", "project_slug", "customer_slug"] as const;

/** Whose row it is, and whether rows of this server carry the slugs of project and customer. */
export function parseProbe(row: unknown): { offeringUuid: string; hasSlugs: boolean } {
  const probe = parseOrThrow(ProbeRow, row, "a resource");
  return {
    offeringUuid: probe.offering_uuid,
    hasSlugs: probe.project_slug !== undefined && probe.customer_slug !== undefined,
  };
}

const ProviderRow = v.object({ uuid: Uuid, customer_uuid: v.nullish(Uuid, null) });

/** A service provider, and of which organisation it is, when the server tells. */
export function parseProvider(row: unknown): { uuid: string; customerUuid: string | null } {
  const { uuid, customer_uuid } = parseOrThrow(ProviderRow, row, "a service provider");
  return { uuid, customerUuid: customer_uuid };
}

const ProjectRow = v.object({
  uuid: Uuid,
  name: Text,
  slug: Text,
  customer_uuid: Uuid,
  customer_name: Text,
  customer_slug: Text,
});
export type WaldurProject = {
  uuid: string;
  name: string;
  slug: string;
  customer: { uuid: string; name: string; slug: string };
};
export const PROJECT_FIELDS = [
  "uuid",
  "name",
  "slug",
  "customer_uuid",
  "customer_name",
  "customer_slug",
] as const;

export function parseProject(row: unknown): WaldurProject {
  const { uuid, name, slug, ...rest } = parseOrThrow(ProjectRow, row, "a project");
  return {
    uuid,
    name,
    slug,
    customer: { uuid: rest.customer_uuid, name: rest.customer_name, slug: rest.customer_slug },
  };
}

const AnyRow = v.object({ uuid: Uuid });

/** The uuid of any row; a list cannot be proved complete without it. */
export function parseUuid(row: unknown, what: string): string {
  return parseOrThrow(AnyRow, row, what).uuid;
}

/** A list answer: a bare JSON array. */
export function parseRows(body: unknown, path: string): readonly unknown[] {
  if (Array.isArray(body)) return body;
  throw new AnswerError(`GET ${path} gave ${body === null ? "null" : typeof body} instead of a list`);
}

/** Why a row could not be read: the field, and what is wrong with it. */
export type WireFault = { fault: { field: string; message: string } };

export function isFault(value: object): value is WireFault {
  return "fault" in value;
}

function faultOf(issue: v.BaseIssue<unknown>): WireFault {
  const field = issue.path?.map((part) => String(part.key)).join(".") ?? "";
  return { fault: { field: field === "" ? "(row)" : field.slice(0, 80), message: wordsOf(issue) } };
}

/** valibot quotes the received value in its messages; it may be personal, so only its kind is told. */
function wordsOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation")
    return issue.message.startsWith("is ") ? issue.message : `must be ${issue.expected}`;
  if (issue.input === undefined) return "is missing";
  const kind = issue.input === null ? "null" : Array.isArray(issue.input) ? "a list" : typeof issue.input;
  const expected = issue.type === "custom" ? issue.message : (issue.expected ?? "something else");
  return `must be ${expected}, not ${kind}`;
}

function parseOrThrow<Schema extends v.GenericSchema>(schema: Schema, value: unknown, what: string) {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { fault } = faultOf(parsed.issues[0]);
  throw new AnswerError(`Waldur's answer about ${what} is unusable: ${fault.field} ${fault.message}`);
}
