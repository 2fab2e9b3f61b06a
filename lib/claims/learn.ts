// The list, read once for its claims alone: a site whose claims were lost, or that never had any, is to know which
// paths the rows ask for before an order gets one.

import type { Mapper } from "../storage/mapper.ts";
import { sourceOf } from "../storage/source.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchProjects, probeResources } from "../waldur/offering.ts";
import { readList } from "../waldur/pages.ts";
import { findTerminated } from "../waldur/terminated.ts";
import { LIVE_STATES, RESOURCES_PATH } from "../waldur/vocabulary.ts";
import { isFault } from "../waldur/wire.ts";
import type { WaldurOffering, WaldurProject } from "../waldur/wire-offering.ts";
import { parseResource, resourceFields } from "../waldur/wire-resource.ts";
import { createRowClaims, type RowClaims, type RowRules } from "./rows.ts";
import type { ClaimTable } from "./table.ts";

export type LearnContext = {
  offering: WaldurOffering;
  mapper: Mapper;
  reader: Reader;
  /** The template needs it. */
  withProvider: boolean;
  progress: (seen: number, count: number) => void;
};

/** Adds what the live rows of the offering ask for, and which holders of paths are Terminated. */
export async function learnFromList(
  table: ClaimTable,
  rules: RowRules,
  { offering, mapper, reader, withProvider, progress }: LearnContext,
): Promise<void> {
  const { hasSlugs } = await probeResources(reader, offering.uuid);
  const projects = hasSlugs === false ? await fetchProjects(reader, offering) : null;
  const query = { offering_uuid: offering.uuid, visible_to_providers: "true" };
  const rows = await readList(
    reader,
    {
      path: RESOURCES_PATH,
      query: { ...query, state: LIVE_STATES, field: resourceFields(projects === null, withProvider) },
      what: "resource",
      parallel: 1,
    },
    async (parts) => {
      table.forgetWanted(offering.uuid);
      const rows = createRowClaims(table, rules, new Map());
      for await (const part of parts) {
        choosePage(part.rows, { table, rows, mapper, projects });
        progress(part.seen, part.count);
      }
      return rows;
    },
  );
  const gone = new Map(rows.gone([]).map((owner) => [table.uuid(owner), owner]));
  for (const uuid of await findTerminated(reader, offering.uuid, [...gone.keys()]))
    rows.noteTerminated(gone.get(uuid) ?? -1);
}

type PageContext = {
  table: ClaimTable;
  rows: RowClaims;
  mapper: Mapper;
  projects: ReadonlyMap<string, WaldurProject> | null;
};

function choosePage(page: readonly unknown[], { table, rows, mapper, projects }: PageContext): void {
  for (const row of page) {
    const resource = parseResource(row);
    if (isFault(resource)) continue;
    const place = mapper.placeOf(sourceOf(resource, projects?.get(resource.projectUuid)));
    rows.choose({ owner: table.resource(resource.uuid), place });
  }
}
