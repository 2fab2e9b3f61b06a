// The map of project slug to GID that `unix_gid: file:PATH` names, as JSON, YAML or CSV. Sites generate it, for each
// run and with very many lines, so it is scanned line by line (JSON: pair by pair) instead of parsed as a tree: that is
// fast, knows every place, sees duplicates, and never reads a slug such as 0123 or 1e5 as a number. Nested YAML is
// refused, and so is everything else that is not a flat map.
// Such a map may be just being written, so a fault in it is no fault of the configuration: who needs the GIDs refuses.

import type { ConfigIssue } from "../errors.ts";
import { PATIENT, type TouchLimits } from "../places/answers.ts";
import type { Changeable } from "./changeable.ts";
import type { GidFile } from "./config.ts";
import { SEGMENT } from "./kinds.ts";
import { positionAt, readTextFile, type Unreadable } from "./read-file.ts";

export type GidMap = (Omit<GidFile, "kind" | "path"> & { changeable: Changeable | null }) | Unreadable;

const MAX_BYTES = 16 * 1_048_576;
const MAX_ISSUES = 10;
/** The last GID; the one above it means "no group" to the kernel. */
const MAX_GID = 4_294_967_294;

type Entry = { offset: number; slug: string; gid: string };
type Scan = { entries: Entry[]; problems: { offset: number; message: string }[] };

/** Reads the whole map, or says at most ten things that are wrong with it. */
export async function readGidFile(path: string, limits: TouchLimits = PATIENT): Promise<GidMap> {
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
function faulty(issues: ConfigIssue[], changeable: Changeable | null): GidMap {
  return { gids: new Map(), entries: 0, endsWithLineBreak: true, issues, changeable };
}

function entryProblem({ slug, gid }: Entry, gids: ReadonlyMap<string, number>): string | null {
  if (!SEGMENT.test(slug)) return "this is not a project slug";
  if (!/^[1-9]\d{0,9}$/.test(gid) || Number(gid) > MAX_GID)
    return `a GID must be a whole number from 1 to ${MAX_GID}`;
  return gids.has(slug) ? `the project ${slug} appears twice` : null;
}

/** By the name's ending; without one that we know, by the first character. */
function scan(path: string, text: string): Scan {
  if (isCsv(path)) return scanLines(text, csvLine);
  return isJson(path, text) ? scanJson(text) : scanLines(text, yamlLine);
}

function isCsv(path: string): boolean {
  return /\.csv$/i.test(path);
}

function isJson(path: string, text: string): boolean {
  return !isCsv(path) && (/\.json$/i.test(path) || text.trimStart().startsWith("{"));
}

type Line = { slug: string; gid: string } | "skip" | "wrong";

function scanLines(text: string, parse: (line: string, number: number) => Line): Scan {
  const found: Scan = { entries: [], problems: [] };
  let offset = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const parsed = parse(line.trimEnd(), index + 1);
    if (parsed === "wrong") found.problems.push({ offset, message: "must be a project slug and its GID" });
    else if (parsed !== "skip") found.entries.push({ offset, ...parsed });
    if (found.problems.length >= MAX_ISSUES) break;
    offset += line.length + 1;
  }
  return found;
}

/** `slug,gid`; the first line may be a heading. */
function csvLine(line: string, number: number): Line {
  if (line.trim() === "" || line.startsWith("#")) return "skip";
  const [slug, gid, ...more] = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  if (slug === undefined || gid === undefined || more.length > 0) return "wrong";
  return number === 1 && /^[a-z_ ]*gid[a-z_ ]*$/i.test(gid) ? "skip" : { slug, gid };
}

/** `slug: gid`, the slug plain or in quotes. */
function yamlLine(line: string): Line {
  if (/^\s*(#.*)?$/.test(line) || /^(---|\.\.\.)\s*(#.*)?$/.test(line)) return "skip";
  const match = /^(?:"([^"\\]*)"|'([^']*)'|([^\s"'#:][^\s:]*))\s*:\s+([^\s#]+)\s*(?:\s#.*)?$/.exec(line);
  const slug = match?.[1] ?? match?.[2] ?? match?.[3];
  return slug === undefined ? "wrong" : { slug, gid: match?.[4] ?? "" };
}

function scanJson(text: string): Scan {
  const entries: Entry[] = [];
  const wrong = (offset: number): Scan => ({
    entries,
    problems: [{ offset, message: 'expected a flat JSON object such as {"slug": 30001}' }],
  });
  const pair = /\s*("(?:[^"\\\n]|\\.)*")\s*:\s*([^\s,{}[\]]+)\s*([,}])/y;
  pair.lastIndex = text.indexOf("{") + 1;
  if (/^\s*\{\s*\}\s*$/.test(text)) return { entries, problems: [] };
  if (!/^\s*\{/.test(text)) return wrong(0);
  for (;;) {
    const start = pair.lastIndex;
    const [whole, key, gid, end] = pair.exec(text) ?? [];
    const offset = start + (/^\s*/.exec(text.slice(start, start + 1000))?.[0].length ?? 0);
    const slug = key === undefined ? null : parseJsonText(key);
    if (whole === undefined || gid === undefined || slug === null) return wrong(offset);
    entries.push({ offset, slug, gid });
    if (end === ",") continue;
    const after = start + whole.length;
    return text.slice(after).trim() === "" ? { entries, problems: [] } : wrong(after);
  }
}

function parseJsonText(quoted: string): string | null {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}
