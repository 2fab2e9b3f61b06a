// A Waldur resource as the mapper needs it, with project and customer joined from wherever the server has them.

import type { WaldurResource } from "../waldur/wire-resource.ts";
import type { StorageSource } from "./document.ts";

/** A project with its customer, from the provider's list of projects or from an order. */
export type Hierarchy = {
  uuid: string;
  name: string;
  slug: string;
  customer: { uuid: string; name: string; slug: string };
};

const NONE: ReadonlySet<string> = new Set();
const CHANGING: ReadonlySet<string> = new Set(["Updating", "Terminating"]);

/**
 * Joins; the resource's own words win, and a slug that is given nowhere is empty (a problem for the mapper). A resource
 * among `unconsented` is what it was before its order was placed: OK.
 */
export function sourceOf(
  resource: WaldurResource,
  hierarchy: Hierarchy | undefined,
  unconsented: Pick<ReadonlySet<string>, "has"> = NONE,
): StorageSource {
  const { projectUuid, projectName, projectSlug, customerUuid, customerName, customerSlug } = resource;
  // Field by field, so that nothing else of the row is kept.
  return {
    uuid: resource.uuid,
    slug: resource.slug,
    state: CHANGING.has(resource.state) && unconsented.has(resource.uuid) ? "OK" : resource.state,
    limits: resource.limits,
    attributes: resource.attributes,
    options: resource.options,
    backendId: resource.backendId,
    backendMetadata: resource.backendMetadata,
    project: {
      uuid: projectUuid,
      name: projectName === "" ? (hierarchy?.name ?? "") : projectName,
      slug: projectSlug ?? hierarchy?.slug ?? "",
    },
    customer: {
      uuid: customerUuid === "" ? (hierarchy?.customer.uuid ?? "") : customerUuid,
      name: customerName === "" ? (hierarchy?.customer.name ?? "") : customerName,
      slug: customerSlug ?? hierarchy?.customer.slug ?? "",
    },
    provider: resource.provider,
  };
}
