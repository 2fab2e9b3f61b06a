// What became of each resource since the snapshot before. What counts as changed is what `diff` compares: path, quotas,
// permission, GID and status.

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
  const before: Before[] = [];
  for (let row = 0; row < rows.size; row++) {
    const was = old.find(rows.key(row));
    if (was < 0) {
      changed[row] = CHANGE.new;
      continue;
    }
    found[was] = 1;
    const bits = bitsOf({ rows, old }, row, was);
    changed[row] = bits;
    if ((bits & CHANGE.quotas) !== 0 || hasMoved({ rows, old }, row, was))
      before.push(beforeOf(row, old, was));
  }
  const gone = Int32Array.from(missing(found));
  const changes = new Uint8Array(rows.size + gone.length).fill(CHANGE.gone, rows.size);
  changes.set(changed);
  return { rows, old, gone, changes, before };
}

type Pair = { rows: Rows; old: Rows };

function bitsOf({ rows, old }: Pair, row: number, was: number): number {
  const differs = (column: keyof Rows["named"]) => rows.named[column].at(row) !== old.named[column].at(was);
  const isMoved = differs("folder") || !rows.leaves.isEqual(row, old.leaves, was);
  const hasOtherQuotas = QUOTAS.some(
    (quota) => !Object.is(rows.quotas[quota].at(row), old.quotas[quota].at(was)),
  );
  return (
    (hasOtherQuotas ? CHANGE.quotas : 0) |
    (isMoved ? CHANGE.path : 0) |
    (differs("status") ? CHANGE.status : 0) |
    (differs("permission") ? CHANGE.permission : 0) |
    (differs("gid") ? CHANGE.gid : 0)
  );
}

function hasMoved({ rows, old }: Pair, row: number, was: number): boolean {
  return (["project", "system"] as const).some(
    (column) => rows.named[column].at(row) !== old.named[column].at(was),
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
