// One of our programs beside a simulated Waldur: its configuration, its commands, its file; and what a curl asks for.

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { LIVE_STATES } from "../../lib/waldur/vocabulary.ts";
import { resourceFields } from "../../lib/waldur/wire-resource.ts";
import type { Bench } from "./bench.ts";
import type { Server } from "./server.ts";

/** All that a document is made of, each on its row; and without the columns that `sync` joins by project. */
export const FIELDS = resourceFields(true);
export const LOCAL_FIELDS = resourceFields(false);

const PAGE_ROWS = 300;

export type Site = {
  directory: string;
  /** Our program with this configuration. */
  command(mode: "sync" | "orders", ...flags: readonly string[]): readonly string[];
  /** A first `sync`: what was published is removed, because replacing a file costs time of its own. */
  freshSync(): readonly string[];
  /** The published snapshot. */
  snapshot(): string;
};

export function openSite(
  bench: Bench,
  server: Server,
  settings: Readonly<Record<string, number>> = {},
): Site {
  const directory = bench.directory();
  const out = join(directory, "out");
  const config = join(directory, "config.yaml");
  const lines = Object.entries(settings).map(([key, value]) => `      ${key}: ${value}\n`);
  const text = `timezone: UTC
offerings:
  - name: Benchmark
    waldur_api_url: ${server.url}
    waldur_api_token: ${server.token}
    waldur_offering_uuid: ${server.offering}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
${lines.join("")}`;
  writeFileSync(config, text, { mode: 0o600 });
  const command: Site["command"] = (mode, ...flags) => [bench.binary, mode, "-c", config, ...flags];
  return {
    directory,
    command,
    freshSync() {
      rmSync(out, { recursive: true, force: true });
      return command("sync");
    },
    snapshot() {
      const [name] = readdirSync(out).filter((file) => file.endsWith("-all.json"));
      if (name === undefined) throw new Error(`no snapshot in ${out}`);
      return join(out, name);
    },
  };
}

/** A curl that GETs something below `/api/`. */
export function curl(server: Server, path: string): string[] {
  const token = `Authorization: Token ${server.token}`;
  return ["curl", "--silent", "--show-error", "--fail", "-H", token, server.url + path];
}

/** All pages, thrown away. Without fields the server sends all that it has. */
export function curlToNowhere(server: Server, fields: readonly string[]): string[] {
  return [...curl(server, pagesPath(server, fields)), "-o", "/dev/null"];
}

/** Path of all pages of live resources, with curl's range. */
export function pagesPath(server: Server, fields: readonly string[]): string {
  return `${pagePath(server, fields)}[1-${pageCount(server)}]`;
}

/** The same without the number of the page at its end. */
export function pagePath(server: Server, fields: readonly string[]): string {
  const query = new URLSearchParams({ offering_uuid: server.offering, visible_to_providers: "true" });
  for (const state of LIVE_STATES) query.append("state", state);
  for (const field of fields) query.append("field", field);
  return `marketplace-provider-resources/?${query}&page_size=${PAGE_ROWS}&page=`;
}

export function pageCount({ resources }: Server): number {
  return Math.ceil(resources / PAGE_ROWS);
}
