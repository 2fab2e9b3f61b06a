// A row as it is remembered: the columns that cost the server queries, with the `modified` of the very answer that gave
// them, as one line of text. Whatever cannot be such a line is not remembered, and read again in the next run.

import { parseJson } from "../json.ts";
import { clean } from "../unsafe-text.ts";
import { isPlainUuid } from "../uuid.ts";

export type RememberedRow = {
  uuid: string;
  /** As Waldur wrote it. */
  modified: string;
  /** When Waldur last gave the columns, in seconds. */
  checkedAt: number;
  /** The value of each column, in the order of the memory's columns. */
  values: readonly unknown[];
  /** The line that it was read from. */
  line?: string;
};

type WireRow = Readonly<Record<string, unknown>>;

/** A longer line is not kept: no attributes may make the memory grow without end. */
export const LONGEST_LINE = 16 * 1024;

const LONGEST_MODIFIED = 64;

/** What is to be remembered of a row; null when a later row might have the same `modified`. */
export function rememberRow(
  row: WireRow,
  columns: readonly string[],
  checkedAt: number,
): RememberedRow | null {
  const { uuid, modified } = row;
  if (!isPlainUuid(uuid) || !isStamp(modified)) return null;
  const values = columns.map((column) => row[column]);
  if (!values.every((value, n) => isFit(columns[n] ?? "", value))) return null;
  return { uuid, modified, checkedAt, values };
}

/**
 * A server may write anything, also what no file is to hold, such as our token; and one answer may lack a column that
 * the next one has.
 */
function isFit(column: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (column.endsWith("_uuid")) return isPlainUuid(value);
  return typeof value !== "string" || clean(value) === value;
}

function isStamp(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= LONGEST_MODIFIED &&
    /^[\d:.TZ+-]+$/.test(value)
  );
}

/** Without its line break; null when it is too long. JSON has no tab and no line break of its own. */
export function lineOf({ uuid, modified, checkedAt, values, line: read }: RememberedRow): string | null {
  if (read !== undefined) return read;
  const line = `${uuid}\t${modified}\t${checkedAt}\t${JSON.stringify(values)}`;
  return line.length > LONGEST_LINE ? null : line;
}

/** null when the line is not one of `lineOf` with so many columns. */
export function parseLine(line: string, columns: number): RememberedRow | null {
  const [uuid = "", modified = "", checked = "", text = ""] = line.split("\t");
  const checkedAt = Number(checked);
  const values = parseJson(text);
  const isWhole = Array.isArray(values) && values.length === columns;
  return isPlainUuid(uuid) && Number.isSafeInteger(checkedAt) && isWhole
    ? { uuid, modified, checkedAt, values, line }
    : null;
}

/** The row with the remembered columns in the place of its own. */
export function withRemembered(row: WireRow, { values }: RememberedRow, columns: readonly string[]): WireRow {
  const whole: Record<string, unknown> = { ...row };
  for (let n = 0; n < columns.length; n++) whole[columns[n] ?? ""] = values[n];
  return whole;
}
