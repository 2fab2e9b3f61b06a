// The least that a program on this runtime can do for the same file: fetch a page while the last one is laid out, parse,
// lay out, digest, write, flush. Nothing is checked, proved or bounded, and memory may grow. One argument, the file of the task.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

export type BareTask = {
  /** Addresses of the pages, in order. */
  pages: readonly string[];
  token: string;
  file: string;
  names: Names;
};

/** What is the same in every entry, or chosen by a word of the row. */
export type Names = {
  offering: { uuid: string; slug: string };
  statuses: Readonly<Record<string, string>>;
  system: { key: string };
  fileSystem: object;
  dataTypes: Readonly<Record<string, object>>;
};

type Row = Readonly<Record<string, string>> & {
  limits: { storage?: number };
  attributes: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>> | null;
  backend_metadata: Readonly<Record<string, object>> | null;
};

if (import.meta.main) await run(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")));

async function run({ pages, token, file, names }: BareTask): Promise<void> {
  const get = async (page: number) => {
    const response = await fetch(pages[page] ?? "", { headers: { Authorization: `Token ${token}` } });
    return response.text();
  };
  const descriptor = openSync(`${file}.tmp`, "w");
  const digest = new Bun.CryptoHasher("sha256");
  const write = (text: string) => {
    const bytes = Buffer.from(text);
    digest.update(bytes);
    writeSync(descriptor, bytes);
  };
  const meta = { date: new Date().toISOString(), appVersion: "bare", offering: names.offering };
  const frame = JSON.stringify(
    { status: "success", code: 200, meta, result: { storageResources: [] } },
    null,
    2,
  );
  const [head, tail] = [frame.slice(0, -"]\n  }\n}".length), "\n    ]\n  }\n}\n"];
  let next = get(0);
  for (let page = 0; page < pages.length; page++) {
    const text = await next;
    if (page + 1 < pages.length) next = get(page + 1);
    const rows: readonly Row[] = JSON.parse(text);
    const result = { entries: rows.map((row) => entryOf(row, names)) };
    const laidOut = JSON.stringify({ result }, null, 2);
    write(
      (page === 0 ? `${head}\n` : ",\n") +
        laidOut.slice('{\n  "result": {\n    "entries": [\n'.length, -"\n    ]\n  }\n}".length),
    );
  }
  write(tail);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.tmp`, file);
  digest.digest("hex");
}

function entryOf(row: Row, { statuses, system, fileSystem, dataTypes }: Names) {
  const tb = row.limits.storage ?? 0;
  const metadata = row.backend_metadata ?? {};
  const path = `/${system.key}/store/${row.customer_slug}/${row.project_slug}/${row.slug}`;
  return {
    itemId: row.uuid,
    status: statuses[row.state ?? ""],
    mountPoint: { default: row.backend_id?.startsWith("/") ? row.backend_id : path },
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
    storageDataType: dataTypes[row.attributes.storage_data_type ?? "store"],
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
