// `unix_gid`: where the GID of a project comes from. The map of `file:PATH` is read once for all offerings; one that
// cannot be read is an error of the configuration, one with faults is returned with them (lib/gid-map/read.ts). A run
// queries the other sources; what they need is read here.

import { resolve } from "node:path";
import { readGidFile } from "../gid-map/read.ts";
import type { OfferingContext } from "../keys/entries.ts";
import type { GidSource } from "../keys/gid-source.ts";
import { READABLE } from "../places/text-file.ts";
import type { Report } from "../yaml/findings.ts";
import type { UnixGidSource } from "./config.ts";
import { reportChangeable } from "./exposed.ts";
import type { LoadContext } from "./load-context.ts";

function hintFor(problem: string, given: string, directory: string): string {
  if (problem.includes("permission denied")) return READABLE;
  const hint = "write the map there, or correct the path";
  return given.startsWith("/") ? hint : `${hint}, which is resolved in ${directory}`;
}

/** The source with what it needs; null where there is an error, which is reported. */
export async function readUnixGid(
  source: GidSource,
  offering: OfferingContext,
  context: LoadContext,
): Promise<UnixGidSource | null> {
  switch (source.kind) {
    case "file":
      return readMap(source.path, context, offering.atSetting("unix_gid"));
    case "http": {
      const { readGidService } = await import("./hpc-user.ts");
      return readGidService(offering, context);
    }
    case "getent":
      return source;
    default:
      return { kind: source.kind };
  }
}

async function readMap(given: string, context: LoadContext, report: Report): Promise<UnixGidSource | null> {
  const { directory, gidFiles } = context;
  const path = resolve(directory, given);
  const known = gidFiles.get(path);
  const map = known ?? (await readGidFile(path, context.limits));
  gidFiles.set(path, map);
  if ("problem" in map) {
    const hint = map.hint ?? hintFor(map.problem, given, directory);
    report.error(`names ${path}, which ${map.problem}`, hint);
    return null;
  }
  const { changeable, ...content } = map;
  if (known === undefined) reportChangeable(changeable, { report, file: path }, context);
  // An incomplete line may end with an incomplete number.
  if (known === undefined && !map.endsWithLineBreak) {
    const message = `the last line of ${path} has no line break: it may be incomplete`;
    report.warn(
      message,
      "end the last line with a line break, and replace the map by renaming a complete one",
    );
  }
  return { kind: "file", path, ...content };
}
