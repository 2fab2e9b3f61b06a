// A configuration in a temporary directory, for the tests of lib/config and lib/keys.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config, OfferingConfig } from "../../../lib/config/config.ts";
import { type LoadOptions, loadConfig } from "../../../lib/config/load.ts";
import { ConfigError, type ConfigIssue, formatIssue } from "../../../lib/errors.ts";
import { scratchDirectory } from "../../scratch.ts";

export const UUID = "d629d5e45567425da9cdb4a1d5a1f5d0";
export const OTHER_UUID = "0123456789abcdef0123456789abcdef";
/** Must never show up in any message. */
export const CANARY = "canary0c0ffee0c0ffee0c0ffee0c0ffee0c0ffe";

export type Options = {
  env?: Record<string, string>;
  allowInsecure?: boolean;
  mode?: number;
  cwd?: string;
  takes?: LoadOptions["takes"];
};

export type Outcome = { config: Config | null; issues: readonly ConfigIssue[]; shown: string };

export function temporaryDirectory(): string {
  return scratchDirectory("config-");
}

export type Site = {
  directory: string;
  write(name: string, content: string | Uint8Array, mode?: number): string;
  load(yaml: string | Uint8Array, options?: Options): Promise<Outcome>;
};

/** A directory with a configuration file, which is 0640 unless the test says otherwise. */
export function createSite(): Site {
  const directory = temporaryDirectory();
  const write = (name: string, content: string | Uint8Array, mode = 0o640) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  return {
    directory,
    write,
    load: (yaml, options = {}) =>
      attempt(write("config.yaml", yaml, options.mode), { cwd: directory, ...options }),
  };
}

/** Loads, and turns a ConfigError into its issues; any other error fails the test. */
export async function attempt(path: string, options: Options): Promise<Outcome> {
  const { env = {}, cwd = "/srv", allowInsecure = false, takes } = options;
  try {
    const config = await loadConfig(path, { env, cwd, allowInsecure, ...(takes && { takes }) });
    return { config, issues: [], shown: describe(config.warnings) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: null, issues: error.issues, shown: `${error.message}\n${describe(error.issues)}` };
  }
}

function describe(issues: readonly ConfigIssue[]): string {
  return issues.map((issue) => `${formatIssue(issue)} hint: ${issue.hint}`).join("\n");
}

/** One offering, with further lines for it and for its settings; each line as it would be at the left margin. */
export function offeringYaml(
  parts: { offering?: string[]; settings?: string[]; without?: string[] } = {},
): string {
  const { offering = [], settings = ["output_directory: /srv/out"], without = [] } = parts;
  const given = new Set([...offering.map(keyOf), ...without]);
  const defaults = [
    "name: Storage",
    "waldur_api_url: https://waldur.example.com/api/",
    `waldur_api_token: ${CANARY}`,
    `waldur_offering_uuid: ${UUID}`,
    "backend_type: cscs-hpc-storage",
    "order_processing_backend: cscs-hpc-storage",
  ].filter((line) => !given.has(keyOf(line)));
  const block = settings.length === 0 ? [] : ["backend_settings:", ...settings.map((line) => `  ${line}`)];
  return `  - ${[...defaults, ...offering, ...block].join("\n    ")}\n`;
}

export function configYaml(...offerings: string[]): string {
  return `offerings:\n${offerings.join("")}`;
}

function keyOf(line: string): string {
  return line.split(":", 1)[0] ?? "";
}

/** The only offering of a configuration that must have loaded. */
export function onlyOffering({ config, shown }: Outcome): OfferingConfig {
  const [offering, ...more] = config?.offerings ?? [];
  if (offering === undefined || more.length > 0) throw new Error(`expected one offering:\n${shown}`);
  return offering;
}

/** Root may read everything, so it steps down for a moment. */
export async function asNobody<Result>(act: () => Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    return await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
