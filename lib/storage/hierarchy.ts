// The hierarchy profile of one offering: what it adds to entries, and the directories before them. Loaded only where
// `document_profile` asks for it.

import type { StorageSettings } from "../config/config.ts";
import { isTable } from "../json.ts";
import type { HierarchyItem, StorageResource, StorageSource } from "./document.ts";
import {
  createParents,
  type Leaf,
  type ParentOwners,
  type ParentRules,
  type Parents,
  parentItemId,
  parentPaths,
} from "./parents.ts";
import { createPolicy } from "./policy.ts";
import type { Problems } from "./problems.ts";
import type { ScannedEntry } from "./scan.ts";
import type { TargetRules } from "./target.ts";
import { isUserDataType, readUserTarget, type UserTarget } from "./user-target.ts";

export type Hierarchy = {
  /** One slash at the end means nothing here, and the root alone is not a mount point. */
  backendIdOf(backendId: string): string;
  /** Of the directory that the path is in. */
  parentItemId(path: string): string | null;
  /** The user that the entry is for; null for one of a project. */
  readUser(
    source: StorageSource,
    entry: { dataType: string | undefined; rules: TargetRules },
    problems: Problems,
  ): UserTarget | null | undefined;
  collect(): ParentCollector;
};

export type ParentCollector = Pick<Parents, "entries" | "beginning"> & {
  add(entry: StorageResource, source: StorageSource): void;
  /** Takes note of whose a resource is that has no entry of its own, should one be carried over. */
  know(source: StorageSource): void;
  /** Takes note of a directory of the last snapshot, before entries are carried over from it. */
  recall(entry: ScannedEntry): void;
  /** An entry that is carried over. */
  addCarried(entry: Readonly<Record<string, unknown>>): void;
};

export function createHierarchy(settings: StorageSettings, offering: ParentRules["offering"]): Hierarchy {
  const policy = createPolicy(settings);
  const rules = { offering, permission: settings.defaultPermissions, policy };
  return {
    backendIdOf: (backendId) => (backendId.startsWith("/") ? backendId.replace(/\/$/, "") : backendId),
    parentItemId: (path) => parentItemId(path, policy),
    readUser: (source, { dataType, rules: ofTarget }, problems) =>
      isUserDataType(dataType) ? readUserTarget(source, ofTarget, problems) : null,
    collect() {
      const customers = new Map<string, HierarchyItem>();
      const known = createKnown();
      let tenant: HierarchyItem | null = null;
      const parents = createParents(rules, () => tenant);
      return {
        entries: parents.entries,
        beginning: parents.beginning,
        add: (entry, source) => parents.add(entry, ownersOf(source)),
        know: known.add,
        recall({ mountPoint, targetType, text }) {
          const item = targetItemOf(JSON.parse(text));
          if (item === null) return;
          if (targetType === "tenant") tenant ??= item;
          else customers.set(mountPoint, item);
        },
        addCarried(entry) {
          if (!isLeaf(entry)) return;
          const [directory = ""] = parentPaths(entry.mountPoint.default, policy);
          const recalled = customers.get(directory) ?? entry.tenant;
          parents.add(entry, known.of(entry.itemId) ?? { customer: recalled, provider: undefined });
        },
      };
    },
  };
}

function ownersOf({ customer, provider }: StorageSource): ParentOwners {
  return { customer: { itemId: customer.uuid, key: customer.slug, name: customer.name }, provider };
}

/** Owners by resource: those of one customer are there once, however many of its resources have no entry. */
function createKnown() {
  const byCustomer = new Map<string, ParentOwners>();
  const byResource = new Map<string, ParentOwners>();
  return {
    add(source: StorageSource): void {
      const owners = byCustomer.get(source.customer.uuid) ?? ownersOf(source);
      byCustomer.set(source.customer.uuid, owners);
      byResource.set(source.uuid, owners);
    },
    of: (resource: string): ParentOwners | undefined => byResource.get(resource),
  };
}

function targetItemOf(entry: unknown): HierarchyItem | null {
  const target = isTable(entry) ? entry.target : undefined;
  return isTable(target) && isTable(target.targetItem) ? target.targetItem : null;
}

/** What this program wrote, and that was not changed since, has the shape of what it writes now. */
function isLeaf(entry: Readonly<Record<string, unknown>>): entry is Leaf & { tenant: HierarchyItem } {
  const { mountPoint, storageSystem, storageFileSystem, storageDataType, tenant } = entry;
  const items = [storageSystem, storageFileSystem, storageDataType, tenant];
  return isTable(mountPoint) && typeof mountPoint.default === "string" && items.every(isTable);
}
