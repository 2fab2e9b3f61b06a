// Which path each row of a list gets. Rows that hold a path, or want a free one, are answered as they stream; those
// whose path another resource claims are set aside and decided after the last page (docs/contract.md, "Mount points").

import type { Place } from "../storage/place.ts";
import { type Contender, contendersFor, freeFrom, isNamed, namedPath, type Question } from "./contenders.ts";
import {
  BY_ORDER_OR_RECEIPT,
  type ClaimTable,
  DRAFTED,
  EXPLICIT,
  LIVE,
  type NewClaim,
  VOID,
  WANTED,
  WRITTEN,
} from "./table.ts";

export type RowRules = {
  offering: string;
  nested: "refuse" | "allow";
  /** Days that the path of a resource stays its own after the resource was found Terminated. */
  reuseAfterDays: number;
  now: Date;
  /** Takes the template again for resources that no order file names. */
  repath: boolean;
};

/** A live row: the number of its resource, and what its own words ask for. */
export type LiveRow = { owner: number; place: Place };

/**
 * `record`: the claim of the path. `isContested`: the row asks for another one, which is not free. `aside`: another
 * claim is in the way, and what becomes of the row is decided after the last page.
 */
export type Choice = (Taken & { isContested?: boolean }) | "aside" | "none";

export type Taken = { path: string; record: number };

/** The conflicting holders, and from when on the path is free, if that is known. */
export type Obstacle = { contender: Contender; freeFrom: number | null };

/** `record` as in the choice; absent where no claim is known to have the path. */
export type WrittenEntry = { path: string; bits: number; isPending: boolean; record?: number | undefined };

export type RowClaims = {
  /** Takes note of a live row. */
  choose(row: LiveRow): Choice;
  /** The entry of the resource is in the draft; one that is pending names no path. */
  wrote(owner: number, entry: WrittenEntry): void;
  /**
   * Resources that hold a path and are not among the live rows, and that are not known yet to have ended: those
   * of the offering, and those that block a row that was set aside.
   */
  gone(aside: readonly LiveRow[]): number[];
  noteTerminated(owner: number): void;
  /** Whether no other claim is in the way of the resource at that path, and the path was not taken from it. */
  hasNoRival(owner: number, path: string): boolean;
  /** All live rows are known from now on. */
  listed(): void;
  /** What keeps a row from the path that it asks for; null when nothing does. */
  obstacle(row: LiveRow): Obstacle | null;
  /** Gives a row that was set aside its path, which has no obstacle. */
  take(row: LiveRow): Taken;
  /** A row that must give way has a path in the draft: the list has to be read again. */
  readonly mustRestart: boolean;
  /** Rows that keep a path that their words do not ask for any more. */
  readonly kept: { count: number; examples: string[] };
  /** Entries whose path is another than the newest file says. */
  readonly moved: number;
};

/**
 * Paths at which rows that no file names give way to a later row, found in an earlier reading of the list: those of
 * templates only, or all. By path, so that of many rows that want one no second takes the place of the first.
 */
export type Yielding = Map<string, "templates" | "all">;

/** @param yielding grows */
export function createRowClaims(table: ClaimTable, rules: RowRules, yielding: Yielding): RowClaims {
  const kept = { count: 0, examples: [] as string[] };
  const since = rules.now.getTime();
  let mustRestart = false;
  let moved = 0;
  /** Until then a holder that is known to have ended may still come in the list, live. */
  let isListed = false;

  const take = ({ owner, place }: LiveRow, path: string): Taken => {
    const wanted = { path, isExplicit: place.isExplicit, since, offering: rules.offering };
    return { path, record: noteWanted(table, owner, wanted) };
  };
  const isFree = ({ owner, isNamed }: Contender): boolean => {
    const isGone = isListed && (table.now(owner) & LIVE) === 0;
    const free = isNamed && isGone ? freeFrom(table, owner) : null;
    return free !== null && free <= since;
  };
  /** Those that conflict; where none is left, the holders that ended long ago have lost their claims. */
  const freed = (others: Contender[]): Contender[] => {
    const standing = others.filter((other) => !isFree(other));
    if (standing.length === 0) for (const { record } of others) table.setMarks(record, VOID);
    return standing;
  };
  const contest = (row: LiveRow, path: string): Choice => {
    if (yielding.size > 0 && yields(yielding, row.place, path)) return "aside";
    const others = inTheWay(table, { owner: row.owner, path, nested: rules.nested });
    if (others.length === 0) return take(row, path);
    if (!others.every((other) => givesWay(table, other, row.place))) return "aside";
    // Only a row of this list can be in the draft; one of another offering just loses.
    if (!others.some((other) => (table.now(other.owner) & LIVE) !== 0)) return take(row, path);
    for (const other of others) noteYielding(yielding, table.path(other.record), other.relation);
    // All at once: in a long chain of mounts each reading of the list would find one more of them.
    if (rules.nested === "refuse")
      for (const outer of pathsAbove(path)) noteYielding(yielding, outer, "outer");
    mustRestart = true;
    return take(row, path);
  };

  return {
    choose(row) {
      const { owner, place } = row;
      table.addNow(owner, LIVE);
      table.revive(owner);
      const own = namedPath(table, owner);
      if (own < 0) {
        const path = wantedPath(place);
        return path === undefined ? "none" : contest(row, path);
      }
      if (place.path === undefined) return { path: table.path(own), record: own };
      if (table.isPath(own, place.path)) return { path: place.path, record: own };
      const isAnew = rules.repath && !isNamedByOrder(table, owner);
      const path = table.path(own);
      if (place.isExplicit || isAnew) {
        const choice = contest(row, place.path);
        return choice === "aside" ? { path, record: own, isContested: true } : choice;
      }
      kept.count++;
      if (kept.examples.length < EXAMPLES) kept.examples.push(`${path} (its slugs now give ${place.path})`);
      return { path, record: own };
    },
    wrote(owner, { path, bits, isPending, record }) {
      table.addNow(owner, WRITTEN | bits);
      if (isPending) return;
      const before = namedPath(table, owner);
      if (before >= 0 && before !== record) {
        table.noteMove(owner);
        moved++;
      }
      const named = record ?? table.claim(owner, { path, marks: 0, since, offering: rules.offering });
      table.support(named, DRAFTED, since);
      table.makePresent(named);
    },
    gone(aside) {
      const isUnknown = (owner: number) =>
        (table.now(owner) & LIVE) === 0 && table.ended(owner) === undefined && holdsPath(table, owner);
      const holders = aside.flatMap(({ owner, place }) =>
        inTheWay(table, { owner, path: place.path ?? "", nested: rules.nested }).map((other) => other.owner),
      );
      const owners = new Set(holders.filter(isUnknown));
      for (let owner = 0; owner < table.resources; owner++) {
        if (isUnknown(owner) && table.offeringOf(owner) === rules.offering) owners.add(owner);
      }
      return [...owners];
    },
    hasNoRival: (owner, path) =>
      !table.isReleased(owner, path, 0) &&
      inTheWay(table, { owner, path, nested: rules.nested }).length === 0,
    noteTerminated: (owner) => table.end(owner, { at: since, days: rules.reuseAfterDays }),
    listed() {
      isListed = true;
    },
    obstacle({ owner, place }) {
      const others = inTheWay(table, { owner, path: place.path ?? "", nested: rules.nested });
      const [contender] = freed(others);
      if (contender === undefined) return null;
      const isLive = !contender.isNamed || (table.now(contender.owner) & LIVE) !== 0;
      return { contender, freeFrom: isLive ? null : freeFrom(table, contender.owner) };
    },
    take: (row) => take(row, row.place.path ?? ""),
    get mustRestart() {
      return mustRestart;
    },
    kept,
    get moved() {
      return moved;
    },
  };
}

const EXAMPLES = 10;

/** What the resource's own words ask for, unless they may be meant otherwise. */
export function wantedPath({ path, suspect }: Place): string | undefined {
  return suspect === undefined ? path : undefined;
}

/** The row of the resource has the path, and no other claim conflicts. Returns the record of the path. */
export function noteWanted(
  table: ClaimTable,
  owner: number,
  { path, isExplicit, since, offering }: Omit<NewClaim, "marks" | "file"> & { isExplicit: boolean },
): number {
  const marks = isExplicit ? EXPLICIT | WANTED : WANTED;
  const record = table.claim(owner, { path, marks, since, offering });
  if (namedPath(table, owner) < 0) table.makePresent(record);
  return record;
}

function isNamedByOrder(table: ClaimTable, owner: number): boolean {
  return table.recordsOf(owner).some((record) => (table.marks(record) & BY_ORDER_OR_RECEIPT) !== 0);
}

/** `/a` and `/a/b` of `/a/b/c`. */
function pathsAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(2).map((_, at) => parts.slice(0, at + 2).join("/"));
}

function holdsPath(table: ClaimTable, owner: number): boolean {
  return table.recordsOf(owner).some((record) => isNamed(table, record));
}

/** Contenders that count: paths that files name, and what rows of this very list ask for. */
function inTheWay(table: ClaimTable, question: Question): Contender[] {
  const others = contendersFor(table, question);
  if (others.length === 0) return others;
  return others.filter(({ record, isNamed }) => isNamed || (table.marks(record) & (WANTED | DRAFTED)) !== 0);
}

function yields(yielding: Yielding, { isExplicit }: Place, path: string): boolean {
  const who = yielding.get(path.normalize("NFC"));
  return who === "all" || (who === "templates" && !isExplicit);
}

function noteYielding(yielding: Yielding, path: string, relation: Contender["relation"]): void {
  const key = path.normalize("NFC");
  if (relation !== "same") yielding.set(key, "all");
  else if (!yielding.has(key)) yielding.set(key, "templates");
}

/** A path that no file names gives way to an operator's word, and the outer of two nested ones to the inner. */
function givesWay(
  table: ClaimTable,
  { record, relation, isNamed }: Contender,
  { isExplicit }: Place,
): boolean {
  if (isNamed) return false;
  if (relation === "same") return isExplicit && (table.marks(record) & EXPLICIT) === 0;
  return relation === "outer";
}
