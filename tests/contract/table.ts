// The rows as people read them.

import type { Row } from "./rule.ts";

const HEAD = ["rule", "expected", "seen", ""] as const;

/** A table with a column each for the rule, what was expected and what was seen; the last one says what that means. */
export function drawTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map((row) => [row.rule, row.expected, row.seen, row.outcome])].map((line) =>
    line.map(oneLine),
  );
  const widths = HEAD.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const draw = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |\n`;
  const [head = [], ...body] = lines;
  return [draw(head), draw(widths.map((width) => "-".repeat(width))), ...body.map(draw)].join("");
}

/** `12 rules hold, 1 differs, …`. */
export function summarise(rows: readonly Row[]): string {
  const counts = Map.groupBy(rows, ({ outcome }) => outcome);
  const parts = (["holds", "DIFFERS", "not here", "simulator only", "unproven"] as const).map(
    (outcome) => `${counts.get(outcome)?.length ?? 0} ${outcome}`,
  );
  return `${rows.length} rules: ${parts.join(", ")}`;
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: words of a server must not reach a terminal as they are
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").slice(0, 160);
}
