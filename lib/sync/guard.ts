// What a snapshot may not lose by surprise: resources, quotas, GIDs, paths. Compared is who is gone, not how many there
// are, so that new resources do not make up for lost ones (docs/contract.md, "Sync").

import { type ClaimTable, GID, LIVE, QUOTAS, WRITTEN } from "../claims/table.ts";
import { type NamedResource, nameGone } from "../documents/gone.ts";
import { AnswerError } from "../errors.ts";
import type { Cause } from "./causes.ts";

/** The guard looks only at lists of at least this length; a shorter one may well lose most of itself. */
const GUARDED_FROM = 10;

export type Compared = {
  /** Resources that the last snapshot had, but for those whose terminate file was published. */
  before: number;
  gone: number;
  /** The first of them by path and uuid, and how many more. */
  nameGone(): string;
  /** Every one of them is known to be Terminated. */
  areTerminated: boolean;
  /** In both snapshots. */
  both: number;
  lostQuotas: number;
  lostGids: number;
};

/** Holds what the draft wrote against the last snapshot. */
export function compareWithLast(table: ClaimTable): Compared {
  const found: Compared = {
    before: 0,
    gone: 0,
    nameGone: () => nameGone(goneFrom(table)),
    areTerminated: true,
    both: 0,
    lostQuotas: 0,
    lostGids: 0,
  };
  for (let owner = 0; owner < table.resources; owner++) {
    const was = table.was(owner);
    const now = table.now(owner);
    if ((was & WRITTEN) === 0) continue;
    found.before++;
    if ((now & WRITTEN) !== 0) {
      found.both++;
      if ((was & QUOTAS) > (now & QUOTAS)) found.lostQuotas++;
      if ((was & GID) > (now & GID)) found.lostGids++;
      continue;
    }
    found.gone++;
    if ((now & LIVE) !== 0 || table.ended(owner) === undefined) found.areTerminated = false;
  }
  return found;
}

/** Resources that the last list had and that are not among the live ones. */
export function missingOf(table: ClaimTable): number[] {
  const owners: number[] = [];
  for (let owner = 0; owner < table.resources; owner++) {
    if ((table.was(owner) & WRITTEN) !== 0 && (table.now(owner) & LIVE) === 0) owners.push(owner);
  }
  return owners;
}

/** Resources of the last snapshot that the draft has no entry of. */
function* goneFrom(table: ClaimTable): Generator<NamedResource> {
  for (const owner of lackingOwners(table, false)) {
    const record = table.present(owner);
    yield { itemId: table.uuid(owner), path: record < 0 ? null : table.path(record) };
  }
}

/** Uuids of what a first snapshot lacks of the list, or another one of the last. */
export function* lackingIn(table: ClaimTable, isFirst: boolean): Generator<string> {
  for (const owner of lackingOwners(table, isFirst)) yield table.uuid(owner);
}

function* lackingOwners(table: ClaimTable, isFirst: boolean): Generator<number> {
  const had = (owner: number) => (isFirst ? table.now(owner) & LIVE : table.was(owner) & WRITTEN) !== 0;
  for (let owner = 0; owner < table.resources; owner++) {
    if (had(owner) && (table.now(owner) & WRITTEN) === 0) yield owner;
  }
}

export type Draft = {
  offering: string;
  entries: number;
  /** Live resources that the server has; compared with where there is no snapshot yet. */
  listed: number;
  isFirst: boolean;
  /** Resources whose path is another than the last file said. */
  moved: number;
  /** The one kind of problem that everything has that is not in the draft; null where there are several, or none. */
  cause: () => Cause | null;
  /** Where all of what is gone can be seen; the draft itself is not kept. */
  comparison: () => string | null;
};

/** @throws AnswerError when more is gone than `percent` of the last snapshot */
export function guardSnapshot(compared: Compared, draft: Draft, percent: number): void {
  if (draft.isFirst) {
    guardFirst(draft, percent);
    return;
  }
  const { before, gone, both, lostQuotas, lostGids } = compared;
  const isEmptied = draft.entries === 0 && !compared.areTerminated;
  if (isEmptied || isTooMuch(gone, before, percent)) throw shrunk(draft, compared, percent);
  for (const [count, what] of [
    [lostQuotas, "lose their quotas"],
    [lostGids, "lose their GID"],
    [draft.moved, "get another mount point"],
  ] as const) {
    if (isTooMuch(count, both, percent)) throw changed({ ...draft, count, both, what }, percent);
  }
}

function guardFirst({ offering, entries, listed, cause }: Draft, percent: number): void {
  if (!isTooMuch(listed - entries, listed, percent)) return;
  throw new AnswerError(
    `of the ${listed} resources of offering ${offering} only ${entries} can be published (guard: ${percent} %)`,
    {
      code: "shrunk",
      hint: remedyOf(cause()) ?? "correct what is reported of them, or run sync once with --allow-shrink",
    },
  );
}

function isTooMuch(count: number, of: number, percent: number): boolean {
  return of >= GUARDED_FROM && (count / of) * 100 > percent;
}

function shrunk(draft: Draft, compared: Compared, percent: number): AnswerError {
  const { before, gone } = compared;
  return new AnswerError(
    `${gone} of the ${before} resources of offering ${draft.offering} are gone since the last snapshot, which stays ` +
      `(guard: ${percent} %): ${compared.nameGone()}`,
    {
      code: "shrunk",
      hint:
        remedyOf(draft.cause()) ??
        withComparison(draft, "if they no longer exist, run sync once with --allow-shrink"),
    },
  );
}

/** With one cause for all of them, publishing without them would be the wrong remedy. */
function remedyOf(cause: Cause | null): string | null {
  if (cause === null) return null;
  const { code, message, hint } = cause;
  return `all of them are left out for one reason (${code}): ${message}${hint === undefined ? "" : `; ${hint}`}`;
}

function withComparison({ comparison }: Draft, remedy: string): string {
  const command = comparison();
  return command === null ? remedy : `${remedy}; to see all that differs: ${command}`;
}

type Change = Draft & { count: number; both: number; what: string };

function changed(change: Change, percent: number): AnswerError {
  const { offering, count, both, what } = change;
  return new AnswerError(
    `${count} of the ${both} resources of offering ${offering} would ${what}; the last snapshot stays (guard: ${percent} %)`,
    {
      code: "shrunk",
      hint: withComparison(
        change,
        "check the component, the GID map and the mount_point; if it is intended, run sync once with --allow-shrink",
      ),
    },
  );
}
