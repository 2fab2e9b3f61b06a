// What a listing reports though nothing is left out for it: rows that wait, paths that stay, mounts inside others.

import { isNamed } from "../claims/contenders.ts";
import { type ClaimTable, LIVE } from "../claims/table.ts";
import { plural } from "../report/summary.ts";
import type { ListingProblem } from "./findings.ts";
import type { Selection } from "./selection.ts";

/** What only the whole list shows. */
export function noticesOf({ policyNotices, rows, table }: Selection): ListingProblem[] {
  return [...policyNotices(), ...pathsKept(rows.kept), ...mountsNested(table)];
}

function pathsKept({ count, examples }: { count: number; examples: readonly string[] }): ListingProblem[] {
  if (count === 0) return [];
  return [
    {
      code: "path-kept",
      message: `${plural(count, "resource")} with changed slugs: the published mount point stays: ${examples.join(", ")}`,
      hint: "an absolute backend id moves a resource; sync --repath applies the template again to those without an order file",
    },
  ];
}

const EXAMPLES = 10;

/** Pairs that files name already stay; looked for only where paths have different depths. */
function mountsNested(table: ClaimTable): ListingProblem[] {
  if (!table.hasDepths()) return [];
  const pairs: string[] = [];
  let count = 0;
  for (let owner = 0; owner < table.resources; owner++) {
    const record = table.present(owner);
    if ((table.now(owner) & LIVE) === 0 || record < 0 || !isNamed(table, record)) continue;
    const path = table.path(record);
    for (const outer of table.above(path, owner)) {
      if (!isNamed(table, outer) || (table.now(table.owner(outer)) & LIVE) === 0) continue;
      count++;
      if (pairs.length < EXAMPLES) pairs.push(`${path} inside ${table.path(outer)}`);
    }
  }
  if (count === 0) return [];
  return [
    {
      code: "mounts-nested",
      message: `mounts of one resource inside that of another: ${plural(count, "pair")}: ${pairs.join(", ")}`,
      hint: "removing the outer one would remove the inner one's data; its terminate order waits for the inner one",
    },
  ];
}
