// JSON for standard output, piece by piece: a report of fifty thousand problems is long, and need not be in memory
// as one text.

import { escapeUnsafe } from "../unsafe-text.ts";
import type { Report } from "./report.ts";

const PIECE_LENGTH = 65_536;

/** What `JSON.stringify(report, null, 2)` gives and a line break, in pieces that end between two values. */
export function reportText({ omitted: _omitted, ...report }: Report): Generator<string> {
  return inPieces(jsonParts(report));
}

/** Joined to pieces that are worth a call. */
export function* inPieces(parts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const part of parts) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** What `JSON.stringify` gives with two spaces, without holding a list as a whole; fields are read as they come. */
export function* jsonParts(fields: Readonly<Record<string, unknown>>): Generator<string> {
  let before = "{\n";
  for (const [key, value] of Object.entries(fields)) {
    yield `${before}  ${JSON.stringify(key)}: `;
    if (isIterable(value)) yield* listParts(value);
    else yield textAt(value, "  ");
    before = ",\n";
  }
  yield "\n}\n";
}

function* listParts(list: Iterable<unknown>): Generator<string> {
  let before = "[\n";
  for (const one of list) {
    yield `${before}    ${textAt(one, "    ")}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]" : "\n  ]";
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** Line breaks stand between values only; those in texts are escaped. */
function textAt(value: unknown, indent: string): string {
  return escapeUnsafe(JSON.stringify(value, null, 2)).replaceAll("\n", `\n${indent}`);
}
