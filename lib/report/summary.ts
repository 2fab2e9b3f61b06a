// The last line of a run, for people.

import type { Report } from "./report.ts";

/** The last line: counts of what the run did. */
export function summaryOf(report: Report): string {
  const did = report.dryRun ? "would publish" : "published";
  const files = report.files.filter((file) => file.action !== "unchanged").length;
  const parts =
    report.mode === "sync"
      ? [
          `${did} ${plural(files, "snapshot")}`,
          plural(sum(report.offerings.map((o) => o.resources)), "resource"),
        ]
      : [`${did} ${plural(files, "order file")}`, `${plural(report.orders.length, "open order")}`];
  const problems = sum([...report.problems, ...report.omitted].map(({ count = 1 }) => count));
  if (problems > 0) parts.push(plural(problems, "problem"));
  return `${report.mode}: ${parts.join(", ")}`;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
