// Groups of projects with their GIDs, as servers from 8.1.3 on have them: a project gets one when the order for its
// first resource is past approval, and keeps it.

import { forbidden, json } from "./answers.ts";
import { type Endpoint, type Exchange, offeringsOf } from "./exchange.ts";
import { constants, type Field, field, painter } from "./fields.ts";
import { uuids } from "./filters.ts";
import { uuidOf } from "./identity.ts";
import type { Project, Wire } from "./model.ts";
import { pageOf } from "./paging.ts";
import type { World } from "./state.ts";

/** The first GID of the pool. */
const FIRST_GID = 60_000;
/** States of a resource, and of its create order, in which it is not approved yet. */
const UNAPPROVED: ReadonlySet<string> = new Set([
  "pending-consumer",
  "pending-project",
  "pending-start-date",
  "pending-provider",
  "canceled",
  "rejected",
]);

type Group = { project: Project; number: number; wire?: Wire };

/** The GID that a project has, or would have. */
export function gidOf({ projects }: World, project: Project): number {
  return FIRST_GID + projects.indexOf(project);
}

const VIEW: readonly Field<Group>[] = [
  field("uuid", ({ number }, { exchange }) => uuidOf(exchange.world.seed, "group", number)),
  field("name", ({ project }) => project.slug),
  field("gid", ({ project }, { exchange: { quirks, world } }) =>
    quirks.has("gid-pool-without-range") ? null : gidOf(world, project),
  ),
  field("in_use", () => true),
  field("project_uuid", ({ project }) => project.uuid),
  field("project_name", ({ project }) => project.name),
  field("project_slug", ({ project }) => project.slug),
  field("customer_uuid", ({ project }) => project.customer.uuid),
  field("customer_name", ({ project }) => project.customer.name),
  field("customer_slug", ({ project }) => project.customer.slug),
  field("offerings", (_, { exchange: { world } }) => [
    { uuid: world.offering.uuid, name: world.offering.name, slug: world.offering.slug },
  ]),
  ...constants<Group>({
    members: [{ username: "mmuster", full_name: "Maria Muster", email: "maria.muster@example.org" }],
  }),
];

export const listProjectGroups: Endpoint = (exchange) => {
  const complaints = {};
  const wanted = uuids(exchange.query, "provider_offering_uuid", { complaints });
  if (Object.keys(complaints).length > 0) return json(400, complaints);
  const { world, caller, quirks } = exchange;
  if (caller.role !== "staff" && caller.organisationUuid !== world.provider.uuid) return forbidden();
  const isAsked = wanted === undefined || offeringsOf(world).some(({ uuid }) => wanted.includes(uuid));
  const isOff = quirks.has("project-groups-off") || !isAsked;
  // There is no `field` here, and asking for it changes nothing.
  return pageOf(exchange, isOff ? [] : groupsOf(world), painter(VIEW, withoutFields(exchange)));
};

function withoutFields(exchange: Exchange): Exchange {
  const query = new URLSearchParams(exchange.query);
  query.delete("field");
  return { ...exchange, query };
}

function groupsOf(world: World): Group[] {
  const approved = new Set<string>();
  for (const { project, state } of world.resources())
    if (project !== null && state !== "Creating") approved.add(project.uuid);
  for (const { type, state, project } of world.orders)
    if (type === "Create" && project !== null && !UNAPPROVED.has(state)) approved.add(project.uuid);
  return world.projects.flatMap((project, number) =>
    approved.has(project.uuid) ? [{ project, number }] : [],
  );
}
