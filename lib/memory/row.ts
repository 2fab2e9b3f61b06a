// A row as it is remembered: the columns that cost the server queries, with the `modified` of the very answer that gave
// them, as one line of text. Whatever cannot be such a line is not remembered, and read again in the next run.

import { isPlainUuid } from "../uuid.ts";

export type RememberedRow = {
  uuid: string;
  /** As Waldur wrote it. */
  modified: string;
  /** When Waldur last gave the columns, in seconds. */
  checkedAt: number;
  /** JSON of each column, in the order of the memory's columns; empty for one that was not given. */
  values: readonly string[];
  /** The line that it was read from. */
  line?: string;
};

type WireRow = Readonly<Record<string, unknown>>;

/** A longer line is as good as none: nobody's attributes may make the memory grow without end. */
export const LONGEST_LINE = 16 * 1024;

const LONGEST_MODIFIED = 64;

/** What is to be remembered of a row; null when its `modified` could not tell a later row from it. */
export function rememberRow(
  row: WireRow,
  columns: readonly string[],
  checkedAt: number,
): RememberedRow | null {
  const { uuid, modified } = row;
  if (!isPlainUuid(uuid) || !isStamp(modified)) return null;
  return { uuid, modified, checkedAt, values: columns.map((name) => valueText(row[name])) };
}

/** Most values are uuids, which are JSON as they are. */
function valueText(value: unknown): string {
  if (isPlainUuid(value)) return `"${value}"`;
  return value === undefined ? "" : JSON.stringify(value);
}

function isStamp(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= LONGEST_MODIFIED &&
    /^[\x21-\x7e]+$/.test(value)
  );
}

/** Without its line break; null when it is too long. JSON has no tab and no line break of its own. */
export function lineOf({ uuid, modified, checkedAt, values, line: read }: RememberedRow): string | null {
  if (read !== undefined) return read;
  const line = `${uuid}\t${modified}\t${checkedAt}\t${values.join("\t")}`;
  return line.length > LONGEST_LINE ? null : line;
}

/** null when the line is not one of `lineOf` with so many columns. */
export function parseLine(line: string, columns: number): RememberedRow | null {
  const [uuid = "", modified = "", checked = "", ...values] = line.split("\t");
  const checkedAt = Number(checked);
  if (!isPlainUuid(uuid) || values.length !== columns || !Number.isSafeInteger(checkedAt)) return null;
  return { uuid, modified, checkedAt, values, line };
}

/** The remembered columns by name, as they were on the row. */
export function rememberedColumns({ values }: RememberedRow, columns: readonly string[]): WireRow {
  const given: Record<string, unknown> = {};
  for (const [n, name] of columns.entries()) {
    const value = values[n] ?? "";
    if (value !== "") given[name] = JSON.parse(value);
  }
  return given;
}
