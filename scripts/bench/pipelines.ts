// What `sync` races with: the best that a shell can do (one curl with a range of pages, one jq that makes the same
// document), the least that a program on our runtime can do (bare.ts), and the floor (one curl that throws the same
// pages away, and the same bytes copied to disk with an fsync).

import { join } from "pathe";
import { rememberDataTypes, storageItem } from "../../lib/storage/items.ts";
import { statusOfState } from "../../lib/storage/status.ts";
import { documentText } from "../../lib/storage/text.ts";
import { LIVE_STATES } from "../../lib/waldur/vocabulary.ts";
import type { BareTask, Names } from "./bare.ts";
import type { Server } from "./server.ts";
import { curl, curlToNowhere, FIELDS, pageCount, pagePath, pagesPath } from "./site.ts";

export type Pipeline = { command: readonly string[]; file: string };

/** One curl, one jq, `sync`, `mv`. What jq cannot compute, the ids, it is given. */
export async function shellPipeline(server: Server, directory: string): Promise<Pipeline> {
  const file = join(directory, "pipeline.json");
  const names = Object.entries(await namesOf(server));
  const given = names.flatMap(([name, value]) => ["--argjson", name, JSON.stringify(value)]);
  const jq = ["jq", "-n", ...given, "-f", join(import.meta.dir, "document.jq")];
  const script = `set -euo pipefail
${quoted(curl(server, pagesPath(server, FIELDS)))} | ${quoted(jq)} > ${file}.tmp
sync ${file}.tmp
mv ${file}.tmp ${file}`;
  return { command: ["bash", "-c", script], file };
}

export async function barePipeline(server: Server, directory: string, program: string): Promise<Pipeline> {
  const file = join(directory, "bare.json");
  const task: BareTask = {
    address: server.url + pagePath(server, FIELDS),
    pages: pageCount(server),
    token: server.token,
    file,
    names: await namesOf(server),
  };
  return { command: [program, JSON.stringify(task)], file };
}

/** The same pages to nowhere, then the bytes of this file to disk. */
export function floor(server: Server, directory: string, bytes: string): readonly string[] {
  const script = `set -e
${quoted(curlToNowhere(server, FIELDS))}
dd if=${bytes} of=${directory}/floor.json bs=1M conv=fsync status=none`;
  return ["bash", "-c", script];
}

async function namesOf(server: Server): Promise<Names> {
  const response = await fetch(`${server.url}marketplace-provider-offerings/${server.offering}/?field=slug`, {
    headers: { Authorization: `Token ${server.token}` },
  });
  const { slug }: { slug: string } = JSON.parse(await response.text());
  const dataTypeOf = rememberDataTypes();
  const dataTypes = ["store", "scratch", "archive", "users"];
  return {
    offering: { uuid: server.offering, slug },
    statuses: Object.fromEntries(LIVE_STATES.map((state) => [state, statusOfState(state, [])])),
    system: storageItem("storage_system", slug),
    fileSystem: storageItem("storage_file_system", "lustre"),
    dataTypes: Object.fromEntries(dataTypes.map((key) => [key, dataTypeOf(key)])),
  };
}

function quoted(command: readonly string[]): string {
  return command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
}

/** Both documents, the date and the version of the program aside, must be the same to the byte. */
export async function expectSame(ours: string, theirs: string): Promise<void> {
  const [one, other] = await Promise.all([timeless(ours), timeless(theirs)]);
  if (one !== other) throw new Error(`${theirs} is not the document that ${ours} is`);
}

async function timeless(path: string): Promise<string> {
  const document = JSON.parse(await Bun.file(path).text());
  Object.assign(document.meta, { date: "", appVersion: "" });
  return documentText(document);
}
