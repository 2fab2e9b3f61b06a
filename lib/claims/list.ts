// Who holds which path, since when and by which file, as `claims list` shows it. Taken from the files alone: nothing is
// asked of Waldur, and nothing is written.

import type { OfferingConfig } from "../config/config.ts";
import { clean } from "../unsafe-text.ts";
import { freeFrom, isNamed } from "./contenders.ts";
import { type LoadedClaims, loadClaims } from "./recover.ts";
import { BY_ORDER_OR_RECEIPT, type ClaimTable, WANTED } from "./table.ts";

export type ListedClaim = {
  path: string;
  resource: string;
  offering: string;
  /** When a file first named it, or its row was first seen; RFC 3339. */
  since: string;
  /** The order file that names it; null where only a snapshot or a row does. */
  file: string | null;
  /** It is the resource's present path, not an older one. */
  present: boolean;
  /** A file names it; without one only the row of the resource asks for it. */
  named: boolean;
  /** When others may have it; null while it is not known that the resource ended. */
  freeFrom: string | null;
};

/**
 * The claims in the directories of these offerings, by path.
 * @param only uuids of offerings; empty for whatever is there
 */
export function listClaims(
  offerings: readonly OfferingConfig[],
  { now, only }: { now: Date; only: readonly string[] },
): ListedClaim[] {
  return directoriesOf(offerings)
    .flatMap((place) => claimsOf(loadPlace(place, now).table))
    .filter(({ offering }) => only.length === 0 || only.includes(offering))
    .sort((one, other) => compare(one.path, other.path) || compare(one.resource, other.resource));
}

/** An output directory, with an offering that publishes there. */
export type ClaimPlace = { directory: string; offering: OfferingConfig };

/** Each directory once; several offerings of `orders` may share one. */
export function directoriesOf(offerings: readonly OfferingConfig[]): ClaimPlace[] {
  const places = new Map<string, ClaimPlace>();
  for (const offering of offerings) {
    const directory = offering.settings.outputDirectory;
    if (!places.has(directory)) places.set(directory, { directory, offering });
  }
  return [...places.values()];
}

export function loadPlace({ directory, offering }: ClaimPlace, now: Date): LoadedClaims {
  return loadClaims(directory, { reuseAfterDays: offering.settings.pathReuseAfterDays, now });
}

/** A claim that no file supports counts only while the row asks for it. */
export function isClaim(table: ClaimTable, record: number): boolean {
  return isNamed(table, record) || (table.marks(record) & WANTED) !== 0;
}

/** Every claim of a table. */
export function claimsOf(table: ClaimTable): ListedClaim[] {
  return Array.from({ length: table.resources }, (_, owner) => table.recordsOf(owner))
    .flat()
    .filter((record) => isClaim(table, record))
    .map((record) => claimOf(table, record));
}

function claimOf(table: ClaimTable, record: number): ListedClaim {
  const owner = table.owner(record);
  const free = freeFrom(table, owner);
  const isByOrder = (table.marks(record) & BY_ORDER_OR_RECEIPT) !== 0;
  return {
    path: table.path(record),
    resource: table.uuid(owner),
    offering: table.offering(record),
    since: new Date(table.since(record)).toISOString(),
    file: (isByOrder ? table.file(record) : undefined) ?? null,
    present: table.present(owner) === record,
    named: isNamed(table, record),
    freeFrom: free === null ? null : new Date(free).toISOString(),
  };
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

const HEADINGS = ["PATH", "RESOURCE", "SINCE", "STATE", "BY"];

/** A table with a line for each claim; what it is known by comes last, because names of order files are long. */
export function claimsTable(claims: readonly ListedClaim[]): string {
  const rows = claims.map((claim) => [
    claim.path,
    claim.resource,
    dayOf(claim.since),
    stateOf(claim),
    claim.file ?? (claim.named ? "snapshot" : "row"),
  ]);
  const lines = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  return lines
    .map((cells) => cells.map((cell, at) => clean(cell).padEnd(widths[at] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function stateOf({ present, freeFrom: free }: ListedClaim): string {
  if (free !== null) return `ended, free from ${dayOf(free)}`;
  return present ? "present" : "older path";
}

function dayOf(time: string): string {
  return time.slice(0, "2026-01-31".length);
}
