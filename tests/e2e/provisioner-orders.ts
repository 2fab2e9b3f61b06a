// Order files for examples/provisioner.sh as a gateway writes them, and as none writes them, without a gateway.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { scratchDirectory } from "../scratch.ts";
import { markerOf, provision, type Site, setUp, siteIn } from "./provisioner-site.ts";

/** A site that was set up, with order files to come. */
export async function crafted(conf = "") {
  const made = craftIn(scratchDirectory("provisioner-", { inMemory: true }));
  await setUp(made.site, { conf });
  return { ...made, run: () => provision(made.site, "run") };
}

/** As the script makes it. */
export function makeOurs({ at }: Site, path = HOME, item = ITEM) {
  mkdirSync(at(path), { recursive: true });
  writeFileSync(markerOf(at(path)), `${item}\n`);
}

/** Order files as a gateway writes them, without a gateway. */
export function craftIn(directory: string) {
  const site = siteIn(directory);
  mkdirSync(join(site.out, "acks"), { recursive: true });
  let number = 0;
  return {
    site,
    /** Returns the order; `change` is what is unusual. */
    place(type: string, path: string, change: (entry: Entry, document: Loose) => void = () => undefined) {
      const order = String(++number).padStart(32, "0");
      const entry: Entry = {
        itemId: ITEM,
        status: "pending",
        mountPoint: { default: path },
        permission: { permissionType: "octal", value: "2770" },
        quotas: null,
        target: { targetType: "project", targetItem: { name: "p", unixGid: 30_001 } },
      };
      const created = `2026-01-01T00:00:0${number}Z`;
      const document: Loose = {
        meta: { order: { uuid: order, type, created } },
        result: { storageResources: [entry] },
      };
      change(entry, document);
      writeFileSync(join(site.out, `2026-01-01-00-00-${type}_${order}.json`), JSON.stringify(document));
      return order;
    },
  };
}

export type Loose = Record<string, unknown>;
export type Entry = Loose & {
  mountPoint: { default: unknown };
  permission: { permissionType: string; value: unknown } | null;
  target: { targetType: string; targetItem: Loose };
};

export const ITEM = "a".repeat(32);
export const OTHER = "b".repeat(32);
export const HOME = "/cold-store/t/home";

const QUOTAS = [
  { type: "space", quota: 1.5, unit: "tera", enforcementType: "soft" },
  { type: "space", quota: 2, unit: "tera", enforcementType: "hard" },
  { type: "inodes", quota: 100, unit: "none", enforcementType: "soft" },
  { type: "inodes", quota: 200, unit: "none", enforcementType: "hard" },
];

export function withQuotas(entry: Entry): Entry {
  return Object.assign(entry, { quotas: QUOTAS });
}
