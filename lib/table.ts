// Tables and lines for people: as wide as there is room, never wider than the terminal. In the cells of a table,
// characters that could do harm there are spaces.

import { clean } from "./unsafe-text.ts";

export type Column<Row> = { heading: string; cell: (row: Row) => string };

/**
 * Lines of a table, with headings, for the first of the layouts that fits; the last one is made to fit by cutting the
 * cells of its last column.
 */
export function tableOf<Row>(
  layouts: readonly [...(readonly Column<Row>[])[], readonly Column<Row>[]],
  rows: readonly Row[],
  width: number,
): string {
  const drawn = layouts.map((columns) => draw(columns, rows));
  const fitting = drawn.find((lines) => lines.every((line) => line.length <= width));
  const lines = fitting ?? (drawn.at(-1) ?? []).map((line) => cut(line, width));
  return lines.map((line) => `${line}\n`).join("");
}

function draw<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => clean(cell(row)))),
  ];
  const widths = columns.map((_, at) =>
    lines.reduce((most, cells) => Math.max(most, cells[at]?.length ?? 0), 0),
  );
  return lines.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** What is cut ends with a mark that says so. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * Lines of as many words as fit.
 * @param split what becomes of a word that begins a line; one that is too long has a line of its own unless it is split
 */
export function fold(
  words: readonly string[],
  columns: number,
  split: (word: string) => readonly string[] = (word) => [word],
): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines.push(`${lines.pop()} ${word}`);
    else lines.push(...split(word));
  }
  return lines;
}
