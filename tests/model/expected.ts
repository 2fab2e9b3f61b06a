// What the contract says of the resources of a world, in few words of its own: all of an entry but its path, which
// depends on what was published before (permitted.ts). It knows no more than what the histories vary (docs/contract.md,
// "The document").

import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { World } from "../../lib/simulator/state.ts";
import type { StorageResource } from "../../lib/storage/document.ts";

/** What is compared of an entry. */
export type Entry = Values & {
  mountPoint: string;
  /** Uuid and name. */
  project: string;
};

export type Values = {
  id: string;
  status: string;
  permission: string;
  /** Space soft and hard, inodes soft and hard. */
  quotas: readonly number[] | null;
};

/** Where something is wrong of what a terminate order does not need, its file says nothing that counts of them. */
export type Expected = Values | Pick<Values, "id" | "status">;

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
export function entryOf({
  itemId,
  status,
  mountPoint,
  permission,
  quotas,
  customer,
}: StorageResource): Entry {
  return {
    id: itemId,
    status,
    permission: permission?.value ?? "",
    quotas: quotas?.map(({ quota }) => quota) ?? null,
    mountPoint: mountPoint.default,
    project: `${customer.itemId} ${customer.name}`,
  };
}

export function projectIn({ project }: SimResource): string {
  return `${project?.uuid} ${project?.name}`;
}

/** Whether an entry is the expected one, its path and project aside. */
export function fits({ mountPoint: _path, project: _project, ...found }: Entry, expected: Expected): boolean {
  const { id, status } = found;
  return JSON.stringify("quotas" in expected ? found : { id, status }) === JSON.stringify(expected);
}

/** null where it cannot be mapped, and for a state that no live resource has. */
export function valuesOfResource(resource: SimResource): Values | null {
  const { state, limits, options } = resource;
  return valuesOf(resource, { status: STATUS_OF_STATE[state], limits, options });
}

/** null where it cannot be mapped, and for a type that has no file. */
export function valuesOfOrder(world: World, order: SimOrder): Expected | null {
  const resource = world.resource(order.resourceUuid ?? "");
  const status = STATUS_OF_ORDER[order.type];
  const hasOwn = order.type !== "Terminate" && Object.keys(tableOf(order.limits)).length > 0;
  const limits = hasOwn ? order.limits : resource.limits;
  const changed = order.type === "Update" ? tableOf(tableOf(order.attributes).new_options) : {};
  const values = valuesOf(resource, {
    status,
    limits,
    options: { ...tableOf(resource.options), ...changed },
  });
  return values === null && order.type === "Terminate" ? { id: resource.uuid, status: "removing" } : values;
}

type EntryFacts = { status: string | undefined; limits: unknown; options: unknown };

function valuesOf(resource: SimResource, { status, limits, options }: EntryFacts): Values | null {
  const permission = String(
    tableOf(options).permissions ?? tableOf(resource.attributes).permissions ?? "775",
  );
  const quotas = quotasOf(limits, options);
  if (status === undefined || quotas === undefined || !/^[0-7]{3,4}$/.test(permission)) return null;
  return { id: resource.uuid, status, permission, quotas };
}

function quotasOf(limits: unknown, options: unknown): Values["quotas"] | undefined {
  const space = Number(tableOf(limits).storage ?? 0);
  const soft = Number(tableOf(options).soft_quota_space ?? space);
  const hard = Number(tableOf(options).hard_quota_space ?? space);
  if (space < 0 || hard < soft) return undefined;
  return [soft, hard, Math.round(space * 1_000_000 * 1.33), Math.round(space * 1_000_000 * 2)];
}

export function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
