// The rules of directories in a document of the hierarchy profile: each has the id of its path, comes before what lies
// in it, and says whether all of that is pending (docs/contract.md, "The hierarchy").

import { isTable } from "../json.ts";
import { directoryItemId } from "../storage/items.ts";
import type { Fault } from "./finding.ts";

type Entry = Readonly<Record<string, unknown>>;

type Directory = {
  number: number;
  path: string;
  isPending: boolean;
  parent: Directory | null;
  /** undefined: nothing is in it. */
  hasActive: boolean | undefined;
};

export type ParentRules = {
  directory(entry: Entry, number: number): Iterable<Fault>;
  resource(entry: Entry, number: number): Iterable<Fault>;
  /** Of the entry with that number, when it is a directory. */
  itemId(number: number | null): string | null;
  /** @param isResource whether an entry of a resource has that id */
  end(isResource: (id: string) => boolean): Iterable<Fault>;
};

export function createParentRules(): ParentRules {
  const directories = new Map<string, Directory>();
  /** What names a parent that no directory before it is: perhaps a resource, which others are in. */
  const strays: { entry: number; parent: string }[] = [];

  let hasResources = false;

  const parentOf = (entry: Entry, number: number): Directory | null => {
    const { parentItemId } = entry;
    if (typeof parentItemId !== "string") return null;
    const parent = directories.get(parentItemId);
    if (parent === undefined) strays.push({ entry: number, parent: parentItemId });
    return parent ?? null;
  };
  const note = (parent: Directory | null, isActive: boolean) => {
    if (parent !== null) parent.hasActive = isActive || (parent.hasActive ?? false);
  };

  return {
    *directory(entry, number) {
      const { itemId, status } = entry;
      const path = pathOf(entry);
      const parent = parentOf(entry, number);
      yield* placeFaults(path, parent);
      if (hasResources) yield fault("", "is a directory, but comes after an entry of a resource");
      if (typeof itemId !== "string") return;
      if (itemId !== directoryItemId(path)) yield fault("itemId", "is not the UUIDv5 of its path");
      const known = directories.get(itemId);
      if (known !== undefined) {
        yield { code: "duplicate-id", field: "itemId", message: `is that of entry ${known.number} too` };
        return;
      }
      directories.set(itemId, {
        number,
        path,
        isPending: status === "pending",
        parent,
        hasActive: undefined,
      });
    },
    *resource(entry, number) {
      hasResources = true;
      const parent = parentOf(entry, number);
      yield* placeFaults(pathOf(entry), parent);
      note(parent, entry.status !== "pending");
    },
    itemId(number) {
      for (const [itemId, directory] of directories) if (directory.number === number) return itemId;
      return null;
    },
    *end(isResource) {
      for (const { entry, parent } of strays) {
        if (isResource(parent)) continue;
        yield { ...fault("parentItemId", "is not the itemId of a directory before this entry"), entry };
      }
      // Those above others come before them.
      for (const { parent, hasActive } of [...directories.values()].reverse()) {
        if (hasActive !== undefined) note(parent, hasActive);
      }
      for (const { number, isPending, hasActive } of directories.values()) {
        const entry = { entry: number };
        if (hasActive === undefined) yield { ...fault("", "is a directory without entries in it"), ...entry };
        else if (hasActive && isPending)
          yield { ...fault("status", "is pending, but something in the directory is not"), ...entry };
        else if (!hasActive && !isPending)
          yield { ...fault("status", "is not pending, but everything in the directory is"), ...entry };
      }
    },
  };
}

function pathOf({ mountPoint }: Entry): string {
  const path = isTable(mountPoint) ? mountPoint.default : undefined;
  return typeof path === "string" ? path : "";
}

function* placeFaults(path: string, parent: Directory | null): Generator<Fault> {
  if (parent === null || isSame(parent.path, path.slice(0, path.lastIndexOf("/")))) return;
  yield fault("parentItemId", `is that of entry ${parent.number}, but the path is not directly in it`);
}

function isSame(one: string, other: string): boolean {
  return one === other || one.normalize("NFC") === other.normalize("NFC");
}

function fault(field: string, message: string): Fault {
  return { code: "parent", field, message };
}
