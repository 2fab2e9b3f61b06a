// Resources in the order of their creation: seeded ones exist only as a count until something changes them, changed and
// added ones are kept. A page of any filter by offering and state costs the rows on it, not the rows of the world.

import { numberOf } from "./identity.ts";
import type { SimResource } from "./model.ts";
import { type Background, type SeedOptions, seedResource } from "./seed.ts";

export type Filter = {
  /** undefined: every offering. */
  offeringUuids?: readonly string[] | undefined;
  /** undefined: every state. */
  states?: readonly string[] | undefined;
  /** Any further condition; costs a walk over all rows. */
  matches?: ((resource: SimResource) => boolean) | undefined;
  /** Any order but oldest first; costs a walk and a sort. */
  compare?: ((a: SimResource, b: SimResource) => number) | undefined;
};

export type Selection = {
  count: number;
  /** The rows from one position up to, but without, another. */
  slice(from: number, to: number): SimResource[];
};

export type Rows = {
  /** The resource, for reading. */
  find(uuid: string): SimResource | undefined;
  /** The resource, to be changed in place. */
  edit(uuid: string): SimResource | undefined;
  /** Adds a resource as the newest one; the index is given to the maker. */
  add(make: (index: number) => SimResource): SimResource;
  select(filter: Filter): Selection;
  /** Changes the resource past everything that would move `modified`, as no server that is known does. */
  changeSilently(uuid: string, change: Partial<SimResource>): void;
  /** Every row that was changed or added, oldest first. */
  changed(): readonly SimResource[];
  /** Seeded and added rows together. */
  size(): number;
};

/** Half open, like a slice. */
type Range = { from: number; to: number };

/** @param touch moves `modified`, as every write does */
export function createRows(
  options: SeedOptions,
  background: Background,
  touch: (resource: SimResource) => void,
): Rows {
  const seeded = options.resources + options.terminated;
  const changed: SimResource[] = [];
  const byUuid = new Map<string, SimResource>();
  /** What `byUuid` has, without what moves `modified`. */
  const originals = new Map<string, SimResource>();
  const byIndex = new Map<number, SimResource>();
  let size = seeded;

  const keep = (made: SimResource): SimResource => {
    const resource = touchedByWrites(made, touch);
    originals.set(made.uuid, made);
    changed.splice(placeOf(changed, resource.index), 0, resource);
    byUuid.set(resource.uuid, resource);
    byIndex.set(resource.index, resource);
    return resource;
  };
  const at = (index: number) => byIndex.get(index) ?? seedResource(options, background, index);
  const find = (uuid: string): SimResource | undefined => {
    const kept = byUuid.get(uuid);
    if (kept !== undefined) return kept;
    const index = numberOf(options.seed, "resource", uuid);
    return index === undefined || index >= seeded || byIndex.has(index) ? undefined : at(index);
  };

  const edit = (uuid: string): SimResource | undefined => {
    const found = find(uuid);
    return found === undefined || byUuid.has(uuid) ? found : keep(found);
  };

  return {
    find,
    edit,
    changeSilently(uuid, change) {
      edit(uuid);
      Object.assign(originals.get(uuid) ?? {}, change);
    },
    add: (make) => keep(make(size++)),
    select(filter) {
      if (filter.matches !== undefined || filter.compare !== undefined) return walk(filter, size, at);
      const range = seededRange(filter, options, background);
      const moved = changed.filter(
        (row) => fits(row, filter) !== (row.index >= range.from && row.index < range.to),
      );
      return pagesOf(runs(range, moved, filter), at);
    },
    changed: () => changed,
    size: () => size,
  };
}

/** Fields whose writing moves nothing. */
const QUIET: readonly (string | symbol)[] = ["modified", "index"];

/** The resource, whose `modified` moves with every other field that is set. */
function touchedByWrites(resource: SimResource, touch: (resource: SimResource) => void): SimResource {
  return new Proxy(resource, {
    set(target, field, value) {
      const isSet = Reflect.set(target, field, value);
      if (!QUIET.includes(field)) touch(target);
      return isSet;
    },
  });
}

/** Where an index belongs in a list that is sorted by index. */
function placeOf(sorted: readonly SimResource[], index: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fits(row: SimResource, { offeringUuids, states, matches }: Filter): boolean {
  return (
    (offeringUuids === undefined || offeringUuids.includes(row.offeringUuid)) &&
    (states === undefined || states.includes(row.state)) &&
    (matches === undefined || matches(row))
  );
}

/** Seeded rows are all of one offering, first the Terminated ones, then those in OK: what fits is one range. */
function seededRange(filter: Filter, { resources, terminated }: SeedOptions, background: Background): Range {
  const { offeringUuids, states } = filter;
  const none = { from: 0, to: 0 };
  if (offeringUuids !== undefined && !offeringUuids.includes(background.offering.uuid)) return none;
  const dead = states === undefined || states.includes("Terminated");
  const live = states === undefined || states.includes("OK");
  if (!dead && !live) return none;
  return { from: dead ? 0 : terminated, to: live ? terminated + resources : terminated };
}

/** The seeded range without the rows that left it, and with those that joined; `moved` is sorted by index. */
function runs(range: Range, moved: readonly SimResource[], filter: Filter): Range[] {
  const result: Range[] = [];
  const push = (from: number, to: number) => {
    if (from < to) result.push({ from, to });
  };
  let next = range.from;
  for (const row of moved) {
    if (row.index >= range.from) {
      const end = Math.min(row.index, range.to);
      push(next, end);
      next = Math.max(next, Math.min(row.index + 1, range.to));
    }
    if (fits(row, filter)) push(row.index, row.index + 1);
  }
  push(next, range.to);
  return result;
}

function pagesOf(ranges: readonly Range[], at: (index: number) => SimResource): Selection {
  const count = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  return {
    count,
    slice(from, to) {
      const rows: SimResource[] = [];
      let position = 0;
      for (const range of ranges) {
        const start = range.from + Math.max(0, from - position);
        const end = Math.min(range.to, range.from + to - position);
        for (let index = start; index < end; index++) rows.push(at(index));
        position += range.to - range.from;
        if (position >= to) break;
      }
      return rows;
    },
  };
}

function walk(filter: Filter, size: number, at: (index: number) => SimResource): Selection {
  const rows: SimResource[] = [];
  for (let index = 0; index < size; index++) {
    const row = at(index);
    if (fits(row, filter)) rows.push(row);
  }
  if (filter.compare !== undefined) rows.sort(filter.compare);
  return { count: rows.length, slice: (from, to) => rows.slice(from, to) };
}
