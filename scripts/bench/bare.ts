// The least that a program on this runtime can do for the same file: fetch a page while the last one is laid out,
// parse, lay out, digest, write, flush. Nothing is checked, proved or bounded, and memory may grow. One JSON argument.

import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import type { StorageItem, StorageResource, StorageStatus } from "../../lib/storage/document.ts";
import { documentFrame, entriesText } from "../../lib/storage/text.ts";

export type BareTask = {
  /** Address of a page, without its number at the end. */
  address: string;
  pages: number;
  token: string;
  file: string;
  names: Names;
};

/** What is the same in every entry, or chosen by a word of the row. */
export type Names = {
  offering: { uuid: string; slug: string };
  statuses: Readonly<Record<string, StorageStatus | undefined>>;
  system: StorageItem;
  fileSystem: StorageItem;
  dataTypes: Readonly<Record<string, StorageResource["storageDataType"]>>;
};

type Hierarchy = `${"project" | "customer"}_${"uuid" | "name" | "slug"}`;
type Row = Readonly<Record<"uuid" | "slug" | "state" | "backend_id" | Hierarchy, string>> & {
  limits: { storage?: number };
  attributes: { permissions?: string; storage_data_type?: string };
  options: { permissions?: string } | null;
  backend_metadata: Partial<
    Record<"project_item" | "tenant_item" | "customer_item", Record<string, unknown>>
  >;
};

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? ""));

async function run({ address, pages, token, file, names }: BareTask): Promise<void> {
  const get = async (page: number) => {
    const response = await fetch(`${address}${page}`, { headers: { Authorization: `Token ${token}` } });
    return response.text();
  };
  const descriptor = openSync(`${file}.tmp`, "w");
  const digest = new Bun.CryptoHasher("sha256");
  const write = (text: string) => {
    const bytes = Buffer.from(text);
    digest.update(bytes);
    writeSync(descriptor, bytes);
  };
  const date = new Date().toISOString();
  const frame = documentFrame({ date, appVersion: "bare", offering: names.offering });
  write(frame.head + frame.first);
  let next = get(1);
  for (let page = 1; page <= pages; page++) {
    const text = await next;
    if (page < pages) next = get(page + 1);
    const rows: readonly Row[] = JSON.parse(text);
    write((page === 1 ? "" : frame.separator) + entriesText(rows.map((row) => entryOf(row, names))));
  }
  write(frame.tail);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.tmp`, file);
  digest.digest("hex");
}

function entryOf(row: Row, { statuses, system, fileSystem, dataTypes }: Names): StorageResource {
  const tb = row.limits.storage ?? 0;
  const metadata = row.backend_metadata;
  const path = `/${system.key}/store/${row.customer_slug}/${row.project_slug}/${row.slug}`;
  return {
    itemId: row.uuid,
    status: chosen(statuses, row.state),
    mountPoint: { default: row.backend_id.startsWith("/") ? row.backend_id : path },
    permission: {
      permissionType: "octal",
      value: row.options?.permissions ?? row.attributes.permissions ?? "775",
    },
    quotas:
      tb > 0
        ? [
            { type: "space", quota: tb, unit: "tera", enforcementType: "soft" },
            { type: "space", quota: tb, unit: "tera", enforcementType: "hard" },
            { type: "inodes", quota: Math.round(tb * 1e6 * 1.33), unit: "none", enforcementType: "soft" },
            { type: "inodes", quota: Math.round(tb * 1e6 * 2), unit: "none", enforcementType: "hard" },
          ]
        : null,
    target: {
      targetType: "project",
      targetItem: metadata.project_item ?? {
        itemId: row.uuid,
        status: "open",
        name: row.slug,
        unixGid: null,
        active: true,
      },
    },
    storageSystem: system,
    storageFileSystem: fileSystem,
    storageDataType: chosen(dataTypes, row.attributes.storage_data_type ?? "store"),
    parentItemId: null,
    tenant: metadata.tenant_item ?? {
      itemId: row.customer_uuid,
      key: row.customer_slug,
      name: row.customer_name,
    },
    customer: metadata.customer_item ?? {
      itemId: row.project_uuid,
      key: row.project_slug,
      name: row.project_name,
    },
  };
}

function chosen<Value>(values: Readonly<Record<string, Value | undefined>>, word: string): Value {
  const value = values[word];
  if (value === undefined) throw new Error(`the simulated Waldur said ${word}`);
  return value;
}
