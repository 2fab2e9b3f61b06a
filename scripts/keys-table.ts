// The README's table of the keys of `backend_settings`, from the schema. `bun scripts/keys-table.ts` writes it again; a
// test compares.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "pathe";
import * as v from "valibot";
import { Settings } from "../lib/keys/schema.ts";

const README = resolve(import.meta.dir, "../README.md");
const HEAD = "| key | default | meaning |\n| --- | --- | --- |\n";

/** One line for each key. */
function keysTable(): string {
  const rows = Object.entries(Settings.entries).map(([key, schema]) => {
    const metadata: { shown?: string } = v.getMetadata(schema);
    const shown = metadata.shown ?? shownDefault(v.getDefault(schema));
    return `| \`${key}\` | ${shown} | ${v.getDescription(schema)} |\n`;
  });
  return HEAD + rows.join("");
}

/** Text that looks like a number is shown with its quotes. */
function shownDefault(value: unknown): string {
  if (value === null) return "none";
  if (typeof value !== "string") return String(value);
  return /^\d+$/.test(value) ? `\`"${value}"\`` : `\`${value}\``;
}

/** The page with the table in place of the one that it has. */
export function withKeysTable(page: string): string {
  const start = page.indexOf(`${HEAD}| \`output_directory\``);
  if (start < 0) throw new Error("the page has no table of keys");
  const end = page.indexOf("\n\n", start) + 1;
  return page.slice(0, start) + keysTable() + page.slice(end);
}

if (import.meta.main) writeFileSync(README, withKeysTable(readFileSync(README, "utf8")));
