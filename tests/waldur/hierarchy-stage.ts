// What the tests of the hierarchy profile share: the vectors (tests/fixtures/hierarchy), their rows in the simulator,
// and what a document says of directories and entries.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Generation, Project } from "../../lib/simulator/model.ts";
import type { StorageDocument, StorageEntry } from "../../lib/storage/document.ts";
import type { Stage, StageOptions } from "../stage.ts";
import { open } from "./sync-stage.ts";

type Row = {
  uuid: string;
  slug: string;
  state: string;
  project: Omit<Project, "customer">;
  customer: Project["customer"];
  provider: { slug: string; name: string } | null;
  limits: Record<string, unknown>;
  attributes: Record<string, unknown>;
  options: Record<string, unknown> | null;
  backendId: string;
  backendMetadata: unknown;
  order: { type: "Create" | "Update" | "Terminate"; state: string; limits: Record<string, unknown> } | null;
};

/** Kind, status, path, id, id of the directory that it is in, and of a directory whom it belongs to. */
export type Fact = [string, string, string, string, string | null, string | null];

export type Vector = {
  title: string;
  rows: Row[];
  entries: Fact[];
  /** Resource and field. */
  problems: [string, string][];
};

const FIXTURES = `${import.meta.dir}/../fixtures/hierarchy`;

export const VECTORS = readdirSync(FIXTURES)
  .sort()
  .map((name): [string, Vector] => [
    name.replace(/\.json$/, ""),
    JSON.parse(readFileSync(join(FIXTURES, name), "utf8")),
  ]);

/** The offering in the vectors. */
const OFFERING = "d".repeat(32);
const GIDS = "msclim,31000\nicon,31002\nqcd,31003\nsolo,31004\nusers-p,31005\n";

export const TEMPLATE = "/{storage_system}/{data_type}/{provider}/{organization}/{waldur_project}";

/** Servers of 2024 do not say who the provider is, so there the template does. */
export function templateFor(generation: Generation, rows: readonly Row[] = []): string {
  const { slug = "cscs" } = rows[0]?.provider ?? {};
  return generation === "2024" ? TEMPLATE.replace("{provider}", slug) : TEMPLATE;
}

/** A site of the hierarchy profile. */
export async function openHierarchy(
  generation: Generation,
  settings: StageOptions["settings"] = {},
): Promise<Stage> {
  const stage = await open({
    generation,
    settings: {
      document_profile: "hierarchy",
      storage_system: "capstor",
      mount_point: templateFor(generation),
      ...settings,
    },
  });
  Object.assign(stage.world.provider, { slug: "cscs", name: "CSCS" });
  return stage;
}

/** A site with the rows of a vector. */
export async function openVector(
  { rows }: Vector,
  generation: Generation,
  mountPoint = templateFor(generation, rows),
): Promise<Stage> {
  const stage = await openHierarchy(generation, { mount_point: mountPoint, unix_gid: "file:gids.csv" });
  writeFileSync(join(stage.directory, "gids.csv"), GIDS);
  const { world } = stage;
  const projects = rows.map(({ project, customer }) => ({ ...project, customer }));
  Object.assign(world, { projects: [...world.projects, ...projects] });
  for (const [at, row] of rows.entries()) {
    const { order, customer: _customer, project: _project, provider, ...resource } = row;
    if (provider !== null) Object.assign(world.provider, provider);
    const wire = provider === null ? { provider_slug: undefined, provider_name: undefined } : {};
    const project = projects[at] ?? null;
    const added = world.addResource({ ...resource, name: row.slug, project, wire });
    if (order !== null) world.addOrder({ ...order, resource: added });
    world.resource(added.uuid).state = row.state;
  }
  return stage;
}

/** A directory belongs to an offering or a customer; the offering is that of the vectors. */
export function factsOf({ result }: StorageDocument<StorageEntry>, offering: string): Fact[] {
  return result.storageResources.map(({ target, status, mountPoint, itemId, parentItemId }): Fact => {
    const owner = target.targetItem.itemId === offering ? OFFERING : target.targetItem.itemId;
    const isDirectory = target.targetType === "tenant" || target.targetType === "customer";
    return [
      target.targetType,
      status,
      mountPoint.default,
      itemId,
      parentItemId,
      isDirectory && typeof owner === "string" ? owner : null,
    ];
  });
}

/** `kind status path` of each entry. */
export function linesOf(document: StorageDocument<StorageEntry>): string[] {
  return document.result.storageResources.map(
    ({ target, status, mountPoint }) => `${target.targetType} ${status} ${mountPoint.default}`,
  );
}
