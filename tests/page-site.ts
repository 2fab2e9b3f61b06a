// Output directories for the page: two snapshots of any size, in which a few tenants hold most, as at real sites, and
// names that should not exist.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { StorageResource } from "../lib/storage/document.ts";
import { documentFrame, entriesText } from "../lib/storage/text.ts";
import { scratchDirectory } from "./scratch.ts";
import { entry, META } from "./unit/documents/support.ts";

export const HOSTILE = [
  '</script><script>document.title="run"</script>',
  "<img src=x onerror=\"document.title='run'\">",
  "\u202egnissim\u202c",
  "👩‍🔬 Data 🧊",
  "quotes \" ' ` & &amp; \\",
  "null\u0000byte",
  "x".repeat(10_000),
  "<!-- <script>",
] as const;

export type Site = { directory: string; out: string; config: string; newest: string; before: string };

type SiteOptions = { resources: number; hostile?: boolean };

const PLACES = [
  "Ice Cores",
  "Climate",
  "Materials",
  "Genomics",
  "Particle Physics",
  "Seismology",
  "Robotics",
];
const HOSTS = [
  "ETH Zurich",
  "EPFL",
  "PSI",
  "University of Bern",
  "USI",
  "Empa",
  "WSL",
  "University of Basel",
];
const SYSTEMS = ["capstor", "iopsstor", "vast"];

/** The second snapshot lacks a resource, has two more, and other quotas for every fiftieth one. */
export async function makeSite({ resources, hostile = false }: SiteOptions): Promise<Site> {
  const directory = scratchDirectory("page-", { inMemory: true });
  const out = join(directory, "out");
  mkdirSync(out);
  const config = join(directory, "config.yaml");
  writeFileSync(config, configFor(out), { mode: 0o600 });
  const [before, newest] = ["2026-11-26-10-07-all.json", "2026-11-27-10-07-all.json"].map((name) =>
    join(out, name),
  ) as [string, string];
  const entryAt = entryMaker(resources, hostile);
  const first = Array.from({ length: resources }, (_, n) => n);
  await writeDocument(before, "2026-11-26T10:07:00+00:00", mapped(first.slice(0, -2), entryAt));
  await Bun.sleep(10);
  const later = first.filter((n) => n !== 3);
  await writeDocument(
    newest,
    "2026-11-27T10:07:00+00:00",
    mapped(later, (n) => grown(entryAt(n), n)),
  );
  writeState(out, entryAt);
  return { directory, out, config, newest, before };
}

/** What runs left: five orders, a problem, when each mode ran. */
function writeState(out: string, entryAt: (n: number) => StorageResource): void {
  const state = join(out, ".waldur-cscs-storage");
  mkdirSync(join(state, "receipts", "closed"), { recursive: true, mode: 0o700 });
  const write = (name: string, value: unknown) => writeFileSync(join(state, name), JSON.stringify(value));
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  for (let n = 0; n < 5; n++) {
    const type = n === 1 ? "update" : "create";
    const order = n.toString(16).padStart(32, "e");
    const { itemId, mountPoint } = entryAt(20 + n);
    const receipt = {
      ...{ version: 1, offering: META.offering.uuid, order, type, resource: itemId },
      ...{ file: `2026-11-27-08-0${n}-${type}_${order}.json`, mountPoint: mountPoint.default },
      ...{ claimedAt: hoursAgo(n * 7 + 1), published: n > 2 },
    };
    const ended = { closedAt: hoursAgo(n), ended: { state: n === 4 ? "erred" : "done", at: hoursAgo(n) } };
    write(`receipts/${n > 2 ? "closed/" : ""}${order}.json`, n > 2 ? { ...receipt, ...ended } : receipt);
  }
  const { itemId } = entryAt(21);
  const known = {
    ...{ since: Date.now() - 26 * 3_600_000, code: "bad-limit", offering: META.offering.uuid },
    ...{
      order: (1).toString(16).padStart(32, "e"),
      resource: itemId,
      resourceName: "data-21",
      project: "Climate 3",
    },
    ...{ field: "limits.storage", message: "limits.storage is negative: -1" },
    hint: "correct the limit in Waldur",
  };
  write("problems-orders.json", { version: 1, problems: { one: Date.now() }, known: { one: known } });
  for (const mode of ["sync", "orders"]) write(`good-${mode}-${META.offering.uuid}`, "");
}

function* mapped(
  numbers: readonly number[],
  make: (n: number) => StorageResource,
): Generator<StorageResource> {
  for (const n of numbers) yield make(n);
}

async function writeDocument(path: string, date: string, entries: Iterable<StorageResource>): Promise<void> {
  const { head, first, separator, tail } = documentFrame({ ...META, date });
  const writer = Bun.file(path).writer();
  writer.write(head);
  let between = first;
  for (const one of entries) {
    writer.write(between + entriesText([one]));
    between = separator;
  }
  writer.write(tail);
  await writer.end();
}

/** Few large ones and many small ones. */
function entryMaker(resources: number, hostile: boolean): (n: number) => StorageResource {
  const template = entry(1);
  const tenants = Math.max(3, Math.round(Math.sqrt(resources) / 1.5));
  const projects = Math.max(8, Math.round(resources / 12));
  return (n) => {
    const project = Math.floor(projects * share(n, 1) ** 2);
    const tenant = Math.floor(tenants * share(project, 2) ** 3);
    const system = SYSTEMS[Math.floor(3 * share(n, 3) ** 2)] ?? "capstor";
    const large = 1 + 40 * share(project, 5) ** 12;
    const space = Math.ceil(1 + 80 * large * share(n, 4) ** 6) + (n % 40 === 0 ? 0.5 : 0);
    const name = hostile && n < HOSTILE.length ? HOSTILE[n] : undefined;
    const field = PLACES[project % PLACES.length];
    return {
      ...template,
      itemId: (n * 7919 + 0x10000).toString(16).padStart(32, "a"),
      status: n % 97 === 0 ? "updating" : "active",
      mountPoint: { default: `/${system}/store/tenant-${tenant}/project-${project}/data-${n}` },
      quotas: n % 301 === 0 ? null : quotasFor(space),
      tenant: item(
        `t${tenant}`,
        name ?? `${HOSTS[tenant % 8]}${tenant < 8 ? "" : ` ${Math.floor(tenant / 8)}`}`,
      ),
      customer: item(name === undefined ? `p${project}` : `h${n}`, name ?? `${field} ${project}`),
      storageSystem: {
        ...template.storageSystem,
        itemId: `${system}`,
        key: system,
        name: system.toUpperCase(),
      },
    };
  };
}

function item(key: string, name: string) {
  return { itemId: key, key, name };
}

function quotasFor(space: number): StorageResource["quotas"] {
  return [
    { type: "space", quota: space, unit: "tera", enforcementType: "soft" },
    { type: "space", quota: space, unit: "tera", enforcementType: "hard" },
    { type: "inodes", quota: Math.round(space * 1_330_000), unit: "none", enforcementType: "soft" },
    { type: "inodes", quota: Math.round(space * 2_000_000), unit: "none", enforcementType: "hard" },
  ];
}

function grown(one: StorageResource, n: number): StorageResource {
  if (n % 50 !== 7 || one.quotas === null) return one;
  const space = (one.quotas[0]?.quota ?? 0) * (n % 100 === 7 ? 2 : 0.5);
  return { ...one, quotas: quotasFor(space) };
}

/** From 0 to 1, always the same. */
function share(n: number, salt: number): number {
  let mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

function configFor(out: string): string {
  return `offerings:
  - name: Storage
    waldur_api_url: https://waldur.example.org
    waldur_offering_uuid: ${META.offering.uuid}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
`;
}
