// What a listing finds wrong, in words.

import { type ClaimFinding, pathDoubled } from "../claims/problems.ts";
import type { ClaimTable } from "../claims/table.ts";
import type { Problem } from "../report/report.ts";
import type { ScannedEntry } from "../storage/scan.ts";
import { UNUSABLE } from "../waldur/wire.ts";

export type ListingProblem = Omit<Problem, "offering">;

/** Paths that earlier files gave to two resources that both live. */
export function doubled(table: ClaimTable): ListingProblem[] {
  return table.doubled().map(({ path, owners }): ListingProblem => {
    const uuids = owners.map((owner) => table.uuid(owner));
    const finding: ClaimFinding = pathDoubled(path, uuids);
    return { ...finding, ...(uuids[0] === undefined ? {} : { resource: uuids[0] }) };
  });
}

export function unusable(fault: { field: string; message: string }): ListingProblem {
  return {
    code: "bad-answer",
    field: fault.field,
    message: `Waldur's answer is unusable: ${fault.field} ${fault.message}`,
    hint: UNUSABLE,
  };
}

/** What was remembered of a row was wrong, though nothing showed it. */
export function unmarked(uuid: string): ListingProblem {
  return {
    code: "modified-unmoved",
    resource: uuid,
    message: `resource ${uuid} changed in Waldur without a new "modified" time; every row is read again in this run`,
    hint: "the list is correct now; if this recurs, run sync with --full more often than once a day, and report it",
  };
}

/** The policy of the site holds for what was published before, too. */
export function notAllowed({ itemId }: ScannedEntry, fault: string): ListingProblem {
  return {
    code: "entry-not-allowed",
    resource: itemId,
    message: `the last entry of resource ${itemId} is not carried over: it ${fault}, which may not be published`,
    hint: "correct what is reported of the resource; it gets an entry again then",
  };
}

/** An entry of the last snapshot that cannot be carried over. */
export function notCarried({ itemId, mountPoint }: ScannedEntry): ListingProblem {
  return {
    code: "mount-clash",
    resource: itemId,
    field: "slug",
    message: `the last entry of resource ${itemId} is not carried over: its mount point ${mountPoint} is another resource's now`,
    hint: "correct what is reported of the resource; it gets an entry again then",
  };
}
