// The list of offerings: which are ours, and what must not be the same between two of them.

import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Context } from "./context.ts";
import { modesOf, type OfferingDraft, readOffering, warnNearBackend } from "./offering.ts";
import { itemsOf, openSection, placeOf, type Section, type Spot } from "./section.ts";
import { canShareAPath } from "./shared-paths.ts";
import { reportOpenConfig } from "./token.ts";

/** Reads the offerings of ours; those of other backends are left out, and only have to be maps. */
export async function readOfferings(
  top: Section,
  proxy: string | null,
  context: Context,
): Promise<OfferingDraft[]> {
  const items = listOfferings(top, context);
  const sections = items.map((item) => openSection(item, context)).filter((section) => section !== null);
  if (context.worldReadable) reportOpenConfig(sections, context);
  const drafts: OfferingDraft[] = [];
  for (const section of sections) {
    warnNearBackend(section, context);
    const { sync, orders } = modesOf(section);
    if (sync || orders) drafts.push(await readOffering(section, proxy, context));
  }
  if (sections.length > 0 && drafts.length === 0) reportNoneOfOurs(top, context);
  checkUuids(drafts, context);
  checkDirectories(drafts, context);
  warnSharedPaths(drafts, context);
  checkSharedToken(drafts, context);
  return drafts;
}

/** The entries of the list; none, with an error recorded, when there is no list or an empty one. */
function listOfferings(top: Section, context: Context): Spot[] {
  const place = placeOf(top, "offerings");
  const spot = top.spot("offerings");
  const items = spot && itemsOf(spot, context.tree);
  const hint = "it must be a list of offerings, each beginning with `- name:`";
  if (spot === undefined) context.findings.error(place, "is missing", hint);
  else if (!items) context.findings.error(place, "must be a list", hint);
  else if (items.length === 0) context.findings.error(place, "is empty", hint);
  return items ?? [];
}

function reportNoneOfOurs(top: Section, { findings }: Context): void {
  const message = "none of the offerings is for this program";
  const hint = "set backend_type (for sync) or order_processing_backend (for orders) to cscs-hpc-storage";
  findings.error(placeOf(top, "offerings"), message, hint);
}

function checkUuids(drafts: readonly OfferingDraft[], { findings }: Context): void {
  const seen = new Map<string, OfferingDraft>();
  for (const draft of drafts) {
    const { uuid } = draft.config;
    const first = seen.get(uuid);
    const place = placeOf(draft.section, "waldur_offering_uuid");
    if (first) findings.error(place, `${nameOf(first)} has the same UUID as ${nameOf(draft)}`);
    else if (uuid !== "") seen.set(uuid, draft);
  }
}

/** Snapshots carry no offering in their names, so two offerings would overwrite each other's. */
function checkDirectories(drafts: readonly OfferingDraft[], { findings }: Context): void {
  const seen = new Map<string, OfferingDraft>();
  for (const draft of drafts.filter(({ config }) => config.sync)) {
    const directory = canonicalPath(draft.config.settings.outputDirectory);
    const first = seen.get(directory);
    const message = `${first && nameOf(first)} and ${nameOf(draft)} would both write ${directory}`;
    if (first)
      findings.error(
        placeOf(draft.settings, "output_directory"),
        message,
        "give each offering its own output_directory",
      );
    else seen.set(directory, draft);
  }
}

/** One warning for each offering, about the first one before it that it cannot be told apart from. */
function warnSharedPaths(drafts: readonly OfferingDraft[], { findings }: Context): void {
  for (const [at, draft] of drafts.entries()) {
    const { settings } = draft.config;
    const first = drafts.slice(0, at).find((earlier) => canShareAPath(earlier.config.settings, settings));
    if (first === undefined) continue;
    const message = `${nameOf(first)} and ${nameOf(draft)} may give two resources one path, as ${settings.mountPoint}`;
    const hint =
      "set storage_system to another word in each, or begin each mount_point with another directory";
    findings.warn(placeOf(draft.settings, "mount_point"), message, hint);
  }
}

/** Links are followed as far as the path exists: two names of one directory are one directory. */
function canonicalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonicalPath(parent), path.slice(parent.length));
  }
}

/** A token belongs to one server; a shared one would be shown to the others. */
function checkSharedToken(drafts: readonly OfferingDraft[], { findings }: Context): void {
  const sharing = drafts.filter(({ sharedToken, config }) => sharedToken && config.apiUrl !== "");
  const [first] = sharing;
  if (first === undefined) return;
  for (const draft of sharing) {
    if (originOf(draft) === originOf(first)) continue;
    const message = `${nameOf(first)} and ${nameOf(draft)} are on different servers, but share the token of ${draft.config.tokenSource}`;
    const hint = "give each a waldur_api_token or waldur_api_token_file of its own";
    findings.error(placeOf(draft.section, "waldur_api_url"), message, hint);
  }
}

function originOf({ config }: OfferingDraft): string {
  return new URL(config.apiUrl).origin;
}

function nameOf({ section, config }: OfferingDraft): string {
  return `${section.path} (${config.name})`;
}
