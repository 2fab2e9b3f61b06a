// What became of each resource since the previous snapshot. What counts as changed is what `diff` compares: path,
// quotas, permission, GID and status.

import { KEY_WORDS } from "../key-set.ts";
import { type Before, CHANGE } from "./data.ts";
import { QUOTAS, type Rows } from "./rows.ts";

export type Comparison = {
  rows: Rows;
  old: Rows | null;
  /** Rows of the old snapshot that the new one has not; on the page they follow its rows. */
  gone: Int32Array;
  /** Bits by row of the page. */
  changes: Uint8Array;
  /** Of rows with other quotas, and of those that moved to another project or system: by row of the new snapshot. */
  before: Before[];
};

/** Without an old snapshot nothing is new. */
export function compareRows(rows: Rows, old: Rows | null): Comparison {
  if (old === null) {
    return { rows, old, gone: new Int32Array(0), changes: new Uint8Array(rows.size), before: [] };
  }
  const found = new Uint8Array(old.size);
  const changed = new Uint8Array(rows.size);
  const pair = { rows, old };
  const before: Before[] = [];
  const keys = rows.keys();
  const key = new Int32Array(KEY_WORDS);
  for (let row = 0; row < rows.size; row++) {
    for (let word = 0; word < KEY_WORDS; word++) key[word] = keys[row * KEY_WORDS + word] ?? 0;
    const was = old.find(key);
    if (was < 0) {
      changed[row] = CHANGE.new;
      continue;
    }
    found[was] = 1;
    const bits = bitsOf(pair, row, was);
    changed[row] = bits;
    if ((bits & CHANGE.quotas) !== 0 || hasMoved(pair, row, was)) before.push(beforeOf(row, old, was));
  }
  const gone = Int32Array.from(missing(found));
  const changes = new Uint8Array(rows.size + gone.length).fill(CHANGE.gone, rows.size);
  changes.set(changed);
  return { rows, old, gone, changes, before };
}

type Pair = { rows: Rows; old: Rows };

/** What differs between a row and the one that was, from their columns. */
function bitsOf({ rows, old }: Pair, row: number, was: number): number {
  let bits = 0;
  if (!rows.leaves.isEqual(row, old.leaves, was)) bits |= CHANGE.path;
  for (const [column, bit] of COMPARED)
    if (rows.named[column].at(row) !== old.named[column].at(was)) bits |= bit;
  for (const quota of QUOTAS)
    if (!Object.is(rows.quotas[quota].at(row), old.quotas[quota].at(was))) bits |= CHANGE.quotas;
  return bits;
}

const COMPARED = [
  ["folder", CHANGE.path],
  ["status", CHANGE.status],
  ["permission", CHANGE.permission],
  ["gid", CHANGE.gid],
] as const;

function hasMoved({ rows, old }: Pair, row: number, was: number): boolean {
  return (
    rows.named.project.at(row) !== old.named.project.at(was) ||
    rows.named.system.at(row) !== old.named.system.at(was)
  );
}

function beforeOf(row: number, { named, quotas }: Rows, was: number): Before {
  const amounts = QUOTAS.map((quota) => {
    const amount = quotas[quota].at(was);
    return Number.isNaN(amount) ? null : amount;
  });
  return [row, named.project.at(was), named.system.at(was), ...amounts];
}

function* missing(found: Uint8Array): Generator<number> {
  for (let row = 0; row < found.length; row++) if (found[row] === 0) yield row;
}
