// `ca_file`: certificates of a site's own CA.

import { resolve } from "node:path";
import type { Context } from "./context.ts";
import type { Report } from "./findings.ts";
import { readTextFile } from "./read-file.ts";

const MAX_BYTES = 1_048_576;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Every certificate of the file is tried, so that a damaged one shows here and not as a failed handshake. */
export async function readCaFile(given: string, context: Context, report: Report): Promise<string | null> {
  const path = resolve(context.directory, given);
  const file = readTextFile(path, MAX_BYTES);
  if ("problem" in file) {
    report.error(`${path} ${file.problem}`, file.hint);
    return null;
  }
  const { X509Certificate } = await import("node:crypto");
  const certificates = file.text.match(CERTIFICATE) ?? [];
  const isGood = (pem: string) => {
    try {
      return new X509Certificate(pem).subject !== undefined;
    } catch {
      return false;
    }
  };
  if (certificates.length > 0 && certificates.every(isGood)) return file.text;
  report.error(`${path} is not a PEM file of certificates`, "it must hold -----BEGIN CERTIFICATE-----");
  return null;
}
