// Finds the token of an offering, in the order of docs/contract.md ("Configuration"), and where it came from; other
// secrets are found the same way. No message contains the value, nor a path that may be a value in the wrong place.

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { OfferingContext } from "../keys/entries.ts";
import type { Place } from "../places/answers.ts";
import { MISSING, READABLE, readTextFile, type TextFile } from "../places/text-file.ts";
import { clean } from "../unsafe-text.ts";
import type { Report } from "../yaml/findings.ts";
import { isBlank } from "../yaml/map.ts";
import { type Secret, secret } from "./config.ts";
import { reportChangeable, reportOpenToken } from "./exposed.ts";
import type { LoadContext } from "./load-context.ts";

/** `shared`: not of this offering alone, but given to all that have no token of their own. */
export type Token = { token: Secret; source: string; shared: boolean };

/** `isInline`: it is the value of the key at which it is reported. */
type Candidate = { text: string; source: string; report: Report; isInline?: boolean; shared?: boolean };
/** "wrong": an error that is reported already. */
type Sought = Candidate | "wrong" | null;

/** For a command that needs none. */
export const NO_TOKEN: Token = { token: secret(""), source: "none", shared: false };

const MAX_BYTES = 64 * 1024;
const OIDC_KEYS = ["oidc_token_url", "oidc_client_id", "oidc_client_secret"];

/** A secret that is found in one of four places. */
export type SecretPlaces = {
  /** `token` or `client secret`. */
  what: string;
  /** The key that holds it, which is also the name of the systemd credential. */
  key: string;
  /** The value of that key, and of the one that names a file; undefined where it is wrong, which is reported. */
  inline: string | null | undefined;
  file: string | null | undefined;
  /** The name in the environment. */
  variable: string;
  /** Where people copy it from. */
  origin: string;
  at: OfferingContext["at"];
};

function sourcesOf({ key, variable }: Pick<SecretPlaces, "key" | "variable">): string {
  return `set ${key} or ${key}_file, the systemd credential ${key}, or the variable ${variable}`;
}

function tokenPlaces({ values, at }: OfferingContext): SecretPlaces {
  const { waldur_api_token: inline, waldur_api_token_file: file } = values;
  const names = { what: "token", key: "waldur_api_token", variable: "WALDUR_API_TOKEN", origin: "Waldur" };
  return { ...names, inline, file, at };
}

/** The first token that is found; null, reported, where there is none or it cannot be a token. */
export async function readToken(offering: OfferingContext, context: LoadContext): Promise<Token | null> {
  const places = tokenPlaces(offering);
  return readSecret(places, context, () => {
    const keys = [places.key, `${places.key}_file`];
    if (!keys.some((key) => context.meant.has(`${offering.path}.${key}`)))
      reportMissing(offering, places, context);
  });
}

/** The first secret that is found; null, reported, where it cannot be one or none is found (`onMissing`). */
export async function readSecret(
  places: SecretPlaces,
  context: LoadContext,
  onMissing: () => void,
): Promise<Token | null> {
  const found =
    inline(places, context) ??
    (await fromFile(places, context)) ??
    (await fromCredential(places, context)) ??
    fromEnvironment(places, context);
  if (found === "wrong") return null;
  if (found === null) {
    onMissing();
    return null;
  }
  const { text, source, shared = false, report } = found;
  const [message, hint] = problemOf(found, places) ?? [];
  if (message === undefined) return { token: secret(text), source, shared };
  report.error(message, hint);
  return null;
}

/** What templates and examples have where the token should be. */
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

/** Whether a text was meant to be replaced. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.some((placeholder) => placeholder.test(text));
}

/** For the value of a key the message needs no subject: its place is reported. */
function problemOf(
  { text, source, isInline = false }: Candidate,
  { what, key, variable, origin }: SecretPlaces,
): [message: string, hint: string] | null {
  const subject = isInline ? "" : `the ${what} of ${source} `;
  if (isPlaceholder(text)) {
    const instead = `, or remove the key and use ${key}_file, the systemd credential ${key} or ${variable}`;
    const hint = `nothing replaces placeholders: write the ${what} in its place${isInline ? instead : ""}`;
    return [`${subject}is a placeholder that was not replaced`, hint];
  }
  if (/^[\x21-\x7e]+$/.test(text)) return null;
  const wrong = `contains a space, a line break or another character that a ${what} cannot contain`;
  return [`${subject}${wrong}`, `copy it again from ${origin}`];
}

function inline({ inline: text, key, at }: SecretPlaces, { file }: LoadContext): Sought {
  if (text === undefined) return "wrong";
  return text === null ? null : { text, source: `${key} in ${file}`, report: at(key), isInline: true };
}

async function fromFile(places: SecretPlaces, context: LoadContext): Promise<Sought> {
  const { file: given, what, at } = places;
  const key = `${places.key}_file`;
  if (given === undefined) return "wrong";
  if (given === null) return null;
  const report = at(key);
  const path = resolve(context.directory, given);
  const shown = isPath(given) ? `the ${what} file ${path}` : `the file of ${key}`;
  const { line, problem, worldReadable, changeable } = await readFirstLine({ path, shown }, context);
  if (problem === null) {
    reportChangeable(changeable, { report, file: path }, context);
    if (worldReadable && !isPlaceholder(line)) reportOpenToken(report, path, { ...context, what });
    return { text: line, source: `${key} ${path}`, report };
  }
  const isMissing = problem === MISSING;
  // A file of that name exists, so the name is a path, whatever it looks like.
  const isShown = !isMissing || isPath(given);
  report.error(
    `${isShown ? path : "the file"} ${problem}`,
    isMissing ? hintForMissing(given, places, context) : hintForUnusable(problem, places),
  );
  return "wrong";
}

function hintForMissing(given: string, { what, key }: SecretPlaces, { directory }: LoadContext): string {
  if (!isPath(given))
    return `give the path of a file with the ${what} in its first line; a ${what} itself belongs in ${key}`;
  const write = `write the ${what} to the first line of that file, or correct the path`;
  return given.startsWith("/") ? write : `${write}, which is resolved in ${directory}`;
}

function hintForUnusable(problem: string, { what }: SecretPlaces): string {
  return problem.includes("permission denied") ? READABLE : `it must have the ${what} in its first line`;
}

/** A long word may be the token itself, in the wrong place. */
function isPath(given: string): boolean {
  return /[/.]/.test(given) || given.length < 16;
}

/** A systemd credential (`LoadCredential=waldur_api_token:…`). */
async function fromCredential(places: SecretPlaces, context: LoadContext): Promise<Sought> {
  const directory = context.env.CREDENTIALS_DIRECTORY;
  if (directory === undefined || directory === "") return null;
  const path = join(directory, places.key);
  const text = await readFirstLine({ path, shown: `the systemd credential ${path}` }, context);
  const report = places.at(places.key);
  if (text.problem === null)
    return { text: text.line, source: `systemd credential ${path}`, report, shared: true };
  if (text.problem === MISSING) return null;
  report.error(`the systemd credential ${path} ${text.problem}`, hintForUnusable(text.problem, places));
  return "wrong";
}

function fromEnvironment({ key, variable, at }: SecretPlaces, { env }: LoadContext): Sought {
  const text = env[variable]?.trim() ?? "";
  const source = `${variable} in the environment`;
  return text === "" ? null : { text, source, report: at(key), shared: true };
}

type FirstLine = Omit<TextFile, "text"> & { line: string; problem: string | null };

async function readFirstLine(place: Place, { limits }: LoadContext): Promise<FirstLine> {
  const file = await readTextFile({ ...place, limitBytes: MAX_BYTES }, limits);
  if ("problem" in file) return { line: "", problem: file.problem, worldReadable: false, changeable: null };
  const { text, ...access } = file;
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  return { line, problem: line === "" ? "is empty" : null, ...access };
}

function reportMissing({ given, at }: OfferingContext, places: SecretPlaces, context: LoadContext): void {
  const oidc = OIDC_KEYS.find((key) => !isBlank(given, key));
  if (oidc !== undefined) {
    at(oidc).error("OIDC is not supported, and there is no token", sourcesOf(places));
    return;
  }
  reportNoSecret(places, context);
}

/** It is in none of the places. */
export function reportNoSecret(places: SecretPlaces, { env }: LoadContext): void {
  const { what, key, at } = places;
  const directory = env.CREDENTIALS_DIRECTORY ?? "";
  const looked = directory === "" ? "" : ` (looked for ${key} in ${directory}, ${contentsOf(directory)})`;
  at(key).error(`there is no ${what}${looked}`, sourcesOf(places));
}

const MAX_NAMES = 10;

/** The names of the credentials in a directory. */
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
