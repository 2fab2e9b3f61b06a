// Which projects had a GID in an earlier run, a few of each offering: a source that has no GID at all, not even for
// these, counts as one that does not answer. If this file is lost, such a source is believed.

import { join } from "node:path";
import { isTable } from "../json.ts";
import { isPlainUuid } from "../uuid.ts";
import { type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import { readJsonFile } from "./state-file.ts";

const FILE = "gids.json";

/** What is known of one source, for one offering. */
type Known = { source: string; projects: readonly string[] };

export function readGidMemory(
  directory: string,
  { offering, id }: { offering: string; id: string },
): readonly string[] {
  const known = readAll(directory).get(offering);
  return known?.source === id ? known.projects : [];
}

/** Writes nothing when one of the stored ones is still right; those of other offerings stay. */
export function writeGidMemory(output: Output, offering: string, { source, projects }: Known): void {
  const all = readAll(output.directory);
  const before = all.get(offering);
  const isSame = before?.source === source && before.projects.some((one) => projects.includes(one));
  if (projects.length === 0 || isSame) return;
  all.set(offering, { source, projects });
  const text = JSON.stringify({ version: 1, offerings: Object.fromEntries(all) });
  replaceFile(output, { name: FILE, place: "state" }, `${text}\n`);
}

function readAll(directory: string): Map<string, Known> {
  const value = readJsonFile(join(directory, STATE_DIRECTORY, FILE));
  if (!isTable(value) || value.version !== 1 || !isTable(value.offerings)) return new Map();
  return new Map(
    Object.entries(value.offerings).flatMap(([offering, known]): [string, Known][] => {
      if (!isPlainUuid(offering) || !isTable(known)) return [];
      const { source, projects } = known;
      if (typeof source !== "string" || !Array.isArray(projects)) return [];
      const texts = projects.filter((one) => typeof one === "string");
      return [[offering, { source, projects: texts }]];
    }),
  );
}
