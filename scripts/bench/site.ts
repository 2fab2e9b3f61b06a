// The three ways to bring a list of resources to disk that are compared: ours, the best that a shell can do (one curl
// with a range of pages, one jq that makes the same document), and the floor (one curl that throws the same pages away,
// and the same bytes copied to disk with an fsync).

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { rememberDataTypes, storageItem } from "../../lib/storage/items.ts";
import { documentText } from "../../lib/storage/text.ts";
import { resourceFields } from "../../lib/waldur/wire-resource.ts";
import type { BareTask, Names } from "./bare.ts";
import type { Server } from "./server.ts";

export const PAGE_ROWS = 300;
/** What our own run asks for on a server whose rows carry the slugs, and on one where they are joined by project. */
export const FIELDS = resourceFields(true);
export const LOCAL_FIELDS = resourceFields(false);
export const ALL_FIELDS: readonly string[] = [];

const LIVE_STATES = ["Creating", "OK", "Updating", "Terminating", "Erred"];
const STATUSES: Names["statuses"] = {
  Creating: "pending",
  OK: "active",
  Updating: "updating",
  Terminating: "removing",
  Erred: "error",
};

/** Arguments of a curl that GETs something below `/api/`. */
export function curl(server: Server, path: string): string[] {
  return [
    "curl",
    "--silent",
    "--show-error",
    "--fail",
    "-H",
    `Authorization: Token ${server.token}`,
    server.url + path,
  ];
}

/** Path of the live resources, with curl's range for all pages, or only the first one. */
export function pagesPath(server: Server, fields: readonly string[], pages = pageCount(server)): string {
  const query = new URLSearchParams({ offering_uuid: server.offering, visible_to_providers: "true" });
  for (const state of LIVE_STATES) query.append("state", state);
  for (const field of fields) query.append("field", field);
  return `marketplace-provider-resources/?${query}&page_size=${PAGE_ROWS}&page=[1-${pages}]`;
}

export function pageCount({ resources }: Server): number {
  return Math.max(1, Math.ceil(resources / PAGE_ROWS));
}

/** Writes a configuration for our program; the files go to `out` below the directory. */
export function configure(
  server: Pick<Server, "url" | "token" | "offering">,
  directory: string,
  settings: Readonly<Record<string, number>> = {},
): string {
  const lines = Object.entries(settings).map(([key, value]) => `      ${key}: ${value}\n`);
  const path = join(directory, "config.yaml");
  const text = `timezone: UTC
offerings:
  - name: Benchmark
    waldur_api_url: ${server.url}
    waldur_api_token: ${server.token}
    waldur_offering_uuid: ${server.offering}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${join(directory, "out")}
${lines.join("")}`;
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** The file that our program published. */
export function snapshotIn(directory: string): string {
  const out = join(directory, "out");
  const [name] = readdirSync(out).filter((file) => file.endsWith("-all.json"));
  if (name === undefined) throw new Error(`no snapshot in ${out}`);
  return join(out, name);
}

/** So that no run replaces the file of another, which costs time of its own. */
export function sweep(directory: string): void {
  rmSync(join(directory, "out"), { recursive: true, force: true });
}

export type Pipeline = { command: readonly string[]; file: string };

/** One curl, one jq, `sync`, `mv`. What jq cannot compute, the ids, it is given. */
export async function shellPipeline(
  server: Server,
  directory: string,
  fields: readonly string[],
): Promise<Pipeline> {
  const file = join(directory, "pipeline.json");
  const script = `set -euo pipefail
${quoted(curl(server, pagesPath(server, fields)))} | ${quoted(await jqCommand(server))} > ${file}.tmp
sync ${file}.tmp
mv ${file}.tmp ${file}`;
  return { command: ["bash", "-c", script], file };
}

async function jqCommand(server: Server): Promise<string[]> {
  const names = Object.entries(await namesOf(server));
  const given = names.flatMap(([name, value]) => ["--argjson", name, JSON.stringify(value)]);
  return ["jq", "-n", ...given, "-f", join(import.meta.dir, "document.jq")];
}

async function namesOf(server: Server): Promise<Names> {
  const response = await fetch(`${server.url}marketplace-provider-offerings/${server.offering}/?field=slug`, {
    headers: { Authorization: `Token ${server.token}` },
  });
  const { slug }: { slug: string } = JSON.parse(await response.text());
  const dataTypeOf = rememberDataTypes();
  return {
    offering: { uuid: server.offering, slug },
    statuses: STATUSES,
    system: storageItem("storage_system", slug),
    fileSystem: storageItem("storage_file_system", "lustre"),
    dataTypes: Object.fromEntries(
      ["store", "scratch", "archive", "users"].map((key) => [key, dataTypeOf(key)]),
    ),
  };
}

/** The least that a program on our runtime can do (bare.ts), and the file that it makes. */
export async function barePipeline(bare: string, server: Server, directory: string): Promise<Pipeline> {
  const file = join(directory, "bare.json");
  const range = server.url + pagesPath(server, FIELDS);
  const address = range.slice(0, range.lastIndexOf("["));
  const names = await namesOf(server);
  const task: BareTask = { address, pages: pageCount(server), token: server.token, file, names };
  return { command: [bare, JSON.stringify(task)], file };
}

/** The same pages to nowhere, then the bytes of this file to disk. */
export function floor(server: Server, directory: string, bytes: string): readonly string[] {
  const script = `set -e
${quoted([...curl(server, pagesPath(server, FIELDS)), "-o", "/dev/null"])}
dd if=${bytes} of=${directory}/floor.json bs=1M conv=fsync status=none`;
  return ["bash", "-c", script];
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
