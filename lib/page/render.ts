// The page as text, in pieces: a frame that allows its own script and style and nothing else, and the data as JSON in
// which no character can end it. The browser builds the page from it (lib/page/browser).

import { createCollector } from "../collect.ts";
import { KEY_BYTES, keyAt, uuidText } from "../key-set.ts";
import { inPieces } from "../report/text.ts";
import { escapeUnsafe } from "../unsafe-text.ts";
import { pageScript, pageStyle } from "./bundle.ts" with { type: "macro" };
import type { Columns, PageData } from "./data.ts";
import type { Page } from "./page.ts";
import { QUOTAS, type Rows } from "./rows.ts";

/** By which a page of ours is known, so that no other index.html is replaced. */
export const MARK = '<meta name="generator" content="waldur-cscs-storage';

export function renderPage(page: Page): Iterable<string> {
  return collected(inPieces(partsOf(page)));
}

/** In pieces. */
const PACE = 4;

/** What was written is garbage at once. */
function* collected(pieces: Iterable<string>): Generator<string> {
  const collect = createCollector(PACE);
  for (const piece of pieces) {
    yield piece;
    collect(1);
  }
}

function* partsOf(page: Page): Generator<string> {
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
  yield `${safeJson(values.all().map(scalar))},"before":[`;
  yield* beforeOf(parts);
  yield '],"rows":{';
  yield* columnsOf(parts);
  yield "}}";
}

/** In HTML a `<` could end the data, and characters that cannot be seen could mislead anybody who reads the file. */
export function safeJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value)).replaceAll("<", "\\u003c");
}

/** Metadata may hold anything in the place of a GID. */
function scalar(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 200);
}

/** By row of the page. */
function* beforeOf(parts: Page["parts"]): Generator<string> {
  let first = 0;
  let separator = "";
  for (const { before, changes } of parts) {
    for (const [row, ...rest] of before) {
      yield separator + JSON.stringify([first + row, ...rest]);
      separator = ",";
    }
    first += changes.length;
  }
}

function* columnsOf(parts: Page["parts"]): Generator<string> {
  yield '"uuid":"';
  for (const { rows, old, gone } of parts) {
    yield* uuidsOf(rows);
    if (old !== null) for (const row of gone) yield uuidText(keyAt(old.keys(), row));
  }
  yield '"';
  yield* column("leaf", parts, ({ leaves }, row) => leaves.text(row));
  yield `,"change":[${parts.map(({ changes }) => changes.join(",")).filter((list) => list !== "")}]`;
  for (const name of NAMED) yield* column(name, parts, ({ named }, row) => named[name].at(row));
  for (const name of QUOTAS) yield* column(name, parts, ({ quotas }, row) => quotas[name].at(row));
}

const NAMED = ["folder", "project", "system", "status", "type", "permission", "gid"] as const;

const ROWS_AT_ONCE = 4096;

/** Of all rows, in pieces. */
function* uuidsOf(rows: Rows): Generator<string> {
  const { buffer, byteOffset } = rows.keys();
  for (let row = 0; row < rows.size; row += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows.size - row);
    yield Buffer.from(buffer, byteOffset + row * KEY_BYTES, count * KEY_BYTES).toString("hex");
  }
}

/** A value of each row of the page: of each snapshot its rows, and then those that are gone. NaN becomes null. */
function* column(
  name: keyof Columns,
  parts: Page["parts"],
  value: (rows: Rows, row: number) => string | number,
): Generator<string> {
  yield `,"${name}":[`;
  let separator = "";
  let block: (string | number)[] = [];
  const text = () => {
    const list = separator + safeJson(block).slice(1, -1);
    block = [];
    separator = ",";
    return list;
  };
  for (const { rows, old, gone } of parts) {
    for (let row = 0; row < rows.size; row++) if (block.push(value(rows, row)) === ROWS_AT_ONCE) yield text();
    for (const row of gone) if (block.push(value(old ?? rows, row)) === ROWS_AT_ONCE) yield text();
  }
  yield block.length === 0 ? "]" : `${text()}]`;
}
