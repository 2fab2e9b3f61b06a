// Numbers and tables as Markdown has them.

import type { Finding } from "./bench.ts";

/** A table with its caption above and its note below. */
export function findingText({ caption, columns, rows, note }: Finding): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(columns), line(columns.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)];
  return [`${caption}:`, "", ...table, ...(note === undefined ? [] : ["", note]), ""].join("\n");
}

/** Milliseconds in a unit that can be read. */
export function time(ms: number): string {
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

export function ratio(one: number, other: number): string {
  return (one / other).toFixed(2);
}

/** Thousands apart. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(?:\d{3})+$)/g, " ");
}

/** The target, and whether the figure keeps to it. */
export function atMost(target: number, figure: number): string {
  return `≤ ${target}: ${figure <= target ? "met" : "**not met**"}`;
}

export function atLeast(target: number, figure: number): string {
  return `≥ ${target}: ${figure >= target ? "met" : "**not met**"}`;
}
