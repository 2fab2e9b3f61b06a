// Documents of others that lie in the output directory: the list that the Python plugin wrote, and one that is cut.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { World } from "../../lib/simulator/state.ts";
import { everyResource, mountPointOf } from "./paths.ts";

export const LITTER = {
  "a list of the plugin": { name: "2024-01-01-00-00-all.json", text: pluginList },
  "a file that is cut": { name: "2024-01-02-00-00-all.json", text: () => '{\n  "status": "success",\n  "co' },
} as const;

export type Litter = { litter: keyof typeof LITTER };

const NAMES: readonly string[] = Object.values(LITTER).map(({ name }) => name);

export function isLitter(name: string): boolean {
  return NAMES.includes(name);
}

/** Puts it there; returns its name and text, for nobody may change it. */
export function putLitter(
  directory: string,
  world: World,
  { litter }: Litter,
): { name: string; text: string } {
  const { name, text } = LITTER[litter];
  const written = text(world);
  writeFileSync(join(directory, name), written);
  return { name, text: written };
}

export function complaintsOfLitter(directory: string, put: ReadonlyMap<string, string>): string[] {
  return [...put]
    .filter(([name, text]) => readIfThere(join(directory, name)) !== text)
    .map(([name]) => `${name}, which is somebody else's, was changed or removed`);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** It lists resources in any state as pending, and one that nobody knows. */
function pluginList(world: World): string {
  const known = everyResource(world).slice(0, 4);
  const paths = new Map(known.map((one) => [one.uuid, mountPointOf(world, one)]));
  const entries = [...paths, ["0".repeat(32), "/cold-store/store/x/y/z"] as const].map(([itemId, path]) => ({
    itemId,
    status: "pending",
    mountPoint: { default: path },
    permission: { permissionType: "octal", value: "775" },
    quotas: null,
    target: {
      targetType: "project",
      targetItem: { itemId: "0", status: "pending", name: "x", unixGid: 30000, active: true },
    },
    storageSystem: { itemId: "0", key: "capstor", name: "CAPSTOR", active: true },
    storageFileSystem: { itemId: "0", key: "lustre", name: "LUSTRE", active: true },
    storageDataType: { itemId: "0", key: "store", name: "STORE", path: "store", active: true },
    parentItemId: null,
  }));
  const meta = { date: "2024-01-01T00:00:00.123456", appVersion: "1.4.0" };
  return JSON.stringify(
    { status: "success", code: 200, meta, result: { storageResources: entries } },
    null,
    2,
  );
}
