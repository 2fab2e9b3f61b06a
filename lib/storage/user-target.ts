// The owners of users' directories, in the hierarchy profile: the user that `backend_metadata.user_item` names.
// A user is never invented: values that are not given are null, and a problem.

import { isTable } from "../json.ts";
import type { MappingProblem, StorageSource, TargetItem } from "./document.ts";
import { mappingProblem, type Problems } from "./problems.ts";
import { readMetadata, readTargetItem, type TargetRules } from "./target.ts";

/** `lack`: what the entry is published without. */
export type UserTarget = { item: TargetItem; lack: MappingProblem | null };

const USER_DATA_TYPES: readonly (string | undefined)[] = ["users", "scratch"];

/** Directories of these data types are a user's; of all others a project's. */
export function isUserDataType(dataType: string | undefined): boolean {
  return USER_DATA_TYPES.includes(dataType);
}

export function readUserTarget(
  source: StorageSource,
  rules: TargetRules,
  problems: Problems,
): UserTarget | undefined {
  const { settings } = rules.offering;
  const given = readMetadata(source.backendMetadata, "user_item", problems);
  if (given === undefined) return undefined;
  if (given !== null && !settings.useMockTargetItems) return withSoundIds(given, rules.offering, problems);
  const project = readTargetItem(source, rules, problems);
  if (project === undefined) return undefined;
  const { name, unixGid = null, active = true, mock } = project;
  const item = {
    ...{ itemId: source.uuid, status: "open", name: source.slug },
    ...{ email: null, unixUid: null },
    primaryProject: { name, unixGid, active },
    active: true,
    ...(mock === true ? { mock } : {}),
  };
  return { item, lack: mock === true ? null : NO_USER };
}

const NO_USER = mappingProblem("no-user", {
  field: "backend_metadata.user_item.unixUid",
  message: "is not set, so the entry has null",
  hint: "set user_item in the backend metadata of the resource, with the user's name and unixUid",
});

/** Neither root nor a group of the system becomes the owner of a directory, whichever key says it. */
function withSoundIds(
  item: Record<string, unknown>,
  { policy, settings: { requireGid } }: TargetRules["offering"],
  problems: Problems,
): UserTarget | undefined {
  const { unixUid = null, primaryProject } = item;
  const { unixGid = null } = isTable(primaryProject) ? primaryProject : {};
  const wrong = [...policy.ids(ITEM, item, !requireGid), ...(requireGid && unixGid === null ? [NO_GID] : [])];
  problems.push(...wrong);
  return wrong.length > 0 ? undefined : { item, lack: unixUid === null ? NO_USER : null };
}

const ITEM = "backend_metadata.user_item";

const NO_GID = mappingProblem("no-gid", {
  field: `${ITEM}.primaryProject.unixGid`,
  message: "is not set",
  hint: "set it to the number of the project's group, or set require_gid to false to publish it without",
});
