// Which acks are still where they were, because the directory of acks does not let them be moved: each is reported
// once, and counts once. If this file is lost, they are reported once more.

import { join } from "node:path";
import { isTable } from "../json.ts";
import { type Output, STATE_DIRECTORY } from "../output/directory.ts";
import { replaceFile } from "../output/durable.ts";
import { readJsonFile } from "../output/state-file.ts";

const JUDGED_FILE = "acks-rejected.json";

/** Identity of the file by its path; empty where nothing is known. */
export function readJudgedAcks(directory: string): Map<string, string> {
  const value = readJsonFile(join(directory, STATE_DIRECTORY, JUDGED_FILE));
  if (!isTable(value) || value.version !== 1 || !isTable(value.acks)) return new Map();
  return new Map(
    Object.entries(value.acks).flatMap(([path, identity]) =>
      typeof identity === "string" ? [[path, identity] as const] : [],
    ),
  );
}

/** Only the last ones are kept if there are very many; the others are then reported again. */
export function writeJudgedAcks(output: Output, acks: ReadonlyMap<string, string>): void {
  const text = JSON.stringify({ version: 1, acks: Object.fromEntries([...acks].slice(-MOST)) });
  replaceFile(output, { name: JUDGED_FILE, place: "state" }, `${text}\n`);
}

const MOST = 20_000;
