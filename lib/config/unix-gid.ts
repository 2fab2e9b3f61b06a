// `unix_gid`: where the GID of a project comes from. The map of `file:PATH` is read once for all offerings; a map
// that cannot be found or opened is an error of the configuration, one with a fault goes along with its issues.

import { resolve } from "node:path";
import { reportChangeable } from "./changeable.ts";
import type { UnixGidSource } from "./config.ts";
import type { Context } from "./context.ts";
import type { Report } from "./findings.ts";
import { readGidFile } from "./gids.ts";
import { notHome } from "./kinds.ts";
import { nearestWord } from "./nearest.ts";
import { READABLE } from "./read-file.ts";

const INSTEAD = "use metadata, or file:PATH with a map of project slug to GID";

/** `path` as it is written: relative to the configuration file. */
export type GidSource = { kind: "metadata" } | { kind: "file"; path: string };

/** What is wrong with `metadata`, or `file:PATH` (docs/contract.md, "Configuration"). */
export function unixGidProblem(text: string): string | null {
  const path = pathIn(text);
  if (path === "") return "needs a path after `file:`";
  if (path !== null) return notHome(path);
  if (text === "metadata") return null;
  if (text === "waldur" || text === "getent")
    return `\`${text}\` is not available in this version\n${INSTEAD}`;
  const isNear = nearestWord(text, ["metadata"]) !== null;
  return `must be one of metadata, file:PATH\n${isNear ? "did you mean metadata?" : INSTEAD}`;
}

export function gidSource(text: string): GidSource {
  const path = pathIn(text);
  return path === null ? { kind: "metadata" } : { kind: "file", path };
}

function pathIn(text: string): string | null {
  return text.startsWith("file:") ? text.slice("file:".length).trim() : null;
}

function hintFor(problem: string, given: string, directory: string): string {
  if (problem.includes("permission denied")) return READABLE;
  const hint = "write the map there, or correct the path";
  return given.startsWith("/") ? hint : `${hint}, which is taken from ${directory}`;
}

/** With the map that it names; null where there is none, which is reported. */
export async function readUnixGid(
  source: GidSource,
  context: Context,
  report: Report,
): Promise<UnixGidSource | null> {
  if (source.kind === "metadata") return source;
  const { directory, gidFiles } = context;
  const path = resolve(directory, source.path);
  const known = gidFiles.get(path);
  const map = known ?? (await readGidFile(path, context.limits));
  gidFiles.set(path, map);
  if ("problem" in map) {
    const hint = map.hint ?? hintFor(map.problem, source.path, directory);
    report.error(`names ${path}, which ${map.problem}`, hint);
    return null;
  }
  const { changeable, ...content } = map;
  if (known === undefined) reportChangeable(changeable, { report, file: path }, context);
  // Half of a line may be half of a number.
  if (known === undefined && !map.endsWithLineBreak) {
    const message = `the last line of ${path} has no line break: it may be cut`;
    report.warn(message, "end the map with a line break, and replace it by renaming a whole one");
  }
  return { kind: "file", path, ...content };
}
