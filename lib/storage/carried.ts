// An entry of an earlier file that is to be used for its resource again. It passes the policy of today, and has
// the text that it would be written with today; whatever else is in it stays.

import { isTable } from "../json.ts";
import { escapeUnsafe } from "../unsafe-text.ts";
import type { Policy } from "./policy.ts";
import type { QuotaValues } from "./quota-policy.ts";
import type { ScannedEntry } from "./scan.ts";
import { entriesText } from "./text.ts";
import { isDeeper, withoutHooks } from "./values.ts";

/** An entry, the target in it, and the deepest metadata. */
const DEEPEST = 24;

export type CarryRules = {
  policy: Policy;
  billed: QuotaValues | undefined;
  /** Of the directory that a path is in, by the profile of today. */
  parentItemId: (path: string) => string | null;
};

export type Carried =
  | { text: string; entry: Readonly<Record<string, unknown>>; fault?: undefined }
  | { text?: undefined; fault: string };

/** Its text, or why it must not be published again. */
export function carriedEntry(
  { text, mountPoint }: ScannedEntry,
  { policy, billed, parentItemId }: CarryRules,
): Carried {
  const entry: unknown = JSON.parse(text);
  if (!isTable(entry) || isDeeper(entry, DEEPEST)) return { fault: "is nested too deep" };
  const fault = policy.faultOfEntry(entry, billed);
  if (fault !== undefined) return { fault };
  const parent = parentItemId(mountPoint);
  const moved = entry.parentItemId === parent ? entry : { ...entry, parentItemId: parent };
  const kept = withoutHooks(moved);
  return { entry, text: kept === entry || !isTable(kept) ? escapeUnsafe(text) : entriesText([kept]) };
}
