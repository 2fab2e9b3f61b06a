// What differs between a document of the Python plugin and one of ours because the programs differ: the rows of
// docs/migration.md, section "Differences". A row is named only where the two values prove it; what may be so is
// `perhaps`.

import { MOCK, OWN_TARGET } from "./entries.ts";

/** First cells of the rows; a test compares. */
export const ROWS = {
  status: "every entry had the status `pending`",
  terminated: "terminated resources were listed as pending",
  empty: 'an API error became an empty `all.json` with `"status": "success"`',
  wholeTb: "quotas were cut to whole TB",
  invented: "invented users and GIDs where data was missing",
  mock: "`use_mock_target_items` gave new GIDs in each run",
} as const;

export type Row = (typeof ROWS)[keyof typeof ROWS];
export type Field = "path" | "quotas" | "permission" | "gid" | "status";

/** As people call them. */
export const FIELD_WORDS: Readonly<Record<Field, string>> = {
  path: "path",
  quotas: "quotas",
  permission: "permission",
  gid: "GID",
  status: "status",
};

/** One value of an entry in a document of each program. */
export type Sides = { plugin: Valued; ours: Valued };
type Valued = { value: unknown; amounts: readonly number[]; flags: number };

/** The row that explains the difference, whatever the values are otherwise; null where none does. */
export function explain(field: Field, { plugin, ours }: Sides): Row | null {
  if (field === "status") return plugin.value === "pending" ? ROWS.status : null;
  if (field === "gid") return isInvented(plugin) ? explainGid(ours) : null;
  return field === "quotas" && isCut(plugin.amounts, ours.amounts) ? ROWS.wholeTb : null;
}

/** The plugin made up a project with the ids of the resource, and a GID out of ten thousand. */
function isInvented({ value, flags }: Valued): boolean {
  return (flags & OWN_TARGET) !== 0 && typeof value === "number" && value >= 30_000 && value < 40_000;
}

/** What `backend_metadata` gives both programs take as it is. */
function explainGid({ flags }: Valued): Row | null {
  if ((flags & OWN_TARGET) === 0) return null;
  return (flags & MOCK) === 0 ? ROWS.invented : ROWS.mock;
}

/** Space without its fraction, and the same inodes; amounts of what are not four quotas are equal to nothing. */
function isCut(plugin: readonly number[], ours: readonly number[]): boolean {
  return ours.every((amount, at) => plugin[at] === (at < SPACES ? Math.trunc(amount) : amount));
}

const SPACES = 2;
