// Turns the configuration file into a Config, or into every mistake in it at once (docs/contract.md, "Configuration").
// Touches the file system only, to read: no request is sent and nothing is created.

import { dirname, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import { reportChangeable } from "./changeable.ts";
import type { Config } from "./config.ts";
import { readProxy } from "./connection.ts";
import type { Context } from "./context.ts";
import { createFindings } from "./findings.ts";
import { warnUnknownKeys } from "./known-keys.ts";
import { readOfferings } from "./offerings.ts";
import { readTextFile, type TextFile } from "./read-file.ts";
import { readText, unlessBlank } from "./readers.ts";
import { isNull, openSection, type Reader, type Section } from "./section.ts";
import { parseYaml, type YamlTree } from "./yaml.ts";
import { startOf } from "./yaml-nodes.ts";

export type LoadOptions = {
  env: Readonly<Record<string, string | undefined>>;
  /** A relative `output_directory` is taken from here. */
  cwd: string;
  /** Accept files that others can change, and one with a token that everybody can read, with a warning. */
  allowInsecure: boolean;
};

const MAX_BYTES = 1_048_576;

/** Loads and validates the whole file; throws ConfigError with all its issues, in the order of the file. */
export async function loadConfig(path: string, options: LoadOptions): Promise<Config> {
  const { cwd, env } = options;
  const file = readFile(resolve(cwd, path), path);
  const tree = parseYaml(file.text, path);
  const findings = createFindings(path, tree.positionOf);
  const directory = dirname(resolve(cwd, path));
  const context: Context = {
    tree,
    findings,
    file: path,
    directory,
    cwd,
    env,
    worldReadable: file.worldReadable,
    allowInsecure: options.allowInsecure,
    gidFiles: new Map(),
  };

  reportChangeable(file.changeable, { place: { path: "", offset: 0 }, file: path }, context);
  const top = openTop(tree, context);
  const proxy = top.read("global_proxy", unlessBlank(readProxy), null);
  const timezone = top.read("timezone", unlessBlank(readTimezone), null);
  const drafts = await readOfferings(top, proxy, context);

  const errors = findings.errors();
  if (errors.length > 0) throw new ConfigError(errors);
  const offerings = drafts.map(({ config }) => config);
  return { path: resolve(cwd, path), timezone, offerings, warnings: findings.warnings() };
}

function readFile(absolute: string, path: string): TextFile {
  const file = readTextFile(absolute, MAX_BYTES);
  if (!("problem" in file)) return file;
  const { problem, hint = hintFor(file.problem), ...position } = file;
  throw new ConfigError([{ file: path, ...position, message: `the configuration file ${problem}`, hint }]);
}

function hintFor(problem: string): string {
  return problem.includes("permission denied")
    ? "give the user that runs this the right to read it: chgrp, and chmod 640"
    : "name the configuration file with --config FILE";
}

function openTop(tree: YamlTree, context: Context): Section {
  const { root } = tree;
  const offset = root === null ? 0 : startOf(root);
  const spot = { path: "", offset, keyOffset: offset, node: root };
  if (isNull(spot))
    context.findings.error(spot, "the configuration file is empty", "it needs a list of offerings");
  const top = isNull(spot) ? null : openSection(spot, context);
  if (top === null) throw new ConfigError(context.findings.errors());
  warnUnknownKeys(top, "top", context.findings);
  return top;
}

const readTimezone: Reader<string> = (spot) => {
  const text = readText(spot);
  if (!("value" in text)) return text;
  if (isTimezone(text.value)) return text;
  return { problem: "is not a time zone that is known here", hint: "for example UTC or Europe/Zurich" };
};

/** Intl would also take an offset such as `+01:00`, which is no zone: it has no summer. Asking it takes 10 ms. */
function isTimezone(name: string): boolean {
  if (name === "UTC") return true;
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
