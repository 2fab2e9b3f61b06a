// Who else claims a path, one above it or one below it, and which of these claims count
// (docs/contract.md, "Mount points").

import { DAY_MS } from "../time.ts";
import { BY_FILE, type ClaimTable } from "./table.ts";

/** Another resource's claim that conflicts. */
export type Contender = {
  record: number;
  owner: number;
  /** Its path is the same, or the wanted one is inside it, or around it. */
  relation: "same" | "outer" | "inner";
  /** A file names the path; without one only the row of its resource wants it. */
  isNamed: boolean;
};

export type Question = {
  path: string;
  /** The number of the resource that wants the path. */
  owner: number;
  nested: "refuse" | "allow";
};

export function contendersFor(table: ClaimTable, { path, owner, nested }: Question): Contender[] {
  const { same, above, below } = table.claimants(path, owner);
  if (same.length + above.length + below.length === 0) return NONE;
  const as = (relation: Contender["relation"]) => (record: number) => ({
    record,
    owner: table.owner(record),
    relation,
    isNamed: isNamed(table, record),
  });
  if (nested === "allow") return same.map(as("same"));
  return [...same.map(as("same")), ...above.map(as("outer")), ...below.map(as("inner"))];
}

const NONE: Contender[] = [];

/** Whether a file names the record's path. */
export function isNamed(table: ClaimTable, record: number): boolean {
  return (table.marks(record) & BY_FILE) !== 0;
}

/** The record of the path that the newest file gives the resource; -1 where no file names it. */
export function namedPath(table: ClaimTable, owner: number): number {
  const record = table.present(owner);
  return record >= 0 && isNamed(table, record) ? record : -1;
}

/**
 * When a path that its holder has left is free for others, in milliseconds; null while it is not known that it ended.
 */
export function freeFrom(table: ClaimTable, owner: number): number | null {
  const ended = table.ended(owner);
  if (ended === undefined) return null;
  // At once, also by the clock of a host that is behind.
  return ended.days === 0 ? 0 : ended.at + ended.days * DAY_MS;
}
