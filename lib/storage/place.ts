// Where a resource asks to be mounted: its backend id or the template, as far as the site's policy lets it choose. A
// path that a file names already is not chosen any more, and is looked at only for what no path may hold.

import type { MappingProblem, StorageItem, StorageSource } from "./document.ts";
import { NO_FORM, readForm, type StorageForm } from "./form.ts";
import { readDataType } from "./items.ts";
import {
  existingMount,
  faultOfPath,
  type PathTemplate,
  suspectBackendId,
  templatePath,
} from "./mount-point.ts";
import type { Policy } from "./policy.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";
import { checkSlug } from "./slug.ts";

/** Where a resource asks to be mounted. It can be known of a resource that cannot be mapped as a whole. */
export type Place = {
  /** undefined when the resource's own words cannot say it, or ask for what the site does not allow. */
  path: string | undefined;
  /** The path is an absolute backend id: the word of an operator or of the provisioner. */
  isExplicit: boolean;
  dataType: string | undefined;
  /** The storage fields of the order form; none where they cannot be read. */
  form: StorageForm;
  /** What is wrong with the slugs, the form, the data type or the backend id. */
  problems: Problems;
  /**
   * The backend id looks like a path and is none, so `path` is the template's; or the path that is asked for,
   * `outside`, is not allowed. A problem, unless a published file names the resource's path and the caller clears this
   * (`keep`).
   */
  suspect: MappingProblem | undefined;
  outside: string | undefined;
};

/** What is the same for every resource of the offering. */
export type PlaceRules = {
  policy: Policy;
  dataTypes: { fallback: string; policy: Policy };
  template: PathTemplate;
  /** Whose offering it is, for rows that do not say it. */
  provider: StorageSource["provider"];
  /** A backend id as the profile takes it. */
  backendIdOf: (backendId: string) => string;
  storageSystem: StorageItem;
  fileSystem: StorageItem;
};

/** The slugs are checked also where the backend id gives the path: readers make paths of them too. */
export function readPlace(offering: PlaceRules, source: StorageSource): Place {
  const problems: Problems = [];
  const { attributes } = source;
  const form = readForm(attributes, problems);
  const dataType = form && readDataType({ attributes, form }, offering.dataTypes, problems);
  const known = { dataType, form: form ?? NO_FORM, problems };
  const before = problems.length;
  checkSlug(source.customer.slug, "customer_slug", problems);
  checkSlug(source.project.slug, "project_slug", problems);
  checkSlug(source.slug, "slug", problems);
  if (offering.template.uses("provider")) checkProvider(source.provider ?? offering.provider, problems);
  const areSlugsFine = problems.length === before;
  const backendId = offering.backendIdOf(source.backendId);
  const existing = existingMount(backendId, problems);
  const suspect = suspectBackendId(backendId);
  const isExplicit = existing !== null;
  const asked = isExplicit
    ? existing
    : areSlugsFine
      ? templatePathOf(offering, source, { dataType, problems })
      : undefined;
  if (asked === undefined || offering.policy.admits(asked))
    return { ...known, path: asked, isExplicit, suspect, outside: undefined };
  const refused = offering.policy.path(isExplicit ? "backend_id" : "mount_point", asked);
  return { ...known, path: undefined, isExplicit, suspect: suspect ?? refused, outside: asked };
}

/** The place at the path that a file gave the resource: it stays, whatever the policy says of new ones. */
export function keepPlace(place: Place, path: string): Place {
  if (place.path === path && place.suspect === undefined) return place;
  const fault = faultOfPath(path);
  const kept = { ...place, path, suspect: undefined, outside: undefined };
  if (fault === null) return kept;
  const problem = mappingProblem("bad-backend-id", {
    field: "backend_id",
    message: `is needed: the published mount point ${quoted(path)} ${fault}`,
    hint: "set it to an absolute path of the mount without such characters",
  });
  return { ...kept, path: undefined, problems: [...place.problems, problem] };
}

/** Servers before 7.8.3 do not say it. */
function checkProvider(provider: StorageSource["provider"], problems: Problems): void {
  if (provider !== undefined) checkSlug(provider.slug, "provider_slug", problems);
  else {
    problems.push(
      mappingProblem("bad-slug", {
        field: "provider_slug",
        message: "is not given by this server",
        hint: "replace {provider} in mount_point by the name of the provider",
      }),
    );
  }
}

/** A data type that cannot be read leaves the path open only where the template has it. */
function templatePathOf(
  { template, provider, storageSystem, fileSystem }: PlaceRules,
  source: StorageSource,
  { dataType = "", problems }: { dataType: string | undefined; problems: Problems },
): string | undefined {
  if (dataType === "" && template.uses("dataType")) return undefined;
  const names = {
    storageSystem: storageSystem.key,
    fileSystem: fileSystem.key,
    dataType,
    tenant: source.customer.slug,
    customer: source.project.slug,
    project: source.slug,
    provider: (source.provider ?? provider)?.slug ?? "",
  };
  return templatePath(template, names, problems);
}
