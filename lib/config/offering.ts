// What an offering of ours needs besides its values: the files that it names. Reports values of it that contradict each
// other.

import { resolve } from "node:path";
import type { OfferingContext } from "../keys/entries.ts";
import { isPlainHttpBeyondLoopback } from "../keys/url.ts";
import { MISSING, READABLE, readTextFile } from "../places/text-file.ts";
import { isSegment } from "../segment.ts";
import type { Report } from "../yaml/findings.ts";
import { isGiven, TwoReadings } from "../yaml/map.ts";
import type { UnixGidSource } from "./config.ts";
import { reportChangeable } from "./exposed.ts";
import type { LoadContext } from "./load-context.ts";
import { checkPolicy } from "./policy.ts";
import { NO_TOKEN, readToken, type Token } from "./token.ts";
import { readUnixGid } from "./unix-gid.ts";

/** What an offering needs besides its values; null where there is an error, which is reported. */
export type OfferingInputs = {
  token: Token | null;
  caPem: string | null;
  unixGid: UnixGidSource | null;
  outputDirectory: string | null;
};

/** Reads the files of an offering, and reports what does not fit together. */
export async function completeOffering(
  offering: OfferingContext,
  context: LoadContext,
): Promise<OfferingInputs> {
  warnEvents(offering);
  warnWeakness(offering);
  checkInodes(offering);
  checkFileSystem(offering);
  checkPolicy(offering);
  const { ca_file: caFile, backend_settings: settings } = offering.values;
  const gids = settings?.unix_gid;
  return {
    token: context.needsToken ? await readToken(offering, context) : NO_TOKEN,
    caPem: caFile ? await readCaFile(caFile, context, offering.at("ca_file")) : null,
    unixGid: gids ? await readUnixGid(gids, offering, context) : null,
    outputDirectory: outputDirectory(offering, context),
  };
}

/** A relative one is taken from the working directory, as the Python plugin did. */
function outputDirectory({ values, given, atSetting }: OfferingContext, { cwd }: LoadContext): string | null {
  const directory = values.backend_settings?.output_directory;
  if (directory === undefined) return null;
  const absolute = resolve(cwd, directory);
  if (!directory.startsWith("/")) {
    const what = isGiven(given.backend_settings, "output_directory")
      ? "is relative"
      : "is not set, so it is relative";
    const message = `output_directory ${what} to the working directory: ${absolute}`;
    atSetting("output_directory").warn(message, "write an absolute path");
  }
  return absolute;
}

/** What weakens the connection is a warning in every run. */
function warnWeakness({ values, at }: OfferingContext): void {
  if (values.waldur_api_url !== undefined && isPlainHttpBeyondLoopback(values.waldur_api_url)) {
    at("waldur_api_url").warn("http:// sends the token unencrypted over the network", "use https://");
  }
  if (values.verify_ssl !== false) return;
  const message = "the server's certificate is not verified: anybody on the network path can read the token";
  at("verify_ssl").warn(message, "remove verify_ssl, and set ca_file for your own CA");
}

/** Keys of the site agent that replace polling there; this program polls nevertheless. */
const EVENT_KEYS = ["stomp_enabled", "stomp_membership_sync_enabled", "mqtt_enabled"];

function warnEvents({ given, at }: OfferingContext): void {
  for (const key of EVENT_KEYS) {
    const value = given[key];
    const isOn = value instanceof TwoReadings ? value.flag : /^(true|yes|on|1)$/i.test(String(value));
    if (isOn) at(key).warn("has no effect: this program polls");
  }
}

function checkInodes({ values, given, atSetting }: OfferingContext): void {
  const { inode_soft_coefficient: soft, inode_hard_coefficient: hard } = values.backend_settings ?? {};
  if (soft === undefined || hard === undefined || hard > soft) return;
  const isHardGiven = isGiven(given.backend_settings, "inode_hard_coefficient");
  const message = `inode_hard_coefficient (${hard}) must be greater than inode_soft_coefficient (${soft})`;
  const hint = "correct one of the two; the defaults are 1.33 and 2";
  atSetting(isHardGiven ? "inode_hard_coefficient" : "inode_soft_coefficient").error(message, hint);
}

/** A file system is free text until the template makes it a path segment. */
function checkFileSystem({ values, atSetting }: OfferingContext): void {
  const { mount_point: template, storage_file_system: name } = values.backend_settings ?? {};
  if (name === undefined || !template?.includes("{file_system}") || isSegment(name)) return;
  const message = "is part of mount_point and may contain only letters, digits, `.`, `_` and `-`";
  atSetting("storage_file_system").error(message);
}

const MAX_CA_BYTES = 1_048_576;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function hintForCa(problem: string, { directory }: LoadContext): string {
  if (problem.includes("permission denied")) return READABLE;
  const hint = "use a PEM file of certificates, or leave the key out to trust the system's CAs";
  return problem === MISSING ? `${hint}; a relative path is resolved in ${directory}` : hint;
}

/** Parses every certificate of the file, so that a damaged one is reported here and not as a failed handshake. */
async function readCaFile(given: string, context: LoadContext, report: Report): Promise<string | null> {
  const path = resolve(context.directory, given);
  const reading = { path, shown: `the ca_file ${path}`, limitBytes: MAX_CA_BYTES };
  const file = await readTextFile(reading, context.limits);
  if ("problem" in file) {
    report.error(`${path} ${file.problem}`, file.hint ?? hintForCa(file.problem, context));
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
  if (certificates.length > 0 && certificates.every(isGood)) {
    reportChangeable(file.changeable, { report, file: path }, context);
    return file.text;
  }
  report.error(`${path} is not a PEM file of certificates`, "it must contain -----BEGIN CERTIFICATE-----");
  return null;
}
