// What is the same for every resource of an offering: its settings, made ready for the mapper.

import type { StorageComponent, StorageSettings } from "../config/config.ts";
import { AnswerError } from "../errors.ts";
import type { StorageSource } from "./document.ts";
import type { ProjectGids } from "./gids.ts";
import type { Hierarchy } from "./hierarchy.ts";
import { rememberDataTypes, storageItem } from "./items.ts";
import { compileTemplate } from "./mount-point.ts";
import type { PlaceRules } from "./place.ts";
import { createPolicy, type Policy } from "./policy.ts";
import type { Problems } from "./problems.ts";
import { type QuotaRule, quotaRule, ruleOfThePast } from "./quotas.ts";
import { checkSlug } from "./slug.ts";
import { requireSoundGids, settledGids } from "./target.ts";

export type MapperOptions = {
  settings: StorageSettings;
  component: StorageComponent;
  offeringSlug: string;
  /** Only with `document_profile: hierarchy`. */
  hierarchy?: Hierarchy | null;
  /** Whose offering it is, for rows that do not say it. */
  provider?: StorageSource["provider"];
  /** Of a source that is queried during the run; null for one that is read with the configuration. */
  gids?: ProjectGids | null;
};

/** What is the same for every resource of the offering. */
export type MappedOffering = PlaceRules & {
  permissions: { fallback: string; policy: Policy };
  settings: StorageSettings;
  hierarchy: Hierarchy | null;
  gids: ProjectGids;
  quotas: QuotaRule;
  /** Of what was published before, and of what is removed. */
  pastQuotas: QuotaRule;
  dataTypeOf: ReturnType<typeof rememberDataTypes>;
};

export function prepareOffering(options: MapperOptions): MappedOffering {
  const { settings, component, offeringSlug, hierarchy = null, provider, gids } = options;
  requireSoundGids(settings.unixGid);
  const template = compileTemplate(settings.mountPoint);
  const system = settings.storageSystem ?? offeringSlug;
  const problems: Problems = [];
  checkSlug(system, settings.storageSystem === null ? "offering_slug" : "storage_system", problems);
  if (template.uses("fileSystem")) checkSlug(settings.storageFileSystem, "storage_file_system", problems);
  for (const { message } of problems) throw unusableOffering(message);
  const policy = createPolicy(settings);
  const quotas = quotaRule(settings, component);
  return {
    settings,
    hierarchy,
    backendIdOf: hierarchy?.backendIdOf ?? ((backendId) => backendId),
    gids: gids ?? settledGids(settings.unixGid),
    policy,
    permissions: { fallback: settings.defaultPermissions, policy },
    dataTypes: { fallback: settings.defaultDataType, policy },
    quotas,
    pastQuotas: ruleOfThePast(quotas),
    template,
    provider,
    storageSystem: storageItem("storage_system", system),
    fileSystem: storageItem("storage_file_system", settings.storageFileSystem),
    dataTypeOf: rememberDataTypes(),
  };
}

function unusableOffering(message: string): AnswerError {
  return new AnswerError(`the offering cannot be published: ${message}`, {
    hint: "set storage_system in backend_settings, or correct the offering's slug in Waldur",
  });
}
