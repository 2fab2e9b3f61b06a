// `unix_gid`: where the GID of a project comes from. The map of `file:PATH` is read here, once for all offerings; a map
// that cannot be found or opened is an error of the configuration, one with a fault goes along with its issues.

import { resolve } from "node:path";
import { reportChangeable } from "./changeable.ts";
import type { UnixGidSource } from "./config.ts";
import type { Context } from "./context.ts";
import { readGidFile } from "./gids.ts";
import { readText, readWord } from "./readers.ts";
import type { Reader, Spot } from "./section.ts";

const INSTEAD = "use metadata, or file:PATH with a map of project slug to GID";
const readKeyword = readWord(["metadata"], { waldur: INSTEAD, getent: INSTEAD });

/** `metadata`, or `file:PATH`, relative to the configuration file (docs/contract.md, "Configuration"). */
export function readUnixGid(context: Context): Reader<UnixGidSource> {
  return (spot) => {
    const text = readText(spot);
    if (!("value" in text)) return text;
    if (text.value.startsWith("file:"))
      return readMap(text.value.slice("file:".length).trim(), spot, context);
    const word = readKeyword(spot);
    if ("value" in word) return { value: { kind: "metadata" } };
    return { hint: INSTEAD, ...word };
  };
}

function readMap(given: string, spot: Spot, context: Context): ReturnType<Reader<UnixGidSource>> {
  const { directory, gidFiles, findings } = context;
  if (given === "") return { problem: "needs a path after `file:`" };
  if (given.startsWith("~"))
    return { problem: "starts with ~, which is not expanded", hint: "write the path in full" };
  const path = resolve(directory, given);
  const known = gidFiles.get(path);
  const map = known ?? readGidFile(path);
  gidFiles.set(path, map);
  if (!("problem" in map)) {
    const { changeable, ...content } = map;
    if (known === undefined) {
      warnOfLastLine(map, { path, spot }, findings);
      reportChangeable(changeable, { place: spot, file: path }, context);
    }
    return { value: { kind: "file", path, ...content } };
  }
  const hint = `it is taken from ${directory} when it is not absolute`;
  return { hint, ...map, problem: `names ${path}, which ${map.problem}` };
}

/** Half of a line may be half of a number. */
function warnOfLastLine(
  { endsWithLineBreak }: { endsWithLineBreak: boolean },
  { path, spot }: { path: string; spot: Spot },
  findings: Context["findings"],
): void {
  if (endsWithLineBreak) return;
  const message = `the last line of ${path} has no line break: it may be cut`;
  findings.warn(spot, message, "end the map with a line break, and replace it by renaming a whole one");
}
