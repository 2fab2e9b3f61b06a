// An offering and what belongs to it: whose row a row is, the service provider, the projects.

import * as v from "valibot";
import { parseOrThrow, Text, Uuid } from "./wire.ts";
import { providerOf, type WaldurProvider } from "./wire-resource.ts";

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
  provider_slug: v.optional(v.nullable(v.string())),
  provider_name: v.optional(Text),
});
export const PROBE_FIELDS = ["offering_uuid", "project_slug", "customer_slug"] as const;

export type ProbedRow = { offeringUuid: string; hasSlugs: boolean; provider: WaldurProvider | undefined };

/** Whose row it is, and whether rows of this server carry the slugs of project and customer. */
export function parseProbe(row: unknown): ProbedRow {
  const probe = parseOrThrow(ProbeRow, row, "a resource");
  return {
    offeringUuid: probe.offering_uuid,
    hasSlugs: probe.project_slug !== undefined && probe.customer_slug !== undefined,
    provider: providerOf(probe),
  };
}

const ProviderRow = v.object({ uuid: Uuid, customer_uuid: v.nullish(Uuid, null) });

/** A service provider, and of which organisation it is, when the server says. */
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
