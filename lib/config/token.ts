// Finds the token of an offering, in the order of docs/contract.md ("Configuration"), and says where it came from. No
// message ever holds the value, nor a path that may be a value in the wrong place.

import { join, resolve } from "node:path";
import { reportChangeable } from "./changeable.ts";
import { type Secret, secret } from "./config.ts";
import type { Context } from "./context.ts";
import type { Place } from "./findings.ts";
import { readTextFile, type TextFile } from "./read-file.ts";
import { scalarOf } from "./readers.ts";
import { placeOf, type Section } from "./section.ts";

/** `shared`: not of this offering alone, but given to all that have no token of their own. */
export type Token = { token: Secret; source: string; shared: boolean };

type Candidate = { text: string; source: string; place: Place; shared?: boolean };
type Sought = Candidate | "wrong" | null;

const MAX_BYTES = 64 * 1024;
const OIDC_KEYS = ["oidc_token_url", "oidc_client_id", "oidc_client_secret"];
const NONE: Token = { token: secret(""), source: "", shared: false };

/** The first token there is; an empty one, with an error recorded, when there is none or it cannot be a token. */
export function readToken(offering: Section, context: Context): Token {
  const place = placeOf(offering, "waldur_api_token");
  const found =
    inline(offering, context) ??
    fromFile(offering, context) ??
    fromCredential(place, context) ??
    fromEnvironment(place, context);
  if (found === "wrong") return NONE;
  if (found === null) return reportMissing(offering, place, context);
  const { text, source, shared = false } = found;
  if (/^[\x21-\x7e]+$/.test(text)) return { token: secret(text), source, shared };
  const message = `the token of ${source} contains a space, a line break or another character that no token has`;
  context.findings.error(found.place, message, "copy it again from Waldur");
  return NONE;
}

function inline(offering: Section, { file, findings }: Context): Sought {
  const place = offering.spot("waldur_api_token");
  if (place === undefined) return null;
  const value = scalarOf(place);
  if (typeof value !== "string") {
    findings.error(place, "must be text", "put it in quotes");
    return "wrong";
  }
  const text = value.trim();
  return text === "" ? null : { text, source: `waldur_api_token in ${file}`, place };
}

function fromFile(offering: Section, context: Context): Sought {
  const { directory, findings } = context;
  const place = offering.spot("waldur_api_token_file");
  const value = place && scalarOf(place);
  if (place === undefined || (typeof value === "string" && value.trim() === "")) return null;
  if (typeof value !== "string") {
    findings.error(place, "must be the path of a file");
    return "wrong";
  }
  const path = resolve(directory, value.trim());
  const text = readFirstLine(path);
  if (text.problem === null) {
    reportChangeable(text.changeable, { place, file: path }, context);
    if (text.worldReadable) reportOpenToken(place, path, context);
    return { text: text.line, source: `waldur_api_token_file ${path}`, place };
  }
  const hint = `it is taken from ${directory} when it is not absolute; it must hold the token in its first line`;
  findings.error(place, `the file that it names ${text.problem}`, hint);
  return "wrong";
}

/** A systemd credential (`LoadCredential=waldur_api_token:…`). */
function fromCredential(place: Place, { env, findings }: Context): Sought {
  const directory = env.CREDENTIALS_DIRECTORY;
  if (directory === undefined || directory === "") return null;
  const path = join(directory, "waldur_api_token");
  const text = readFirstLine(path);
  if (text.problem === null)
    return { text: text.line, source: `systemd credential ${path}`, place, shared: true };
  if (text.problem === "does not exist") return null;
  findings.error(place, `the systemd credential waldur_api_token ${text.problem}`);
  return "wrong";
}

function fromEnvironment(place: Place, { env }: Context): Sought {
  const text = env.WALDUR_API_TOKEN?.trim() ?? "";
  return text === "" ? null : { text, source: "WALDUR_API_TOKEN in the environment", place, shared: true };
}

type FirstLine = Omit<TextFile, "text"> & { line: string; problem: string | null };

function readFirstLine(path: string): FirstLine {
  const file = readTextFile(path, MAX_BYTES);
  if ("problem" in file) return { line: "", problem: file.problem, worldReadable: false, changeable: null };
  const { worldReadable, changeable } = file;
  const line = file.text.split("\n", 1)[0]?.trim() ?? "";
  return { line, problem: line === "" ? "is empty" : null, worldReadable, changeable };
}

/** For a configuration file that everybody can read: the token of an offering of another backend is as secret as ours. */
export function reportOpenConfig(offerings: readonly Section[], context: Context): void {
  const first = offerings.find((offering) => !isBlank(offering, "waldur_api_token"));
  if (first !== undefined) reportOpenToken(placeOf(first, "waldur_api_token"), context.file, context);
}

/** A file with a token in it that everybody can read. */
function reportOpenToken(place: Place, file: string, { findings, allowInsecure }: Context): void {
  const report = allowInsecure ? findings.warn : findings.error;
  report(place, `everybody on this machine can read the token in ${file}`, `chmod 640 ${file}`);
}

function reportMissing(offering: Section, place: Place, { findings }: Context): Token {
  const oidc = OIDC_KEYS.find((key) => !isBlank(offering, key));
  const hint =
    "set waldur_api_token or waldur_api_token_file, or give the systemd credential waldur_api_token or the variable WALDUR_API_TOKEN";
  if (oidc === undefined) findings.error(place, "there is no token", hint);
  else findings.error(placeOf(offering, oidc), "OIDC is not supported, and there is no token", hint);
  return NONE;
}

function isBlank(offering: Section, key: string): boolean {
  const spot = offering.spot(key);
  const value = spot && scalarOf(spot);
  return spot === undefined || (typeof value === "string" && value.trim() === "");
}
