// What the tests of lib/storage share: settings and sources to vary, random documents, and the vectors of the Python
// program that this one replaces (tests/fixtures/golden: what went in, and what it wrote, null when that was not JSON).

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import * as v from "valibot";
import type { StorageSettings } from "../../../lib/config/config.ts";
import { storageSettings } from "../../../lib/config/storage-settings.ts";
import { Settings } from "../../../lib/keys/schema.ts";
import type { DocumentMeta, StorageResource, StorageSource } from "../../../lib/storage/document.ts";
import { createMapper, type Mapped, type Mapper } from "../../../lib/storage/mapper.ts";

/** Every key with the default of its schema. */
export function settings(changes: Partial<StorageSettings> = {}): StorageSettings {
  const places = { outputDirectory: "/out", unixGid: { kind: "metadata" } } as const;
  return { ...storageSettings(v.parse(Settings, {}), places), ...changes };
}

export function source(changes: Partial<StorageSource> = {}): StorageSource {
  return {
    uuid: "1".repeat(32),
    slug: "climate-sim",
    state: "OK",
    limits: { storage: 10 },
    attributes: {},
    options: {},
    backendId: "",
    backendMetadata: {},
    customer: { uuid: "2".repeat(32), name: "University", slug: "university" },
    project: { uuid: "3".repeat(32), name: "Physics", slug: "physics-dept" },
    ...changes,
  };
}

export function mapper(
  changes: Partial<StorageSettings> = {},
  component = { name: "storage", unitFactor: 1 },
): Mapper {
  return createMapper({ settings: settings(changes), component, offeringSlug: "capstor" });
}

/** The entry, or a failure that shows the problems. */
export function entryOf(mapped: Mapped): StorageResource {
  if (!mapped.ok) throw new Error(`not mapped: ${JSON.stringify(mapped.problems)}`);
  return mapped.entry;
}

/** `code field` of each problem; none for an entry. */
export function problemsOf(mapped: Mapped): string[] {
  return mapped.ok ? [] : mapped.problems.map(({ code, field }) => `${code} ${field}`);
}

/** The four numbers: space soft and hard, inodes soft and hard. */
export function numbersOf(quotas: StorageResource["quotas"] | undefined): number[] | null | undefined {
  return quotas?.map(({ quota }) => quota) ?? (quotas === undefined ? undefined : null);
}

// Vectors

type Row = {
  uuid?: string;
  slug?: string;
  state: string;
  limits?: Record<string, unknown> | null;
  attributes?: Record<string, unknown> | null;
  options?: Record<string, unknown> | null;
  backend_id?: string | null;
  backend_metadata?: unknown;
  customer_uuid: string;
  customer_name: string;
  customer_slug?: string;
  project_uuid: string;
  project_name: string;
  project_slug?: string;
};

export type SyncVector = {
  settings: {
    storage_file_system: string;
    inode_base_multiplier?: number;
    inode_soft_coefficient: number;
    inode_hard_coefficient: number;
    use_mock_target_items: boolean;
  };
  /** Name → unit_factor. */
  components: Record<string, number>;
  resources: Row[];
  original: StorageResource[] | null;
};

export type OrderVector = {
  orders: {
    type: string;
    limits?: Record<string, unknown>;
    attributes: Record<string, unknown>;
    marketplace_resource_uuid?: string;
  }[];
  resources: Row[];
  original: StorageResource[];
};

const GOLDEN = `${import.meta.dir}/../../fixtures/golden`;

export function vectorNames(kind: "sync" | "orders"): string[] {
  return readdirSync(`${GOLDEN}/${kind}`)
    .map((name) => name.replace(/\.json$/, ""))
    .sort();
}

export function readSyncVector(name: string): SyncVector {
  return JSON.parse(readFileSync(`${GOLDEN}/sync/${name}.json`, "utf8"));
}

export function readOrderVector(name: string): OrderVector {
  return JSON.parse(readFileSync(`${GOLDEN}/orders/${name}.json`, "utf8"));
}

/** The mapper with the settings of a vector, as the configuration would choose the component. */
export function mapperOf({ settings: given, components }: SyncVector): Mapper {
  const name = "storage";
  const changes: Partial<StorageSettings> = {
    storageFileSystem: given.storage_file_system,
    inodeBaseMultiplier: given.inode_base_multiplier ?? 1_000_000,
    inodeSoftCoefficient: given.inode_soft_coefficient,
    inodeHardCoefficient: given.inode_hard_coefficient,
    useMockTargetItems: given.use_mock_target_items,
  };
  return mapper(changes, { name, unitFactor: components[name] ?? 1 });
}

/** A row as the reader of Waldur's answers passes it on: null tables are empty, absent texts too, uuids lower case. */
export function sourceOfRow(row: Row): StorageSource {
  return {
    uuid: (row.uuid ?? "").toLowerCase(),
    slug: row.slug ?? "",
    state: row.state,
    limits: row.limits ?? {},
    attributes: row.attributes ?? {},
    options: row.options ?? {},
    backendId: row.backend_id ?? "",
    backendMetadata: row.backend_metadata,
    customer: { uuid: row.customer_uuid, name: row.customer_name, slug: row.customer_slug ?? "" },
    project: { uuid: row.project_uuid, name: row.project_name, slug: row.project_slug ?? "" },
  };
}

const IDS: Readonly<Record<string, string>> = {
  capstor: "4b4a996a-8d6b-556d-ad60-202cefa6ecc3",
  lustre: "a04204cf-e3bf-5eb6-8323-0f3121afdd3b",
  gpfs: "f9119e02-a1d5-5ae0-8663-0bb23359d988",
  store: "6cea66c5-3133-54e1-9e5d-469deb675ceb",
  archive: "1bbb85a8-bb81-51cd-8bc4-affd7e97e2aa",
  users: "3e8e89e4-0613-54cd-80bc-00fe1d8cafe6",
  scratch: "0368ba53-7bcd-5800-8a9f-e7867c0a4d53",
};

/**
 * The original's entry with the differences that every entry has: fixed ids for random ones, the status of the
 * resource for a constant, no invented GID, and the customer and project of Waldur at the end.
 */
export function asOurs(
  original: StorageResource,
  { customer, project }: StorageSource,
  status: StorageResource["status"],
): StorageResource {
  const fixed = <Item extends { itemId: string; key: string }>(item: Item): Item => ({
    ...item,
    itemId: IDS[item.key] ?? "unexpected key",
  });
  const { targetItem } = original.target;
  const isInvented = targetItem.itemId === original.itemId;
  return {
    ...original,
    status,
    target: { ...original.target, targetItem: isInvented ? { ...targetItem, unixGid: null } : targetItem },
    storageSystem: fixed(original.storageSystem),
    storageFileSystem: fixed(original.storageFileSystem),
    storageDataType: fixed(original.storageDataType),
    tenant: { itemId: customer.uuid, key: customer.slug, name: customer.name },
    customer: { itemId: project.uuid, key: project.slug, name: project.name },
  };
}

// Random documents

/** Entries as the mapper makes them, with any text where a server or its metadata can put one. */
export function anyEntry(): fc.Arbitrary<StorageResource> {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const segment = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}$/);
  const metadata = fc.dictionary(text, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 });
  return fc
    .record({
      uuid: fc.stringMatching(/^[0-9a-f]{32}$/),
      slug: segment,
      limits: fc.record({ storage: fc.double({ min: 1e-6, max: 1e6, noNaN: true }) }),
      backendId: fc.oneof(
        fc.constant(""),
        segment.map((part) => `/ä "quoted"/${part}`),
      ),
      project_item: metadata,
      tenant_item: metadata,
      name: text,
    })
    .map(({ uuid, slug, limits, backendId, name, ...backendMetadata }) => {
      const project = { uuid: "3".repeat(32), name, slug: "physics" };
      return entryOf(
        anyMapper.mapResource(source({ uuid, slug, limits, backendId, project, backendMetadata })),
      );
    });
}

const anyMapper = mapper();

export function anyMeta(): fc.Arbitrary<DocumentMeta> {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const order = fc.record({
    uuid: fc.stringMatching(/^[0-9a-f]{32}$/),
    type: fc.constantFrom("create" as const, "update" as const, "terminate" as const),
    created: text,
  });
  const fixed = { date: text, appVersion: text, offering: fc.record({ uuid: text, slug: text }) };
  return fc.oneof(fc.record(fixed), fc.record({ ...fixed, order }));
}
