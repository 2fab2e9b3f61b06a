// How an offering reaches its Waldur: address, certificates, proxy. Whatever weakens the connection is said on every run.

import { resolve } from "node:path";
import { reportChangeable } from "./changeable.ts";
import type { Context } from "./context.ts";
import { readTextFile, type TextFile } from "./read-file.ts";
import { readFlag, readPath, readText, unlessBlank } from "./readers.ts";
import { placeOf, type Reader, type Reading, type Section } from "./section.ts";
import { apiUrlProblem, isPlainHttpBeyondLoopback, normaliseApiUrl, parseHttpUrl } from "./url.ts";

const MAX_CA_BYTES = 1_048_576;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Address and TLS of one offering. */
export async function readConnection(offering: Section, context: Context) {
  const apiUrl = offering.need("waldur_api_url", readApiUrl, "");
  const verifyTls = offering.read("verify_ssl", readFlag, true);
  const caPem = await readCa(offering, context);
  warnWeakness({ offering, apiUrl, verifyTls }, context);
  return { apiUrl, verifyTls, caPem };
}

const readApiUrl: Reader<string> = (spot) => {
  const text = readText(spot);
  if (!("value" in text)) return text;
  const problem = apiUrlProblem(text.value);
  if (problem === null) return { value: normaliseApiUrl(text.value) };
  return { problem, hint: "for example https://waldur.example.com/api/" };
};

function warnWeakness(
  { offering, apiUrl, verifyTls }: { offering: Section; apiUrl: string; verifyTls: boolean },
  { findings }: Context,
): void {
  if (apiUrl !== "" && isPlainHttpBeyondLoopback(apiUrl)) {
    const message = "http:// sends the token unencrypted over the network";
    findings.warn(placeOf(offering, "waldur_api_url"), message, "use https://");
  }
  if (verifyTls) return;
  const message = "the server's certificate is not verified: anybody on the way can read the token";
  findings.warn(
    placeOf(offering, "verify_ssl"),
    message,
    "remove verify_ssl, and name your own CA in ca_file",
  );
}

async function readCa(offering: Section, context: Context): Promise<string | null> {
  const { directory, findings } = context;
  const given = offering.read("ca_file", unlessBlank(readPath), null);
  if (given === null) return null;
  const path = resolve(directory, given);
  const reading = await readPem(path);
  if ("value" in reading) {
    const { text, changeable } = reading.value;
    reportChangeable(changeable, { place: placeOf(offering, "ca_file"), file: path }, context);
    return text;
  }
  if ("problem" in reading) findings.error(placeOf(offering, "ca_file"), reading.problem, reading.hint);
  return null;
}

/** Every certificate of the file is tried, so that a damaged one shows here and not as a failed handshake. */
async function readPem(path: string): Promise<Reading<TextFile>> {
  const file = readTextFile(path, MAX_CA_BYTES);
  if ("problem" in file) return { problem: `${path} ${file.problem}` };
  const { X509Certificate } = await import("node:crypto");
  const certificates = file.text.match(CERTIFICATE) ?? [];
  const isGood = (pem: string) => {
    try {
      return new X509Certificate(pem).subject !== undefined;
    } catch {
      return false;
    }
  };
  if (certificates.length > 0 && certificates.every(isGood)) return { value: file };
  return {
    problem: `${path} is not a PEM file of certificates`,
    hint: "it must hold -----BEGIN CERTIFICATE-----",
  };
}

/** `global_proxy`, which the site agent knows at the top level only. */
export const readProxy: Reader<string> = (spot) => {
  const text = readText(spot);
  if (!("value" in text)) return text;
  if (/^socks/i.test(text.value)) {
    return { problem: "a SOCKS proxy is not supported", hint: "name an http:// or https:// proxy" };
  }
  const url = parseHttpUrl(text.value);
  if (url === null) return { problem: "must be a URL that starts with http:// or https://" };
  return { value: url.href };
};
