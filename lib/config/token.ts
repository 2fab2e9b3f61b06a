// Finds the token of an offering, in the order of docs/contract.md ("Configuration"), and says where it came from. No
// message ever holds the value, nor a path that may be a value in the wrong place.

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Place } from "../places/answers.ts";
import { clean } from "../unsafe-text.ts";
import { reportChangeable } from "./changeable.ts";
import { type Secret, secret } from "./config.ts";
import type { Context, OfferingContext } from "./context.ts";
import type { Report } from "./findings.ts";
import { MISSING, READABLE, readTextFile, type TextFile } from "./read-file.ts";
import type { YamlMap } from "./yaml-map.ts";

/** `shared`: not of this offering alone, but given to all that have no token of their own. */
export type Token = { token: Secret; source: string; shared: boolean };

type Candidate = { text: string; source: string; report: Report; shared?: boolean };
/** "wrong" is reported already. */
type Sought = Candidate | "wrong" | null;

const MAX_BYTES = 64 * 1024;
const CREDENTIAL = "waldur_api_token";
const TOKEN_KEYS = ["waldur_api_token", "waldur_api_token_file"];
const OIDC_KEYS = ["oidc_token_url", "oidc_client_id", "oidc_client_secret"];
const SOURCES =
  "set waldur_api_token or waldur_api_token_file, or give the systemd credential waldur_api_token or the variable WALDUR_API_TOKEN";

/** The first token there is; null, with an error recorded, when there is none or it cannot be a token. */
export async function readToken(offering: OfferingContext, context: Context): Promise<Token | null> {
  const found =
    inline(offering, context) ??
    (await fromFile(offering, context)) ??
    (await fromCredential(offering, context)) ??
    fromEnvironment(offering, context);
  if (found === "wrong") return null;
  if (found === null) {
    if (!TOKEN_KEYS.some((key) => context.meant.has(`${offering.path}.${key}`)))
      reportMissing(offering, context);
    return null;
  }
  const { text, source, shared = false, report } = found;
  const [message, hint] = problemOf(text, source) ?? [];
  if (message === undefined) return { token: secret(text), source, shared };
  report.error(message, hint);
  return null;
}

/** What people, templates and examples write where the token should be. */
const PLACEHOLDERS = [
  /^\$\{.*\}$/,
  /^\$\w+$/,
  /^<.*>$/,
  /^\{\{.*\}\}$/,
  /^%\w+%$/,
  /^__\w+__$/,
  /^(change|replace|fill)[-_ ]?(me|this|in)$/i,
  /^(your|my|insert|enter|put)[-_ ][a-z_ -]*token([-_ ]here)?$/i,
  /^x{3,}$/i,
  /^(todo|tbd)$/i,
];

/** The text stands where something else should have been written. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.some((placeholder) => placeholder.test(text));
}

function problemOf(text: string, source: string): [message: string, hint: string] | null {
  if (isPlaceholder(text)) {
    const hint =
      "nothing is filled in here: write the token itself, or use waldur_api_token_file, the systemd credential waldur_api_token or WALDUR_API_TOKEN";
    return [`the placeholder was not replaced: the token of ${source}`, hint];
  }
  if (/^[\x21-\x7e]+$/.test(text)) return null;
  const wrong = "contains a space, a line break or another character that no token has";
  return [`the token of ${source} ${wrong}`, "copy it again from Waldur"];
}

function inline({ values, at }: OfferingContext, { file }: Context): Sought {
  const text = values.waldur_api_token;
  if (text === undefined) return "wrong";
  return text === null
    ? null
    : { text, source: `waldur_api_token in ${file}`, report: at("waldur_api_token") };
}

async function fromFile({ values, at }: OfferingContext, context: Context): Promise<Sought> {
  const given = values.waldur_api_token_file;
  if (given === undefined) return "wrong";
  if (given === null) return null;
  const report = at("waldur_api_token_file");
  const path = resolve(context.directory, given);
  const shown = isPath(given) ? `the token file ${path}` : "the file that waldur_api_token_file names";
  const { line, problem, worldReadable, changeable } = await readFirstLine({ path, shown }, context);
  if (problem === null) {
    reportChangeable(changeable, { report, file: path }, context);
    if (worldReadable && !isPlaceholder(line)) reportOpenToken(report, path, context);
    return { text: line, source: `waldur_api_token_file ${path}`, report };
  }
  const isMissing = problem === MISSING;
  // What is there under that name is a file, whatever the name looks like.
  const isShown = !isMissing || isPath(given);
  report.error(
    `${isShown ? path : "the file that it names"} ${problem}`,
    isMissing ? hintForMissing(given, context) : hintForUnusable(problem),
  );
  return "wrong";
}

function hintForMissing(given: string, { directory }: Context): string {
  if (!isPath(given))
    return "name a file with the token in its first line; a token itself goes into waldur_api_token";
  const write = "write the token into the first line of that file, or correct the path";
  return given.startsWith("/") ? write : `${write}, which is taken from ${directory}`;
}

function hintForUnusable(problem: string): string {
  return problem.includes("permission denied") ? READABLE : "it must hold the token in its first line";
}

/** A long word may be the token itself, in the wrong place. */
function isPath(given: string): boolean {
  return /[/.]/.test(given) || given.length < 16;
}

/** A systemd credential (`LoadCredential=waldur_api_token:…`). */
async function fromCredential({ at }: OfferingContext, context: Context): Promise<Sought> {
  const directory = context.env.CREDENTIALS_DIRECTORY;
  if (directory === undefined || directory === "") return null;
  const path = join(directory, CREDENTIAL);
  const text = await readFirstLine({ path, shown: `the systemd credential ${path}` }, context);
  const report = at("waldur_api_token");
  if (text.problem === null)
    return { text: text.line, source: `systemd credential ${path}`, report, shared: true };
  if (text.problem === MISSING) return null;
  report.error(`the systemd credential ${path} ${text.problem}`, hintForUnusable(text.problem));
  return "wrong";
}

function fromEnvironment({ at }: OfferingContext, { env }: Context): Sought {
  const text = env.WALDUR_API_TOKEN?.trim() ?? "";
  const source = "WALDUR_API_TOKEN in the environment";
  return text === "" ? null : { text, source, report: at("waldur_api_token"), shared: true };
}

type FirstLine = Omit<TextFile, "text"> & { line: string; problem: string | null };

async function readFirstLine(place: Place, { limits }: Context): Promise<FirstLine> {
  const file = await readTextFile({ ...place, limitBytes: MAX_BYTES }, limits);
  if ("problem" in file) return { line: "", problem: file.problem, worldReadable: false, changeable: null };
  const { text, ...access } = file;
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  return { line, problem: line === "" ? "is empty" : null, ...access };
}

/** A file with a token in it that everybody can read. */
export function reportOpenToken(report: Report, file: string, { allowInsecure }: Context): void {
  const say = allowInsecure ? report.warn : report.error;
  say(`everybody on this machine can read the token in ${file}`, `chmod 640 ${file}`);
}

function reportMissing({ given, at }: OfferingContext, { env }: Context): void {
  const oidc = OIDC_KEYS.find((key) => !isBlank(given, key));
  if (oidc !== undefined) {
    at(oidc).error("OIDC is not supported, and there is no token", SOURCES);
    return;
  }
  const directory = env.CREDENTIALS_DIRECTORY ?? "";
  const looked =
    directory === "" ? "" : ` (looked for ${CREDENTIAL} in ${directory}, ${contentsOf(directory)})`;
  at("waldur_api_token").error(`there is no token${looked}`, SOURCES);
}

const MAX_NAMES = 10;

/** The names of the credentials that are there. */
function contentsOf(directory: string): string {
  try {
    const names = readdirSync(directory).toSorted().map(clean);
    if (names.length === 0) return "which is empty";
    const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : "";
    return `which has ${names.slice(0, MAX_NAMES).join(", ")}${more}`;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing ? "which does not exist" : "which cannot be read";
  }
}

export function isBlank(given: YamlMap, key: string): boolean {
  const value = given[key] ?? null;
  return value === null || (typeof value === "string" && value.trim() === "");
}
