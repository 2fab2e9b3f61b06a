// What the contract says of the resources of a world, in few words of its own: the entry of each, or null where it cannot
// be mapped. It knows no more than what the histories vary (docs/contract.md, "The document").

import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/world.ts";
import type { StorageResource } from "../../lib/storage/document.ts";

/** What is compared of an entry. */
export type Entry = {
  id: string;
  status: string;
  mountPoint: string;
  permission: string;
  /** Space soft and hard, inodes soft and hard. */
  quotas: readonly number[] | null;
};

const STATUS_OF_STATE: Readonly<Record<string, string>> = {
  Creating: "pending",
  OK: "active",
  Updating: "updating",
  Terminating: "removing",
  Erred: "error",
};
const STATUS_OF_ORDER: Readonly<Record<string, string>> = {
  Create: "pending",
  Update: "updating",
  Terminate: "removing",
};

/** The same of a published entry. */
export function entryOf({ itemId, status, mountPoint, permission, quotas }: StorageResource): Entry {
  return {
    id: itemId,
    status,
    mountPoint: mountPoint.default,
    permission: permission.value,
    quotas: quotas?.map(({ quota }) => quota) ?? null,
  };
}

/** null for a state that no live resource has, too. */
export function entryOfResource(world: World, resource: SimResource): Entry | null {
  return entry(world, resource, { status: STATUS_OF_STATE[resource.state], limits: resource.limits });
}

/** null for a type that has no file, too. */
export function entryOfOrder(world: World, order: SimOrder): Entry | null {
  const resource = world.resource(order.resourceUuid ?? "");
  const limits = order.type === "Terminate" ? resource.limits : order.limits;
  return entry(world, resource, { status: STATUS_OF_ORDER[order.type], limits });
}

type Wanted = { status: string | undefined; limits: unknown };

function entry(world: World, resource: SimResource, { status, limits }: Wanted): Entry | null {
  const permission = String(
    valueIn(resource.options, "permissions") ?? valueIn(resource.attributes, "permissions") ?? "775",
  );
  const quotas = quotasOf(limits, resource.options);
  const isGood = /^[a-z0-9-]+$/.test(resource.slug ?? "") && /^[0-7]{3,4}$/.test(permission);
  if (status === undefined || quotas === undefined || !isGood) return null;
  return { id: resource.uuid, status, mountPoint: mountPointOf(world, resource), permission, quotas };
}

function quotasOf(limits: unknown, options: unknown): Entry["quotas"] | undefined {
  const space = Number(valueIn(limits, "storage") ?? 0);
  const soft = Number(valueIn(options, "soft_quota_space") ?? space);
  const hard = Number(valueIn(options, "hard_quota_space") ?? space);
  if (space < 0 || hard < soft) return undefined;
  return [soft, hard, Math.round(space * 1_000_000 * 1.33), Math.round(space * 1_000_000 * 2)];
}

function valueIn(table: unknown, name: string): unknown {
  if (typeof table !== "object" || table === null) return undefined;
  return new Map(Object.entries(table)).get(name);
}

/** By the default template, where the backend id is no path. */
export function mountPointOf({ offering }: World, { backendId, project, slug }: SimResource): string {
  if (backendId?.startsWith("/")) return backendId;
  return `/${offering.slug}/store/${project?.customer.slug}/${project?.slug}/${slug}`;
}

/** The entries of a snapshot of the world as it is; `before` are those of the snapshot that it follows. */
export function entriesOfWorld(world: World, before: readonly Entry[]): Entry[] {
  const entries: Entry[] = [];
  const leftOut = new Set<string>();
  const isTaken = ({ mountPoint }: Entry) => entries.some((other) => other.mountPoint === mountPoint);
  for (const resource of world.resources()) {
    if (resource.state === "Terminated") continue;
    const wanted = entryOfResource(world, resource);
    if (wanted === null || isTaken(wanted)) leftOut.add(resource.uuid);
    else entries.push(wanted);
  }
  for (const old of before) if (leftOut.has(old.id) && !isTaken(old)) entries.push(old);
  return entries;
}
