// `unix_gid`: where the GID of a project comes from. The map of `file:PATH` is read here, so that a mistake in it shows
// before any request is sent.

import { resolve } from "node:path";
import type { UnixGidSource } from "./config.ts";
import type { Context } from "./context.ts";
import { readGidFile } from "./gids.ts";
import { readText, readWord } from "./readers.ts";
import type { Reader } from "./section.ts";

const INSTEAD = "use metadata, or file:PATH with a map of project slug to GID";
const readKeyword = readWord(["metadata"], { waldur: INSTEAD, getent: INSTEAD });

/** `metadata`, or `file:PATH`, relative to the configuration file (docs/contract.md, "Configuration"). */
export function readUnixGid(context: Context): Reader<UnixGidSource> {
  return (spot) => {
    const text = readText(spot);
    if (!("value" in text)) return text;
    if (text.value.startsWith("file:")) return readMap(text.value.slice("file:".length).trim(), context);
    const word = readKeyword(spot);
    if ("value" in word) return { value: { kind: "metadata" } };
    return { hint: INSTEAD, ...word };
  };
}

function readMap(given: string, { directory, gidFiles }: Context): ReturnType<Reader<UnixGidSource>> {
  if (given === "") return { problem: "needs a path after `file:`" };
  if (given.startsWith("~"))
    return { problem: "starts with ~, which is not expanded", hint: "write the path in full" };
  const path = resolve(directory, given);
  const known = gidFiles.get(path);
  const map = known ?? readGidFile(path);
  gidFiles.set(path, map);
  if ("gids" in map) return { value: { kind: "file", path, gids: map.gids } };
  if ("problem" in map) {
    const hint = `it is taken from ${directory} when it is not absolute`;
    return { hint, ...map, problem: `names ${path}, which ${map.problem}` };
  }
  return { elsewhere: known === undefined ? map.issues : [] };
}
