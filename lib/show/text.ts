// What is known of a subject, for people: a part after the other, each thing on a line of its own that 80 columns hold.
// Only a path, which would be useless when cut, may be longer.

import type { ListedClaim } from "../claims/list.ts";
import { historyTable } from "../history/text.ts";
import { tableOf } from "../json.ts";
import { dateWithOffset } from "../output/names.ts";
import { cut, fold } from "../table.ts";
import { clean } from "../unsafe-text.ts";
import type { Known, ShownEntry, ShownFile, ShownReceipt } from "./local.ts";
import type { Shown } from "./show.ts";
import type { WaldurAnswer } from "./waldur.ts";

/** `timezone`: of the times; null for that of the process. */
export type Layout = { width: number; timezone: string | null };

export function showText({ what, found, places, waldur }: Shown, layout: Layout): string {
  const parts = places.flatMap((place) => placeLines(place, layout));
  const asked = waldur === null ? [] : part("Waldur", waldur.flatMap(askedLines));
  const head = found ? what : `nothing is known of ${what}`;
  return [head, ...parts, ...asked].map((line) => `${clean(line).trimEnd()}\n`).join("");
}

function placeLines(
  { directory, entries, files, receipts, claims, history }: Known,
  layout: Layout,
): string[] {
  const day = (time: string) => timeOf(time, layout).slice(0, 16);
  const table = historyTable(history, { ...layout, width: layout.width - INDENT.length });
  return [
    `in ${directory}`,
    ...part(
      "Last snapshot",
      entries.flatMap((entry) => entryLines(entry, day)),
    ),
    ...part(
      "Claims",
      claims.flatMap((claim) => claimLines(claim, day)),
    ),
    ...part(
      "Order files",
      files.flatMap((file) => fileLines(file, day)),
    ),
    ...part(
      "Receipts",
      receipts.flatMap((receipt) => receiptLines(receipt, day)),
    ),
    ...part("History", history.length === 0 ? [] : table.trimEnd().split("\n")),
  ];
}

const INDENT = "  ";

function part(title: string, lines: readonly string[]): string[] {
  return ["", title, ...(lines.length === 0 ? ["nothing"] : lines).map((line) => `${INDENT}${line}`)];
}

type Day = (time: string) => string;

function entryLines(shown: ShownEntry, day: Day): string[] {
  const { file, date, resource, isDirectory, path, status, entry } = shown;
  const of = isDirectory ? ownerOf(entry) : `resource ${resource}`;
  const quotas = isDirectory ? [] : quotaLines(entry);
  return [path, `  ${status}, of ${of}`, `  in ${file} of ${day(date)}`, ...quotas];
}

function ownerOf(entry: unknown): string {
  const { targetType, targetItem } = tableOf(tableOf(entry).target);
  return `${targetType} ${tableOf(targetItem).key}, a directory`;
}

function quotaLines(entry: unknown): string[] {
  const { quotas, permission } = tableOf(entry);
  const list = Array.isArray(quotas) ? quotas.map(tableOf) : [];
  const shown = list.map(
    ({ type, enforcementType, quota, unit }) =>
      `${enforcementType} ${type} ${quota}${unit === "tera" ? " TB" : ""}`,
  );
  const mode = tableOf(permission).value;
  const words = [
    ...(typeof mode === "string" ? [`permission ${mode}`] : []),
    ...(shown.length > 0 ? [] : ["no quota"]),
  ];
  return [`  ${words.join(", ")}`, ...shown.map((one) => `  ${one}`)].filter((line) => line.trim() !== "");
}

function claimLines(
  { path, resource, since, file, present, named, freeFrom }: ListedClaim,
  day: Day,
): string[] {
  const state =
    freeFrom === null ? (present ? "present path" : "older path") : `ended, free from ${day(freeFrom)}`;
  const by = file === null ? [`by ${named ? "the snapshot" : "its row in Waldur"}`] : ["by", file];
  return [
    path,
    `  of resource ${resource}`,
    `  ${state}, since ${day(since)}, ${by[0]}`,
    ...by.slice(1).map((name) => `  ${name}`),
  ];
}

function fileLines({ file, resource, path, date }: ShownFile, day: Day): string[] {
  return [file, `  of ${day(date)}, resource ${resource}`, `  ${path}`];
}

function receiptLines(receipt: ShownReceipt, day: Day): string[] {
  const { order, type, open, published, ended, claimedAt, closedAt, path, answer } = receipt;
  const state = open
    ? "open"
    : `closed${closedAt === null ? "" : ` ${day(closedAt)}`}, ${ended ?? "end unknown"}`;
  return [
    `${type} order ${order}`,
    `  ${state}; ${published ? "published" : "not published"}, claimed ${day(claimedAt)}`,
    ...(answer === null ? [] : answerLines(answer, day)),
    `  ${path}`,
  ];
}

function answerLines(
  { result, message, backendId, at }: NonNullable<ShownReceipt["answer"]>,
  day: Day,
): string[] {
  const words = [
    ...(backendId === null ? [] : [`backend id ${backendId}`]),
    ...(message === null ? [] : [message]),
  ];
  return [
    `  answered ${result} ${day(at)}`,
    ...words.flatMap((text) => fold(text.split(" "), 74).map((line) => `    ${line}`)),
  ];
}

function askedLines({
  kind,
  uuid,
  answer,
  state,
  type,
  name,
  backendId,
  project,
  error,
}: WaldurAnswer): string[] {
  const head = `${kind} ${uuid}`;
  if (answer === "unknown") return [head, "  does not exist in Waldur, or the token has no access to it"];
  if (answer === "failed")
    return [head, ...fold(`could not be queried: ${error}`.split(" "), 74).map((line) => `  ${line}`)];
  const words = [...(type === null ? [] : [type]), state ?? ""];
  const about = [
    ...(name ? [`name ${JSON.stringify(name)}`] : []),
    ...(project ? [`project ${JSON.stringify(project)}`] : []),
    ...(backendId ? [`backend id ${JSON.stringify(backendId)}`] : []),
  ];
  return [head, `  ${words.join(", ")}`, ...about.map((one) => `  ${one}`)];
}

function timeOf(time: string, { timezone }: Layout): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime())
    ? cut(time, 19)
    : dateWithOffset(at, timezone).slice(0, 19).replace("T", " ");
}
