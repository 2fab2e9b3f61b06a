// What must be known of an offering and of the server behind it before its list is read.

import type { Job } from "../run/job.ts";
import { createMapper, type Mapper } from "../storage/mapper.ts";
import { fetchUnconsentedResources } from "../waldur/consent.ts";
import { fetchOffering, fetchProjects, probeResources } from "../waldur/offering.ts";
import type { WaldurOffering, WaldurProject } from "../waldur/wire-offering.ts";

export type Ground = {
  offering: WaldurOffering;
  mapper: Mapper;
  /** Resources in any state when the run began; null when the server did not say. */
  wholeCount: number | null;
  /** By uuid; null where resources carry the slugs themselves. */
  projects: ReadonlyMap<string, WaldurProject> | null;
  /** Resources whose change nobody has agreed to yet. Those whose order is placed after this was read are missed. */
  unconsented: ReadonlySet<string>;
};

/** Asks what kind of server this is and who the projects are, where their slugs are not on the rows. */
export async function surveyOffering(job: Job): Promise<Ground> {
  const { config, reader } = job;
  const offering = await fetchOffering(reader, config.uuid, { file: job.configFile, name: config.name });
  const probe = await probeResources(reader, config.uuid);
  const projects = probe.hasSlugs === false ? await fetchProjects(reader, offering) : null;
  const { settings, component } = config;
  const mapper = createMapper({ settings, component, offeringSlug: offering.slug });
  const unconsented = await fetchUnconsentedResources(reader, config.uuid, probe.hasSlugs === true);
  return { offering, mapper, wholeCount: probe.count, projects, unconsented };
}
