// The directories above mount points, for documents of the hierarchy profile: the one that a mount point is in is its
// customer's, the one above that the tenant's, who is the provider (docs/contract.md, "The hierarchy"). Keyed by path,
// and only of published entries; memory is the number of directories.

import type { DirectoryEntry, HierarchyItem, StorageResource } from "./document.ts";
import { directoryItemId } from "./items.ts";
import type { Policy } from "./policy.ts";
import { entryPieces } from "./text.ts";

export type ParentRules = {
  /** `provider`: where entries do not say it. */
  offering: { uuid: string; slug: string; provider?: { slug: string; name: string } | undefined };
  /** Of directories. */
  permission: string;
  policy: Policy;
};

/** What of an entry decides the directories above it. */
export type Leaf = Pick<
  StorageResource,
  "itemId" | "status" | "mountPoint" | "storageSystem" | "storageFileSystem" | "storageDataType"
>;

export type ParentOwners = { customer: HierarchyItem; provider: { slug: string; name: string } | undefined };

export type Parents = {
  add(leaf: Leaf, owners: ParentOwners): void;
  /** The entries of all directories, each before those in it. */
  entries(leafAt?: LeafAt): DirectoryEntry[];
  /** The same as the beginning of a document, whose other entries come out of `chunks`. */
  beginning(leafAt: LeafAt): Beginning;
};

/** The resource that is mounted at this very path; null where none is. It need not know those that are pending. */
export type LeafAt = (path: string) => string | null;

export type Beginning = {
  pieces: Iterable<{ text: string; entries: number }>;
  /** What becomes of the text behind it; null where it stays as it is. */
  rewrite: ((chunks: Iterable<Uint8Array>) => Iterable<Uint8Array>) | null;
};

/** The directories above a path that are published, the nearest first: never `/`, and none outside of `mount_roots`. */
export function parentPaths(path: string, policy: Pick<Policy, "holds">): string[] {
  const paths: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0 && paths.length < LEVELS; at = path.lastIndexOf("/", at - 1)) {
    const directory = path.slice(0, at);
    if (!policy.holds(directory)) break;
    paths.push(directory);
  }
  return paths;
}

const LEVELS = 2;

/** The id of the directory that a path is in; null where none is published. */
export function parentItemId(path: string, policy: Pick<Policy, "holds">): string | null {
  const [directory] = parentPaths(path, policy);
  return directory === undefined ? null : directoryItemId(directory);
}

type Directory = {
  path: string;
  itemId: string;
  /** Whose mount points are directly in it; null for one that has only directories. */
  customer: HierarchyItem | null;
  parent: Directory | null;
  /** Something in it is not pending. */
  isActive: boolean;
  items: Pick<Leaf, "storageSystem" | "storageFileSystem" | "storageDataType">;
};

/** @param recalled who the tenant was, where no entry says whose offering it is */
export function createParents(
  rules: ParentRules,
  recalled: () => HierarchyItem | null = () => null,
): Parents {
  const directories = new Map<string, Directory>();
  /** Of pending entries, which claim no path, the resource by path. */
  const pending = new Map<string, string>();
  let { provider } = rules.offering;

  const directoryAt = (path: string, leaf: Leaf): Directory => {
    const key = path.normalize("NFC");
    const known = directories.get(key);
    if (known !== undefined) return known;
    const { storageSystem, storageFileSystem, storageDataType } = leaf;
    const made = {
      ...{ path, itemId: directoryItemId(path), customer: null, parent: null, isActive: false },
      items: { storageSystem, storageFileSystem, storageDataType },
    };
    directories.set(key, made);
    return made;
  };
  const tenant = (): HierarchyItem => {
    const { uuid, slug } = rules.offering;
    if (provider !== undefined) return { itemId: uuid, key: provider.slug, name: provider.name };
    return recalled() ?? { itemId: uuid, key: slug, name: slug };
  };
  const withPending =
    (leafAt: LeafAt): LeafAt =>
    (path) =>
      leafAt(path) ?? pending.get(path.normalize("NFC")) ?? null;
  const entries = (leafAt: LeafAt): DirectoryEntry[] => {
    const ofTenant = tenant();
    const order = sorted(directories.values()).filter(({ path }) => leafAt(path) === null);
    // Behind what is in it each one is known; where a resource is mounted, its own status counts.
    for (const { isActive, parent } of order.toReversed())
      if (isActive && parent !== null) parent.isActive = true;
    return order.map((directory) => entryOf(directory, { ...rules, ofTenant, leafAt }));
  };

  return {
    add(leaf, owners) {
      provider ??= owners.provider;
      const mountPoint = leaf.mountPoint.default;
      if (leaf.status === "pending") pending.set(mountPoint.normalize("NFC"), leaf.itemId);
      const [path, above] = parentPaths(mountPoint, rules.policy);
      if (path === undefined) return;
      const parent = above === undefined ? null : directoryAt(above, leaf);
      const directory = directoryAt(path, leaf);
      directory.customer ??= owners.customer;
      directory.parent = parent;
      if (leaf.status !== "pending") directory.isActive = true;
    },
    entries: (leafAt = () => null) => entries(withPending(leafAt)),
    beginning(leafOf) {
      const leafAt = withPending(leafOf);
      const mounted = new Map<string, string>();
      for (const { path, itemId } of directories.values()) {
        const resource = leafAt(path);
        if (resource !== null) mounted.set(itemId, resource);
      }
      const rewrite = (chunks: Iterable<Uint8Array>) => withParents(chunks, mounted);
      return { pieces: entryPieces(entries(leafAt)), rewrite: mounted.size === 0 ? null : rewrite };
    },
  };
}

/** In the order of their first use, but each behind the one that it is in. */
function sorted(directories: Iterable<Directory>): Directory[] {
  const order = new Set<Directory>();
  for (const directory of directories) {
    const chain: Directory[] = [];
    for (let one: Directory | null = directory; one !== null && !order.has(one); one = one.parent)
      chain.push(one);
    for (const one of chain.reverse()) order.add(one);
  }
  return [...order];
}

type EntryRules = ParentRules & { ofTenant: HierarchyItem; leafAt: LeafAt };

/** Keys in the order of other entries. */
function entryOf(
  { path, itemId, customer, parent, isActive, items }: Directory,
  { permission, ofTenant, leafAt }: EntryRules,
): DirectoryEntry {
  return {
    itemId,
    status: isActive ? "active" : "pending",
    mountPoint: { default: path },
    permission: { permissionType: "octal", value: permission },
    quotas: null,
    target: {
      targetType: customer === null ? "tenant" : "customer",
      targetItem: customer ?? ofTenant,
    },
    ...items,
    parentItemId: parent === null ? null : (leafAt(parent.path) ?? parent.itemId),
  };
}

/** An entry's own `parentItemId`, which stands alone on its line. */
const PARENT = '        "parentItemId": "';

/**
 * Where a resource is mounted at a directory, with others inside its mount point, the directory has no entry of its
 * own: those in it get the resource for their parent.
 */
function* withParents(
  chunks: Iterable<Uint8Array>,
  mounted: ReadonlyMap<string, string>,
): Generator<Uint8Array> {
  const decoder = new TextDecoder();
  const line = (text: string): string => {
    if (!text.startsWith(PARENT)) return text;
    const [id = ""] = text.slice(PARENT.length).split('"', 1);
    return text.replace(id, mounted.get(id) ?? id);
  };
  let rest = "";
  for (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield Buffer.from(lines.map((text) => `${line(text)}\n`).join(""));
  }
  yield Buffer.from(line(rest));
}
