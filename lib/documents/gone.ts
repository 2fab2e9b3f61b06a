// Which resources are gone, as text, for all that compare two lists: `diff`, and the guard of `sync`, which has no
// second document. The order is that of the paths, so that the same ones are named whatever the order of a list.

export type NamedResource = {
  itemId: string;
  /** null where nothing says it. */
  path: string | null;
};

/** By path, then by uuid; those without a path last. */
export function byPath(one: NamedResource, other: NamedResource): number {
  if (one.path !== other.path) {
    if (one.path === null) return 1;
    return other.path === null || one.path < other.path ? -1 : 1;
  }
  return one.itemId === other.itemId ? 0 : one.itemId < other.itemId ? -1 : 1;
}

const NAMED = 10;

/** The first ten, and how many more there are. */
export function nameGone(gone: Iterable<NamedResource>): string {
  const first: NamedResource[] = [];
  let count = 0;
  for (const one of gone) {
    count++;
    const last = first.at(-1);
    if (first.length === NAMED && last !== undefined && byPath(last, one) < 0) continue;
    first.push(one);
    first.sort(byPath);
    first.splice(NAMED);
  }
  const names = first.map(nameOf).join(", ");
  return count > first.length ? `${names}, and ${count - first.length} more` : names;
}

export function nameOf({ itemId, path }: NamedResource): string {
  return path === null ? itemId : `${path} (${itemId})`;
}
