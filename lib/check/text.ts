// Findings as lines for people: status, item, what was found, and what to do, within the width of the terminal.

import { fold } from "../table.ts";
import { clean } from "../unsafe-text.ts";
import type { CheckReport, Finding } from "./report.ts";

const STATUS_WIDTH = 9;
const ITEM_WIDTH = 18;
const LEAST_TEXT = 30;

/** A finding, with its hint below it. */
export function findingText({ status, item, message, hint }: Finding, width: number): string {
  const indent = STATUS_WIDTH + ITEM_WIDTH;
  const columns = Math.max(LEAST_TEXT, width - indent);
  const lines = [
    ...wrap(clean(message), columns),
    ...(hint === undefined ? [] : wrap(clean(`hint: ${hint}`), columns)),
  ];
  const label = `${status.padEnd(STATUS_WIDTH)}${item.padEnd(ITEM_WIDTH)}`;
  return lines.map((line, at) => `${at === 0 ? label : " ".repeat(indent)}${line}\n`).join("");
}

/** Above the findings of an offering. */
export function offeringHeading({ name, uuid }: { name: string; uuid: string }): string {
  return `\n${clean(name)} (${uuid})\n`;
}

/** The last line. */
export function conclusionText({ items, exitCode }: Pick<CheckReport, "items" | "exitCode">): string {
  const count = (status: Finding["status"]) => items.filter((item) => item.status === status).length;
  const parts = [
    [count("fail"), "failed"],
    [count("warn"), count("warn") === 1 ? "warning" : "warnings"],
    [count("skipped"), "skipped"],
  ] as const;
  const found = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  const what = found.length === 0 ? "no problems" : found.join(", ");
  return `\n${what}; exit code ${exitCode}\n`;
}

function wrap(text: string, columns: number): string[] {
  return fold(text.split(" "), columns, (word) => broken(word, columns));
}

/** A word that is longer than a line, such as a path, is broken after a slash, or anywhere. */
function broken(word: string, columns: number): string[] {
  if (word.length <= columns) return [word];
  const slash = word.lastIndexOf("/", columns - 1) + 1;
  const at = slash > 0 ? slash : columns;
  return [word.slice(0, at), ...broken(word.slice(at), columns)];
}
