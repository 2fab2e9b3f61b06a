// The owner of a storage resource: the project with its GID, and the customer and project above it. What the
// metadata holds is passed on as it is; a GID is never invented, but for the marked ones of development.

import type { StorageSettings, UnixGidSource } from "../config/config.ts";
import { formatIssue, RetryLaterError } from "../errors.ts";
import { isTable } from "../json.ts";
import { isPlainUuid } from "../uuid.ts";
import type { HierarchyItem, MappingProblem, StorageSource, TargetItem } from "./document.ts";
import type { ProjectGids } from "./gids.ts";
import type { Policy } from "./policy.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";
import { fieldOf, isDeeper, withoutHooks } from "./values.ts";

type TargetSettings = Pick<StorageSettings, "unixGid" | "requireGid" | "useMockTargetItems">;
export type TargetRules = {
  offering: { settings: TargetSettings; policy: Policy; gids: ProjectGids };
  /** Nothing is wrong with a project that has no GID yet. */
  mayLackGid: boolean;
};

/**
 * `backend_metadata.project_item`, else an item of our own. In mock mode always the latter, with a made-up GID: that
 * mode is for trying things out without real groups.
 */
export function readTargetItem(
  source: StorageSource,
  { offering: { settings, policy, gids }, mayLackGid }: TargetRules,
  problems: Problems,
): TargetItem | undefined {
  const rules = { policy, isTextFine: !settings.requireGid };
  if (settings.useMockTargetItems) return withSoundGid(mockItem(source), { ...rules, field: MOCK }, problems);
  const given = readMetadata(source.backendMetadata, "project_item", problems);
  if (given === undefined) return undefined;
  const item = given ?? ownItem(source, gids.of(source.project));
  const isLacking = item.unixGid === undefined || item.unixGid === null;
  if (isLacking && settings.requireGid && (given !== null || !mayLackGid)) {
    problems.push(given === null ? gids.lacking(source.project) : NO_GID_IN_METADATA);
    return undefined;
  }
  const field = given === null ? gids.field : "backend_metadata.project_item";
  return withSoundGid(item, { ...rules, field }, problems);
}

const MOCK = "use_mock_target_items";

type GidRules = { policy: Policy; field: string; isTextFine: boolean };

/**
 * A GID that is not one of a project is never passed on, whatever its source; nor one deeper in an object of the
 * metadata.
 */
function withSoundGid<Item extends Readonly<Record<string, unknown>>>(
  item: Item,
  { policy, field, isTextFine }: GidRules,
  problems: Problems,
): Item | undefined {
  const wrong = policy.ids(field, item, isTextFine);
  problems.push(...wrong);
  return wrong.length === 0 ? item : undefined;
}

function ownItem(source: StorageSource, unixGid: number | null) {
  return { itemId: source.uuid, status: "open", name: source.slug, unixGid, active: true };
}

function mockItem(source: StorageSource): TargetItem {
  return { ...ownItem(source, mockGid(source.project.slug)), mock: true };
}

/**
 * A faulty map may be one that is just being written, so trying again is the remedy, and no GID of it is used.
 * @throws RetryLaterError naming file and line
 */
export function requireSoundGids(source: UnixGidSource): void {
  if (source.kind !== "file") return;
  const [first, ...more] = source.issues;
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` (and ${more.length} more such lines)`;
  throw new RetryLaterError(`the GIDs of the projects cannot be read: ${formatIssue(first)}${others}`, {
    hint: "correct the map; a program that writes it should write another file and rename it",
  });
}

/** The GIDs of a source that is read with the configuration. */
export function settledGids(source: UnixGidSource): ProjectGids {
  const settled = { field: "project_slug", comesWithAcceptance: false } as const;
  if (source.kind !== "file") return { ...settled, of: () => null, lacking: () => NO_GID_IN_METADATA };
  const { gids, path } = source;
  return {
    ...settled,
    of: ({ slug }) => gids.get(slug) ?? null,
    lacking: ({ slug }) =>
      mappingProblem("no-gid", {
        field: "project_slug",
        message: `${quoted(slug)} has no GID in ${path}`,
        hint: ADD_GID,
      }),
  };
}

const ADD_GID = "add it there, or set require_gid to false to publish null";
const NO_GID_IN_METADATA: MappingProblem = mappingProblem("no-gid", {
  field: "backend_metadata.project_item",
  message: "has no unixGid",
  hint: ADD_GID,
});

/** 30000 to 39999, the same for the same project in every run (FNV-1a). */
function mockGid(projectSlug: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < projectSlug.length; at++) {
    hash = Math.imul(hash ^ projectSlug.charCodeAt(at), 0x01000193);
  }
  return 30_000 + ((hash >>> 0) % 10_000);
}

/** A Waldur customer or project: what the metadata holds in its place, else uuid, slug and name. */
export function readHierarchyItem(
  kind: "tenant" | "customer",
  { source, policy }: { source: StorageSource; policy: Policy },
  problems: Problems,
): HierarchyItem | undefined {
  const given = readMetadata(source.backendMetadata, `${kind}_item`, problems);
  if (given === undefined) return undefined;
  if (given !== null) {
    const field = `backend_metadata.${kind}_item`;
    return withSoundGid(given, { policy, field, isTextFine: true }, problems);
  }
  const { uuid, slug, name } = kind === "tenant" ? source.customer : source.project;
  if (checkUuid(uuid, kind === "tenant" ? "customer_uuid" : "project_uuid", problems)) {
    return { itemId: uuid, key: slug, name };
  }
  return undefined;
}

/** Reports an id that is not 32 lower-case hex digits, as Waldur writes them. */
export function checkUuid(uuid: string, field: string, problems: Problems): boolean {
  if (isPlainUuid(uuid)) return true;
  const message = uuid === "" ? "is missing" : "is not a uuid of 32 lower-case hex digits";
  problems.push(mappingProblem("bad-uuid", { field, message }));
  return false;
}

/**
 * Deep enough for any description of a project; the layout of deeper ones would grow with the square of their depth.
 */
const DEEPEST_METADATA = 16;

/**
 * An object of `backend_metadata` as it is, but for names with a meaning of their own (values.ts); null when there is
 * none, it is empty, or something else than an object.
 */
export function readMetadata(
  metadata: unknown,
  name: string,
  problems: Problems,
): Record<string, unknown> | null | undefined {
  const given = isTable(metadata) ? fieldOf(metadata, name) : undefined;
  if (!isTable(given)) return null;
  if (!isDeeper(given, DEEPEST_METADATA)) {
    const item = withoutHooks(given);
    return isTable(item) && Object.keys(item).length > 0 ? item : null;
  }
  problems.push(
    mappingProblem("bad-metadata", {
      field: `backend_metadata.${name}`,
      message: `is nested more than ${DEEPEST_METADATA} levels deep`,
    }),
  );
  return undefined;
}
