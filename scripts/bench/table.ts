// Numbers and tables as Markdown has them, and their places in docs/benchmark.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Timing } from "./race.ts";

const PAGE = join(import.meta.dir, "../../docs/benchmark.md");

/** One table, and what must be known to read it. */
export type Finding = {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  note?: string;
};

/** A table with its caption above and its note below. */
export function findingText({ caption, columns, rows, note }: Finding): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(columns), line(columns.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)];
  return [`${caption}:`, "", ...table, ...(note === undefined ? [] : ["", note]), ""].join("\n");
}

/** Replaces what is between the markers of this name. */
export function replaceOnPage(name: string, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [open, close] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place for ${name}`);
  writeFileSync(PAGE, `${page.slice(0, from + open.length)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}

/** Milliseconds in a unit that can be read. */
export function time(ms: number): string {
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Thousands apart. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, " ");
}

/** The least, and the median behind it. */
export function withMedian({ min, median }: Timing, shown: (value: number) => string): string {
  return `${shown(min)} (median ${shown(median)})`;
}

/** How often one takes the other. */
export function ratio(one: Timing, other: Timing): Timing {
  return { min: one.min / other.min, median: one.median / other.median };
}

export function times(figure: number): string {
  return figure.toFixed(2);
}

/** The target, and whether the figure keeps to it. */
export function atMost(target: number, figure: number): string {
  return `≤ ${target}: ${figure <= target ? "met" : "**not met**"}`;
}
