// Turns the configuration file into a Config, or into all errors in it at once (docs/contract.md, "Configuration"). It
// only reads files: no request is sent and nothing is created.

import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { ConfigError } from "../errors.ts";
import {
  type Entry,
  entriesOf,
  type OfferingContext,
  openOffering,
  reportNoneOfOurs,
  warnNearBackend,
} from "../keys/entries.ts";
import { reportIssues, withoutWrong } from "../keys/issues.ts";
import { File, type OfferingValues } from "../keys/schema.ts";
import { isKnownKey, reportUnknownKeys } from "../keys/unknown.ts";
import { PATIENT, type TouchLimits } from "../places/answers.ts";
import { READABLE, readTextFile, type TextFile } from "../places/text-file.ts";
import { openDocument } from "../yaml/document.ts";
import { createFindings, type Findings } from "../yaml/findings.ts";
import { isBlank, isYamlMap, type YamlMap } from "../yaml/map.ts";
import { type CompleteOffering, compareOfferings } from "./between-offerings.ts";
import type { Config } from "./config.ts";
import { reportChangeable, reportOpenToken } from "./exposed.ts";
import type { LoadContext } from "./load-context.ts";
import { completeOffering, type OfferingInputs } from "./offering.ts";
import { storageSettings } from "./storage-settings.ts";
import { isPlaceholder } from "./token.ts";

export type LoadOptions = {
  env: Readonly<Record<string, string | undefined>>;
  /** A relative `output_directory` is taken from here. */
  cwd: string;
  /** Accept files that others can change, and one with a token that everybody can read, with a warning. */
  allowInsecure: boolean;
  /** How long each file that is read may take to answer; half a minute where absent. */
  limits?: TouchLimits;
  /** Which offerings the command takes: in them a key that is nearly one of ours is an error. Left out: all. */
  takes?: (offering: { uuid: string; sync: boolean; orders: boolean }) => boolean;
  /** Reads what only this command needs of each offering that it takes, and reports errors in it. */
  readMore?: (offering: OfferingContext, findings: Findings) => void;
  /** False for a command that sends no requests: then no token is looked for. Left out: true. */
  needsToken?: boolean;
};

const MAX_BYTES = 1_048_576;

/** Loads and validates the whole file; throws ConfigError with all errors, in the order of the file. */
export async function loadConfig(path: string, options: LoadOptions): Promise<Config> {
  const absolute = resolve(options.cwd, path);
  const { limits = PATIENT } = options;
  const text = await readFile(absolute, path, limits);
  const document = await openDocument(text.text, path, isKnownKey);
  const findings = createFindings(path, document);
  reportChangeable(text.changeable, { report: findings.at([]), file: path }, options);
  const file = openFile(document.root, findings);
  const entries = file && entriesOf(file, findings);
  if (file === null || entries === null) throw new ConfigError((await findings.located()).errors);
  const parsed = v.safeParse(File, file);
  const values = parsed.success ? parsed.output : withoutWrong(parsed.output, parsed.issues);
  const offerings = entries.flatMap((entry) => openOffering(entry, values, findings));
  const { env, cwd, allowInsecure, takes = () => true, needsToken = true } = options;
  const isTaken = ({ values: { waldur_offering_uuid: uuid = "" }, sync, orders }: OfferingContext) =>
    takes({ uuid, sync, orders });
  const marked = offerings.map((offering) => ({ index: offering.index, isTaken: isTaken(offering) }));
  const meant = await reportUnknownKeys(file, marked, { document, findings });
  reportIssues(parsed.issues ?? [], meant, findings);

  const places = { file: path, directory: dirname(absolute), cwd, env };
  const context = { findings, meant, ...places, allowInsecure, needsToken, limits, gidFiles: new Map() };
  if (text.worldReadable) reportOpenFile(entries, context);
  if (entries.length > 0 && offerings.length === 0) reportNoneOfOurs(file, entries, findings);
  else for (const entry of entries) warnNearBackend(entry, findings);
  const complete: CompleteOffering[] = [];
  for (const offering of offerings) {
    complete.push({ ...offering, inputs: await completeOffering(offering, context) });
    if (isTaken(offering)) options.readMore?.(offering, findings);
  }
  await compareOfferings(complete, limits);

  const { errors, warnings } = await findings.located();
  if (errors.length > 0 || !parsed.success) throw new ConfigError(errors);
  const { timezone, global_proxy: proxy } = parsed.output;
  return {
    path: absolute,
    timezone,
    offerings: complete.map(({ index, inputs, sync, orders }) => ({
      ...offeringConfig(parsed.output.offerings[index], inputs),
      locate: (keys) => findings.placeOf(["offerings", index, ...keys]),
      proxy,
      sync,
      orders,
    })),
    locate: findings.placeOf,
    warnings,
  };
}

async function readFile(absolute: string, path: string, limits: TouchLimits): Promise<TextFile> {
  const reading = { path: absolute, shown: `the configuration file ${path}`, limitBytes: MAX_BYTES };
  const file = await readTextFile(reading, limits);
  if (!("problem" in file)) return file;
  const { problem, hint = hintFor(file.problem), ...position } = file;
  throw new ConfigError([{ file: path, ...position, message: `the configuration file ${problem}`, hint }]);
}

function hintFor(problem: string): string {
  return problem.includes("permission denied") ? READABLE : "give the configuration file with --config FILE";
}

function openFile(root: unknown, findings: Findings): YamlMap | null {
  if (isYamlMap(root)) return root;
  const top = findings.at([]);
  if (root === null) top.error("the configuration file is empty", "it needs a list of offerings");
  else top.error("must be a map of keys and values", "it starts with `offerings:`");
  return null;
}

/** The token of an offering of another backend is as secret as ours. */
function reportOpenFile(entries: readonly Entry[], context: LoadContext): void {
  const first = entries.find(({ given }) => !isBlank(given, "waldur_api_token") && !hasPlaceholder(given));
  if (first !== undefined) {
    const place = ["offerings", first.index, "waldur_api_token"];
    reportOpenToken(context.findings.at(place), context.file, context);
    return;
  }
  const other = entries.find(({ given: { backend_settings: settings } }) => hasClientSecret(settings));
  if (other === undefined) return;
  const place = ["offerings", other.index, "backend_settings", "hpc_user_client_secret"];
  reportOpenToken(context.findings.at(place), context.file, { ...context, what: "client secret" });
}

/** One that this program uses: files of the Python plugin may have the key, too. */
function hasClientSecret(settings: unknown): boolean {
  return isYamlMap(settings) && settings.unix_gid === "http" && !isBlank(settings, "hpc_user_client_secret");
}

/** A placeholder is not a secret; it is reported as a placeholder. */
function hasPlaceholder(given: YamlMap): boolean {
  const token = given.waldur_api_token;
  return typeof token === "string" && isPlaceholder(token.trim());
}

function offeringConfig(values: OfferingValues | null | undefined, inputs: OfferingInputs) {
  const { token, outputDirectory, unixGid, caPem } = inputs;
  if (!values || token === null || outputDirectory === null || unixGid === null)
    throw new Error("an offering is incomplete, but no error was reported");
  return {
    name: values.name ?? values.waldur_offering_uuid,
    uuid: values.waldur_offering_uuid,
    apiUrl: values.waldur_api_url,
    token: token.token,
    tokenSource: token.source,
    verifyTls: values.verify_ssl,
    caPem,
    settings: storageSettings(values.backend_settings, { outputDirectory, unixGid }),
    component: values.backend_components,
  };
}
