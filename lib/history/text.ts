// The history for people, and as JSON: an array with one entry a line, which jq and grep both read.

import { dateWithOffset } from "../output/names.ts";
import { type Column, cut, tableOf } from "../table.ts";
import { escapeUnsafe } from "../unsafe-text.ts";
import type { HistoryEntry } from "./reader.ts";

export function historyJson(entries: readonly HistoryEntry[]): string {
  const lines = entries.map((entry) => `  ${JSON.stringify(entry)}`);
  return lines.length === 0 ? "[]\n" : escapeUnsafe(`[\n${lines.join(",\n")}\n]\n`);
}

/** @param timezone of the times, as in the names of files; null for that of the process */
export function historyTable(
  entries: readonly HistoryEntry[],
  { width, timezone }: { width: number; timezone: string | null },
): string {
  const time = ({ at }: HistoryEntry) =>
    dateWithOffset(new Date(at), timezone).slice(0, 19).replace("T", " ");
  const what = { heading: "WHAT", cell: whatOf };
  const answer = { heading: "ANSWER", cell: answerOf };
  const about = { heading: "ABOUT", cell: aboutOf };
  const wide: Column<HistoryEntry>[] = [
    ...[{ heading: "TIME", cell: time }, what, answer, about],
    { heading: "MS", cell: ({ ms }) => (ms === null ? "" : String(ms)) },
    { heading: "DETAIL", cell: detailOf },
  ];
  const narrow = [
    { heading: "TIME", cell: (entry: HistoryEntry) => time(entry).slice("2026-".length) },
    ...[what, answer, about],
  ];
  return tableOf([wide, narrow], entries, width);
}

/** As long a word as fits beside a uuid; that it is an offering's is in the JSON. */
function whatOf({ call, event }: HistoryEntry): string {
  return call?.replace("_offering_component", "_component") ?? event;
}

function answerOf({ status, error, answer }: HistoryEntry): string {
  return status === null ? (error ?? answer ?? "") : String(status);
}

/** The order; else what there is. */
function aboutOf({ order, path, file, resource, component }: HistoryEntry): string {
  return order ?? path ?? file ?? resource ?? (component === null ? "" : cut(component, 32));
}

function detailOf(entry: HistoryEntry): string {
  const { event, call, order, file, path, entries, resource, component, offering } = entry;
  if (event === "published") return order === null ? `${entries} entries` : (path ?? file ?? "");
  if (event === "released") return `resource ${resource}`;
  if (component !== null) return `offering ${offering}`;
  return call === "set_backend_id" ? `resource ${resource}` : "";
}
