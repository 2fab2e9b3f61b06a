// The map of project slug to GID that `unix_gid: file:PATH` names, as JSON, YAML or CSV. Sites generate it, with very
// many lines, so it is scanned (docs/architecture.md, "What is left to libraries"): every place is known, a slug such
// as 0123 or 1e5 is no number, and all but a flat map is refused. A property test compares it with parsers. Another
// program may be writing the map, so a fault in it is not an error of the configuration: a run that needs the GIDs
// refuses it.

import type { ConfigIssue } from "../errors.ts";
import { LAST_GID } from "../gid.ts";
import { PATIENT, type TouchLimits } from "../places/answers.ts";
import type { Changeable } from "../places/changeable.ts";
import { positionAt, readTextFile, type Unreadable } from "../places/text-file.ts";
import { isSegment } from "../segment.ts";

export type GidMap = {
  /** Project slug → GID; empty when there are issues. */
  gids: ReadonlyMap<string, number>;
  /** How many entries the map has. */
  entries: number;
  /** False when the last line may be cut; a JSON map is whole once its last brace is there. */
  endsWithLineBreak: boolean;
  /** What is wrong with the map; with any of them no GID of it may be used. */
  issues: readonly ConfigIssue[];
};

export type ReadGidMap = (GidMap & { changeable: Changeable | null }) | Unreadable;

const MAX_BYTES = 16 * 1_048_576;
const MAX_ISSUES = 10;

type Entry = { offset: number; slug: string; gid: string };
type Scan = { entries: Entry[]; problems: { offset: number; message: string }[] };

/** Reads the whole map, or reports at most ten faults of it. */
export async function readGidFile(path: string, limits: TouchLimits = PATIENT): Promise<ReadGidMap> {
  const file = await readTextFile({ path, shown: `the GID map ${path}`, limitBytes: MAX_BYTES }, limits);
  if ("problem" in file) {
    if (file.line === undefined) return file;
    const { problem, ...rest } = file;
    return faulty([{ file: path, ...rest, message: `the GID map ${problem}` }], null);
  }
  const { changeable } = file;
  const gids = new Map<string, number>();
  const { entries, problems } = scan(path, file.text);
  for (const entry of entries) {
    if (problems.length >= MAX_ISSUES) break;
    const message = entryProblem(entry, gids);
    if (message === null) gids.set(entry.slug, Number(entry.gid));
    else problems.push({ offset: entry.offset, message });
  }
  if (problems.length === 0 && gids.size === 0)
    problems.push({ offset: 0, message: "the GID map has no entry" });
  if (problems.length === 0) {
    const endsWithLineBreak = isJson(path, file.text) || file.text.endsWith("\n");
    return { gids, entries: gids.size, endsWithLineBreak, issues: [], changeable };
  }
  const located = problems
    .toSorted((a, b) => a.offset - b.offset)
    .slice(0, MAX_ISSUES)
    .map(({ offset, message }) => ({ file: path, ...positionAt(file.text, offset), message }));
  return faulty(located, changeable);
}

/** Nothing of such a map may be used. */
function faulty(issues: ConfigIssue[], changeable: Changeable | null): ReadGidMap {
  return { gids: new Map(), entries: 0, endsWithLineBreak: true, issues, changeable };
}

function entryProblem({ slug, gid }: Entry, gids: ReadonlyMap<string, number>): string | null {
  if (!isSegment(slug)) return "this is not a project slug";
  if (!/^[1-9]\d{0,9}$/.test(gid) || Number(gid) > LAST_GID)
    return `a GID must be a whole number from 1 to ${LAST_GID}`;
  return gids.has(slug) ? `the project ${slug} appears twice` : null;
}

/** By the name's ending; without one that we know, by the first character. */
function scan(path: string, text: string): Scan {
  if (isCsv(path)) return scanLines(text, csvReader());
  return isJson(path, text) ? scanJson(text) : scanLines(text, yamlReader());
}

function isCsv(path: string): boolean {
  return /\.csv$/i.test(path);
}

function isJson(path: string, text: string): boolean {
  return !isCsv(path) && (/\.json$/i.test(path) || text.trimStart().startsWith("{"));
}

type Line = { slug: string; gid: string } | "skip" | "wrong";
type LineReader = { read: (line: string) => Line; example: string };

function scanLines(text: string, { read, example }: LineReader): Scan {
  const found: Scan = { entries: [], problems: [] };
  const message = `must be a project slug and its GID, as in ${example}`;
  let offset = 0;
  for (const line of text.split("\n")) {
    const entry = read(line.replace(/[ \t\r]+$/, ""));
    if (entry === "wrong") found.problems.push({ offset, message });
    else if (entry !== "skip") found.entries.push({ offset, ...entry });
    if (found.problems.length >= MAX_ISSUES) break;
    offset += line.length + 1;
  }
  return found;
}

/** `slug,gid`; the first line may be a heading. */
function csvReader(): LineReader {
  let isFirst = true;
  const read = (line: string): Line => {
    if (line.trim() === "" || line.startsWith("#")) return "skip";
    const mayBeHeading = isFirst;
    isFirst = false;
    const [slug, gid, ...more] = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    if (slug === undefined || gid === undefined || more.length > 0) return "wrong";
    return mayBeHeading && /^[a-z_ ]*gid[a-z_ ]*$/i.test(gid) ? "skip" : { slug, gid };
  };
  return { read, example: "climate,30001" };
}

/** A dash and a blank begin a list, three of them a document. */
const YAML_ENTRY =
  /^(?:"([^"\\]*)"|'([^']*)'|((?!-(?:--)?[ \t])[^\s"'#:][^\s:]*))[ \t]*:[ \t]+([^\s#]+)[ \t]*(?:[ \t]#.*)?$/;

/** `slug: gid`, the slug plain or in quotes; one document. */
function yamlReader(): LineReader {
  let part: "head" | "map" | "end" = "head";
  const read = (line: string): Line => {
    if (/^[ \t]*(#.*)?$/.test(line)) return "skip";
    const [, mark] = /^(---|\.\.\.)[ \t]*(?:[ \t]#.*)?$/.exec(line) ?? [];
    if (part === "end" || (mark === "---" && part !== "head")) return "wrong";
    part = mark === "..." ? "end" : "map";
    if (mark !== undefined) return "skip";
    const match = YAML_ENTRY.exec(line);
    const slug = match?.[1] ?? match?.[2] ?? match?.[3];
    return slug === undefined ? "wrong" : { slug, gid: match?.[4] ?? "" };
  };
  return { read, example: "climate: 30001" };
}

function scanJson(text: string): Scan {
  const entries: Entry[] = [];
  const wrong = (offset: number): Scan => ({
    entries,
    problems: [{ offset, message: 'expected a flat JSON object such as {"slug": 30001}' }],
  });
  const pair = /[ \t\r\n]*("(?:[^"\\\n]|\\.)*")[ \t\r\n]*:[ \t\r\n]*([^\s,{}[\]]+)[ \t\r\n]*([,}])/y;
  pair.lastIndex = text.indexOf("{") + 1;
  if (/^[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*$/.test(text)) return { entries, problems: [] };
  if (!/^[ \t\r\n]*\{/.test(text)) return wrong(0);
  for (;;) {
    const start = pair.lastIndex;
    const [whole, key, gid, end] = pair.exec(text) ?? [];
    const offset = start + (/^\s*/.exec(text.slice(start, start + 1000))?.[0].length ?? 0);
    const slug = key === undefined ? null : parseJsonText(key);
    if (whole === undefined || gid === undefined || slug === null) return wrong(offset);
    entries.push({ offset, slug, gid });
    if (end === ",") continue;
    const after = start + whole.length;
    return /^[ \t\r\n]*$/.test(text.slice(after)) ? { entries, problems: [] } : wrong(after);
  }
}

function parseJsonText(quoted: string): string | null {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}

/**
 * Whether a map is only the beginning of itself: its last line has no line break, and it has fewer entries than the
 * last time. Half of a number is a number, so nothing else shows it. `entriesBefore` is null where none is known.
 */
export function isCutMap(
  entriesNow: number,
  entriesBefore: number | null,
  endsWithLineBreak: boolean,
): boolean {
  return !endsWithLineBreak && entriesBefore !== null && entriesNow < entriesBefore;
}
