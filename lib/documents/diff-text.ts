// A difference as people read it, and as programs do; in pieces, because one of 100 000 entries is long. What the
// difference of the two programs explains is counted by its reason, everything else is shown one by one.

import { createCollector } from "../collect.ts";
import { inPieces, jsonParts } from "../report/text.ts";
import { clean } from "../unsafe-text.ts";
import type { Change, Changed, Difference, Listed, Source } from "./diff.ts";
import { FIELD_WORDS } from "./explained.ts";
import { cutTo } from "./width.ts";

/** Each piece is some hundred entries. */
const PIECES = 2;

/** @param columns the widest line */
export function diffText(difference: Difference, columns: number): Iterable<string> {
  return collectedPieces(withLineEnds(linesOf(difference), columns));
}

/** What most lines are, and what need not be looked at more closely. */
const PLAIN = /^[ -~→]*$/;

function* withLineEnds(lines: Iterable<string>, columns: number): Generator<string> {
  for (const line of lines) yield `${cutTo(PLAIN.test(line) ? line : clean(line), columns)}\n`;
}

function* linesOf(difference: Difference): Generator<string> {
  yield* headOf("old", difference.old);
  yield* headOf("new", difference.new);
  if (difference.old.offering !== difference.new.offering && difference.old.offering !== null) {
    if (difference.new.offering !== null) yield "     of another offering";
  }
  yield* listOf("NEW", difference.added());
  yield* listOf("GONE", difference.gone());
  const explained = yield* changedLines(difference.changed());
  if (explained.size > 0) yield* ["", 'EXPLAINED by docs/migration.md, "Differences"'];
  for (const [row, count] of explained) yield `${String(count).padStart(7)}  ${row}`;
  const { counts, isEqual } = difference;
  yield "";
  yield isEqual
    ? "equal in path, quotas, permission, GID and status"
    : `${counts.new} new, ${counts.gone} gone, ${counts.changed} changed`;
}

function* headOf(
  which: string,
  { path, entries, directories, date, writer, repeated, nameless }: Source,
): Generator<string> {
  yield `${which}  ${path}`;
  const by = writer === "plugin" ? ", of the Python plugin" : "";
  const some = directories === 0 ? "" : `, of which ${directories} of directories`;
  yield `     ${entries} ${entries === 1 ? "entry" : "entries"}${some}${date === null ? "" : `, ${date}`}${by}`;
  if (repeated > 0) yield `     not compared: ${repeated} with the same resource as an earlier entry`;
  if (nameless > 0) yield `     not compared: ${nameless} without the uuid of a resource`;
}

function* listOf(title: string, list: Iterable<Listed>): Generator<string> {
  let isFirst = true;
  for (const { path, itemId, status, isDirectory, perhaps } of list) {
    if (isFirst) yield* ["", title];
    if (isFirst && perhaps !== null) yield `  perhaps: ${perhaps}`;
    isFirst = false;
    yield path ?? "(no path)";
    yield `  ${itemId}  ${shown(status)}${isDirectory ? ", a directory" : ""}`;
  }
}

/** Shows those that nothing explains; returns how often each reason explains something. */
function* changedLines(changed: Iterable<Changed>): Generator<string, Map<string, number>> {
  const explained = new Map<string, number>();
  let isFirst = true;
  for (const { path, itemId, changes } of changed) {
    for (const { explained: row } of changes)
      if (row !== null) explained.set(row, (explained.get(row) ?? 0) + 1);
    const left = changes.filter((change) => change.explained === null);
    if (left.length === 0) continue;
    if (isFirst) yield* ["", "CHANGED"];
    isFirst = false;
    yield path ?? "(no path)";
    yield `  ${itemId}`;
    for (const change of left) yield* changeLines(change);
  }
  return explained;
}

function* changeLines({ field, old, new: now }: Change): Generator<string> {
  if (field === "path") {
    yield `  path         ${shown(old)}`;
    yield `            →  ${shown(now)}`;
  } else if (field === "quotas" && (isQuotas(old) || isQuotas(now))) {
    for (const [name, words] of QUOTA_WORDS) {
      const [was, is] = [amountOf(old, name), amountOf(now, name)];
      if (was !== is) yield `  ${words.padEnd(11)}  ${was} → ${is}`;
    }
  } else yield `  ${FIELD_WORDS[field].padEnd(11)}  ${shown(old)} → ${shown(now)}`;
}

const QUOTA_WORDS = [
  ["softSpace", "soft space"],
  ["hardSpace", "hard space"],
  ["softInodes", "soft inodes"],
  ["hardInodes", "hard inodes"],
] as const;

type Quotas = Readonly<Record<(typeof QUOTA_WORDS)[number][0], number>>;

function isQuotas(value: unknown): value is Quotas {
  return typeof value === "object" && value !== null && "hardInodes" in value;
}

function amountOf(quotas: unknown, name: keyof Quotas): string {
  if (!isQuotas(quotas)) return shown(quotas);
  return name.endsWith("Space") ? `${quotas[name]} TB` : String(quotas[name]);
}

function shown(value: unknown): string {
  if (value === null) return "none";
  return typeof value === "string" && value !== "" ? value : JSON.stringify(value);
}

/** The same as JSON, in the structure of diff-schema.ts. */
export function diffJson({ added, gone, changed, ...facts }: Difference): Iterable<string> {
  return collectedPieces(jsonParts({ ...facts, added: added(), gone: gone(), changed: changed() }));
}

/** In pieces that are worth a call; what entries leave in memory goes along the way. */
export function* collectedPieces(parts: Iterable<string>): Generator<string> {
  const collect = createCollector(PIECES);
  for (const piece of inPieces(parts)) {
    yield piece;
    collect(1);
  }
}
