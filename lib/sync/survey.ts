// What must be known of an offering and of the server behind it before its list is read.

import type { UuidSet } from "../key-set.ts";
import { refuseCutGids } from "../run/gids.ts";
import type { Job } from "../run/job.ts";
import type { GidQuestion } from "../storage/gids.ts";
import { createMapper, type Mapper } from "../storage/mapper.ts";
import { hierarchyOf, wantsProvider } from "../storage/profile.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchUnconsentedResources } from "../waldur/consent.ts";
import {
  fetchOffering,
  fetchProjects,
  fetchProjectsIfServed,
  type Probe,
  probeResources,
} from "../waldur/offering.ts";
import type { WaldurOffering, WaldurProject } from "../waldur/wire-offering.ts";
import { joinedProject, projectOf, type ResourceColumns, resourceColumns } from "../waldur/wire-resource.ts";

export type Survey = {
  offering: WaldurOffering;
  mapper: Mapper;
  /** Resources in any state when the run began; null when the server did not say. */
  wholeCount: number | null;
  /**
   * What rows are asked for. They carry the slugs of project and customer only where these cannot be joined; an
   * offering without resources does not say.
   */
  columns: ResourceColumns;
  /** By uuid; empty where resources are asked for the slugs themselves. */
  projects: ReadonlyMap<string, WaldurProject>;
  /**
   * Reads the list of projects once more when one of these rows is of a project that is not in it: projects and
   * resources are two lists, and both may be made between them. Only once in a run.
   * @returns which of the rows are to be asked for the names themselves, because the list does not know their project
   */
  rowsWithoutNames(rows: readonly unknown[]): Promise<readonly number[]>;
  /** Asks for the GIDs of the projects of these rows, where a source has to be asked. */
  knowGids(rows: readonly unknown[]): Promise<void>;
  /** Resources whose change nobody has agreed to yet. Those whose order is placed after this was read are missed. */
  unconsented: Pick<UuidSet, "has">;
};

/** Asks what kind of server this is and who the projects are, where their slugs are not on the rows. */
export async function surveyOffering(job: Job): Promise<Survey> {
  const { config, reader } = job;
  refuseCutGids(config.settings);
  const offering = await fetchOffering(reader, config.uuid, config);
  const { settings, component } = config;
  const withProvider = wantsProvider(settings);
  const probe = await probeResources(reader, config.uuid, withProvider);
  const { provider } = probe;
  const hierarchy = await hierarchyOf(settings, { ...offering, provider });
  const { gids } = job;
  const asksProvider = withProvider && probe.hasSlugs === null;
  const joined = await joinProjects(job, offering, { ...probe, asksProvider });
  return {
    offering,
    mapper: createMapper({ settings, component, offeringSlug: offering.slug, hierarchy, provider, gids }),
    wholeCount: probe.count,
    ...joined,
    knowGids: (rows) => knowGids(rows, joined.projects, job.gids),
    unconsented: await fetchUnconsentedResources(reader, config.uuid, probe.hasSlugs === true),
  };
}

async function knowGids(
  rows: readonly unknown[],
  projects: ReadonlyMap<string, WaldurProject>,
  gids: Job["gids"],
): Promise<void> {
  if (gids === null) return;
  const asked = rows.flatMap((row): GidQuestion[] => {
    const project = projectOf(row);
    if (project === null) return [];
    const { uuid, isCreating } = project;
    return [
      {
        uuid,
        slug: project.slug ?? projects.get(uuid)?.slug ?? "",
        mayLack: gids.comesWithAcceptance && isCreating,
      },
    ];
  });
  if (asked.length > 0) await gids.learn(asked);
}

async function joinProjects(
  { reader }: Job,
  offering: WaldurOffering,
  { hasSlugs, count, asksProvider }: Probe & { asksProvider: boolean },
): Promise<Pick<Survey, "columns" | "projects" | "rowsWithoutNames">> {
  const listed = await fetchKnownProjects(reader, offering, hasSlugs);
  const projects = new Map(listed);
  const isUnknown = (row: unknown) => {
    const uuid = joinedProject(row);
    return uuid !== null && !projects.has(uuid);
  };
  // An offering without resources did not say whether its rows will carry slugs.
  let mayReadAgain = listed !== null || count === 0;
  return {
    // An offering without resources had no row to say whose it is, so each row is asked.
    columns: resourceColumns(listed === null, asksProvider),
    projects,
    async rowsWithoutNames(rows) {
      if (!rows.some(isUnknown)) return NONE;
      if (mayReadAgain) {
        mayReadAgain = false;
        for (const [uuid, project] of await fetchProjects(reader, offering)) projects.set(uuid, project);
      }
      if (hasSlugs !== true) return NONE;
      return rows.flatMap((row, n) => (isUnknown(row) ? [n] : []));
    },
  };
}

const NONE: readonly number[] = [];

/** null where rows are asked instead. */
function fetchKnownProjects(
  reader: Reader,
  offering: WaldurOffering,
  hasSlugs: boolean | null,
): Promise<ReadonlyMap<string, WaldurProject> | null> {
  if (hasSlugs === false) return fetchProjects(reader, offering);
  return hasSlugs === null ? Promise.resolve(null) : fetchProjectsIfServed(reader, offering);
}
