// A resource as Waldur's rows give it, and the fields that are asked for.

import * as v from "valibot";
import { isTable } from "../json.ts";
import { isPlainUuid } from "../uuid.ts";
import { faultOf, parseOrThrow, Table, Text, Uuid, unreadFault, type WireFault } from "./wire.ts";

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
  provider_slug: v.optional(v.nullable(v.string())),
  provider_name: v.optional(Text),
});

/**
 * A resource as its row gives it. On servers without slugs on resources `project` and `customer` are partly unknown.
 */
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
  /** undefined: it was not requested, or the server does not have it. */
  provider: WaldurProvider | undefined;
};

/** The organisation that an offering is of. */
export type WaldurProvider = { slug: string; name: string };

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
/** What names the project and the customer of a row, beside `project_uuid`. */
export const HIERARCHY_FIELDS = [
  "project_name",
  "project_slug",
  "customer_uuid",
  "customer_name",
  "customer_slug",
] as const;

/** Not in servers before 7.8.3. */
export const PROVIDER_FIELDS = ["provider_slug", "provider_name"] as const;

/**
 * Fields to ask for on a list: with the hierarchy on each row, or, where it is joined by project, without.
 * @param withProvider also whose offering it is, which not every site needs
 */
export function resourceFields(withHierarchy: boolean, withProvider = false): readonly string[] {
  const fields = withHierarchy ? [...BASE_FIELDS, ...HIERARCHY_FIELDS] : BASE_FIELDS;
  return withProvider ? [...fields, ...PROVIDER_FIELDS] : fields;
}

/** Which columns of a list may be asked for of each row in each run, and which only where a row may have changed. */
export type ResourceColumns = {
  /** `free` and `costly` together, in one order whatever is asked for. */
  all: readonly string[];
  free: readonly string[];
  /** They change with `modified`, as far as is known. */
  costly: readonly string[];
  /** `all`, and the names of the hierarchy. */
  widest: readonly string[];
};

/**
 * Where the hierarchy is joined by project, project and attributes cost a query each. Where it is on each row, it
 * is asked for in each run: a renamed project moves no `modified`, and the query for it gives the project, too.
 */
export function resourceColumns(withHierarchy: boolean, withProvider = false): ResourceColumns {
  const all = [...resourceFields(withHierarchy, withProvider), "modified"];
  const costly = withHierarchy ? ["attributes"] : ["attributes", "project_uuid"];
  const widest = [...resourceFields(true, withProvider), "modified"];
  return { all, free: all.filter((name) => !costly.includes(name)), costly, widest };
}

const StateRow = v.object({ uuid: Uuid, state: v.string() });

/** Of a resource that was asked for its state alone. */
export function parseStateRow(body: unknown): { uuid: string; state: string } {
  return parseOrThrow(StateRow, body, "a resource");
}

/** One row of a resource list, or the field at fault when it cannot be read. */
export function parseResource(row: unknown): WaldurResource | WireFault {
  if (isPlain(row)) return resourceOf(row);
  const unread = unreadFault(row);
  if (unread !== null) return unread;
  const parsed = v.safeParse(ResourceRow, row, { abortEarly: true });
  return parsed.success ? resourceOf(parsed.output) : faultOf(parsed.issues[0]);
}

/**
 * The project to be joined to a row that carries no slug of it; null when there is none to join, or none that can be
 * read.
 */
export function joinedProject(row: unknown): string | null {
  if (!isTable(row) || row.project_slug !== undefined) return null;
  if (isPlainUuid(row.project_uuid)) return row.project_uuid;
  const parsed = v.safeParse(Uuid, row.project_uuid);
  return parsed.success ? parsed.output : null;
}

/** The project of a row that can be read; `slug` is undefined where the row does not give it. */
export function projectOf(
  row: unknown,
): { uuid: string; slug: string | undefined; isCreating: boolean } | null {
  const resource = parseResource(row);
  if ("fault" in resource) return null;
  const { projectUuid: uuid, projectSlug: slug, state } = resource;
  return { uuid, slug, isCreating: state === "Creating" };
}

type Row = v.InferInput<typeof ResourceRow>;

/**
 * True only for a row that the schema accepts unchanged. The schema alone would do, and is used for every
 * other row; it takes seven times as long, which was a fourteenth of a sync.
 */
function isPlain(row: unknown): row is Row {
  return (
    isTable(row) &&
    isPlainUuid(row.uuid) &&
    isTextOrNone(row.slug) &&
    typeof row.state === "string" &&
    isTableOrNone(row.limits) &&
    isTableOrNone(row.attributes) &&
    isTableOrNone(row.options) &&
    isTextOrNone(row.backend_id) &&
    Object.hasOwn(row, "backend_metadata") &&
    isPlainUuid(row.project_uuid) &&
    isTextOrNone(row.project_name) &&
    isTextOrNone(row.project_slug) &&
    (row.customer_uuid === undefined || isPlainUuid(row.customer_uuid)) &&
    isTextOrNone(row.customer_name) &&
    isTextOrNone(row.customer_slug) &&
    isTextOrNone(row.provider_slug) &&
    isTextOrNone(row.provider_name)
  );
}

function isTextOrNone(value: unknown): boolean {
  return typeof value === "string" || value === null || value === undefined;
}

function isTableOrNone(value: unknown): boolean {
  return value === null || value === undefined || isTable(value);
}

const NOTHING = {};

function resourceOf(row: Row): WaldurResource {
  return {
    uuid: row.uuid,
    slug: row.slug ?? "",
    state: row.state,
    limits: row.limits ?? NOTHING,
    attributes: row.attributes ?? NOTHING,
    options: row.options ?? NOTHING,
    backendId: row.backend_id ?? "",
    backendMetadata: row.backend_metadata,
    projectUuid: row.project_uuid,
    projectName: row.project_name ?? "",
    projectSlug: slugOf(row.project_slug),
    customerUuid: row.customer_uuid ?? "",
    customerName: row.customer_name ?? "",
    customerSlug: slugOf(row.customer_slug),
    provider: providerOf(row),
  };
}

/** undefined where the row does not say it. */
export function providerOf({
  provider_slug: slug,
  provider_name: name,
}: Pick<Row, "provider_slug" | "provider_name">): WaldurProvider | undefined {
  return typeof slug === "string" ? { slug, name: name ?? "" } : undefined;
}

/** null is a slug that is empty, undefined one that the server does not give. */
function slugOf(value: string | null | undefined): string | undefined {
  return value === null ? "" : value;
}
