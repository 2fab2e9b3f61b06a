// The page as text, in pieces: a frame that allows its own script and style and nothing else, and the data as JSON in which
// no character can end it. The browser makes of it what people see (lib/page/browser).

import { escapeUnsafe } from "../unsafe-text.ts";
import { pageScript, pageStyle } from "./bundle.ts" with { type: "macro" };
import type { Before, Columns, PageData } from "./data.ts";
import type { Page } from "./page.ts";
import { QUOTAS } from "./rows.ts";

/** By which a page of ours is known, so that nobody else's index.html is replaced. */
export const MARK = '<meta name="generator" content="waldur-cscs-storage';

export function* renderPage(page: Page): Generator<string> {
  yield headOf(page);
  yield* dataOf(page);
  yield `</script>\n<script>${SCRIPT}</script>\n</body>\n</html>\n`;
}

const SCRIPT: string = pageScript();
const STYLE: string = pageStyle();
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%232f6fb2' d='M1 1h8v14H1z'/%3E%3Cpath fill='%23c98a2b' d='M10 1h5v8h-5z'/%3E%3Cpath fill='%234a9a6a' d='M10 10h5v5h-5z'/%3E%3C/svg%3E";

/** No request leaves the page, nothing in it is made of text, and no script but this one runs. */
function policy(): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}

function headOf({ program }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${MARK} ${program.replaceAll(/[^\w.+-]/g, "")}">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Storage</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<noscript>This page needs JavaScript. The same is in the newest file that ends with -all.json, and in the output of
waldur-cscs-storage status.</noscript>
<div id="app"></div>
<script type="application/json" id="data">`;
}

function* dataOf({ program, at, offerings, snapshots, names, values, parts }: Page): Generator<string> {
  const { tenants, projects, systems, folders } = names;
  const rest: Omit<PageData, "rows" | "values" | "before"> = {
    ...{ version: 1, program, at, offerings, snapshots },
    ...{ tenants, projects, systems, folders },
  };
  yield `${safeJson(rest).slice(0, -1)},"values":`;
  yield `${safeJson(values.all().map(scalar))},"before":`;
  yield* listOf(beforeOf(parts), safeJson);
  yield ',"rows":{';
  yield* columnsOf(parts);
  yield "}}";
}

/** In HTML a `<` could end the data, and characters that cannot be seen could mislead whoever reads the file. */
export function safeJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value)).replaceAll("<", "\\u003c");
}

/** Metadata may hold anything in the place of a GID. */
function scalar(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 200);
}

/** By row of the page. */
function* beforeOf(parts: Page["parts"]): Generator<Before> {
  let first = 0;
  for (const { before, changes } of parts) {
    for (const [row, ...rest] of before) yield [first + row, ...rest];
    first += changes.length;
  }
}

function* columnsOf(parts: Page["parts"]): Generator<string> {
  const named = ["folder", "project", "system", "status", "type", "permission", "gid"] as const;
  yield '"uuid":"';
  yield* inPieces(each(parts, ({ uuid }, row) => uuid(row)));
  yield '"';
  yield* column("leaf", listOf(each(parts, ({ leaves }, row) => leaves.text(row)), safeJson));
  yield* column("change", listOf(changesOf(parts), String));
  for (const name of named)
    yield* column(name, listOf(each(parts, (rows, row) => rows.named[name].at(row)), String));
  for (const name of QUOTAS) {
    const amounts = each(parts, (rows, row) => rows.quotas[name].at(row));
    yield* column(name, listOf(amounts, (amount) => (Number.isNaN(amount) ? "null" : String(amount))));
  }
}

function* column(name: keyof Columns, list: Iterable<string>): Generator<string> {
  yield `,"${name}":`;
  yield* list;
}

function* changesOf(parts: Page["parts"]): Generator<number> {
  for (const { changes } of parts) yield* changes;
}

/** A value of each row of the page: of each snapshot its rows, and then those that are gone. */
function* each<Value>(
  parts: Page["parts"],
  value: (rows: Page["parts"][number]["rows"], row: number) => Value,
): Generator<Value> {
  for (const { rows, old, gone } of parts) {
    for (let row = 0; row < rows.size; row++) yield value(rows, row);
    if (old !== null) for (const row of gone) yield value(old, row);
  }
}

function* listOf<Value>(values: Iterable<Value>, text: (value: Value) => string): Generator<string> {
  yield "[";
  yield* inPieces(separated(values, text));
  yield "]";
}

function* separated<Value>(values: Iterable<Value>, text: (value: Value) => string): Generator<string> {
  let separator = "";
  for (const value of values) {
    yield separator + text(value);
    separator = ",";
  }
}

const PIECE = 4096;

/** Joined, so that a piece is worth a write. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  let some: string[] = [];
  for (const text of texts) {
    if (some.push(text) < PIECE) continue;
    yield some.join("");
    some = [];
  }
  yield some.join("");
}
