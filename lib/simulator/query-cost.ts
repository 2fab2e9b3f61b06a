// What a server of 2024 spends on a list: a little for each row, and much more for each query that a field of a row
// costs, because every name that crosses a relation is looked up row by row. The figures are those of one that was
// measured, page after page of 300 rows; names that share a relation share its query (docs/waldur.md, "Lists").

/** Reading a row and writing it out, whatever its fields. */
const ROW_MS = 1;
/** One query for one row. */
const QUERY_MS = 2.3;
/** Queries of a list beside those for its rows. */
const LIST_QUERIES = 5;
/** A single row whatever its fields: 45 to 55 ms were measured with two that cost a query each. */
const DETAIL_MS = 45;

/** Which queries a field costs for each row, by the beginning of its name; all others are columns of the row itself. */
const RELATIONS: Readonly<Record<string, readonly string[]>> = {
  attributes: ["offering"],
  offering: ["offering"],
  project: ["project"],
  customer: ["project", "customer"],
  provider: ["offering", "provider"],
  category: ["offering", "category"],
  plan: ["offering", "plan"],
  is_limit_based: ["offering", "plan"],
  username: ["offering", "user"],
  endpoints: ["endpoints"],
  available_actions: ["actions"],
  limit_usage: ["offering", "plan", "usage", "usage of the period"],
  can_terminate: ["offering", "project", "customer", ...ownQueries(6)],
};

/** What must be granted before a resource may be terminated is looked up one by one. */
function ownQueries(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `permission ${n}`);
}

/** Queries for each row of a list that was asked for with these fields; none means all of them. */
export function queriesPerRow(fields: readonly string[]): number {
  const names = fields.length === 0 ? Object.keys(RELATIONS) : fields;
  return new Set(names.flatMap(relationsOf)).size;
}

function relationsOf(field: string): readonly string[] {
  const known = Object.keys(RELATIONS).find((name) => field === name || field.startsWith(`${name}_`));
  return known === undefined ? [] : (RELATIONS[known] ?? []);
}

/** Queries for a list of this many rows with these fields. */
export function listQueries(rows: number, fields: readonly string[]): number {
  return LIST_QUERIES + rows * queriesPerRow(fields);
}

/** Milliseconds for a row that is asked for alone. */
export function detailCostMs(fields: readonly string[]): number {
  return DETAIL_MS + QUERY_MS * queriesPerRow(fields);
}

/** Milliseconds for this many rows with these fields. */
export function listCostMs(rows: number, fields: readonly string[]): number {
  return rows * (ROW_MS + QUERY_MS * queriesPerRow(fields));
}
