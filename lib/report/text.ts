// The report as JSON, piece by piece: one of fifty thousand problems is long, and need not stand in memory as one text.

import type { Report } from "./report.ts";

const PIECE_LENGTH = 65_536;

/** What `JSON.stringify(report, null, 2)` gives and a line break, in pieces that end between two values. */
export function* reportText({ omitted: _omitted, ...report }: Report): Generator<string> {
  let piece = "";
  for (const part of parts(report)) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

function* parts(report: object): Generator<string> {
  let before = "{\n  ";
  for (const [key, value] of Object.entries(report)) {
    yield `${before}${JSON.stringify(key)}: `;
    if (Array.isArray(value) && value.length > 0) yield* listParts(value);
    else yield textAt(value, "  ");
    before = ",\n  ";
  }
  yield "\n}\n";
}

function* listParts(values: readonly unknown[]): Generator<string> {
  let before = "[\n    ";
  for (const value of values) {
    yield `${before}${textAt(value, "    ")}`;
    before = ",\n    ";
  }
  yield "\n  ]";
}

/** Line breaks stand between values only; those in texts are escaped. */
function textAt(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
}
