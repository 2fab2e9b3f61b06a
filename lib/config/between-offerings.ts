// What two offerings must not share: uuid, output directory, directory of acks, paths, a token for two servers.

import { realpath } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RetryLaterError } from "../errors.ts";
import type { OfferingContext } from "../keys/entries.ts";
import { answerOf, type TouchLimits } from "../places/answers.ts";
import type { OfferingInputs } from "./offering.ts";
import { canShareAPath, type PathSettings } from "./shared-paths.ts";

export type CompleteOffering = OfferingContext & { inputs: OfferingInputs };

/** Reports offerings that conflict; values that were reported already are left out. */
export async function compareOfferings(
  offerings: readonly CompleteOffering[],
  limits: TouchLimits,
): Promise<void> {
  checkUuids(offerings);
  await checkDirectories(
    offerings.filter(({ sync }) => sync),
    limits,
  );
  await checkAcks(offerings.filter(isAnswered), limits);
  warnSharedPaths(offerings);
  checkSharedToken(offerings);
}

function checkUuids(offerings: readonly CompleteOffering[]): void {
  const seen = new Map<string, CompleteOffering>();
  for (const offering of offerings) {
    const uuid = offering.values.waldur_offering_uuid;
    if (uuid === undefined) continue;
    const first = seen.get(uuid);
    const report = offering.at("waldur_offering_uuid");
    const hint = "remove one of the two, or copy the uuid of the other offering from its page in Waldur";
    if (first) report.error(`${nameOf(first)} has the same UUID as ${nameOf(offering)}`, hint);
    else seen.set(uuid, offering);
  }
}

/** Names of snapshots do not contain the offering, so two offerings would overwrite each other's. */
async function checkDirectories(offerings: readonly CompleteOffering[], limits: TouchLimits): Promise<void> {
  // A single one cannot conflict, and its directory is not accessed before its turn.
  if (offerings.length < 2) return;
  const seen = new Map<string, CompleteOffering>();
  for (const offering of offerings) {
    const { outputDirectory } = offering.inputs;
    if (outputDirectory === null) continue;
    const directory = await answeringPath(outputDirectory, `the output directory ${outputDirectory}`, limits);
    const first = seen.get(directory);
    if (first === undefined) {
      seen.set(directory, offering);
      continue;
    }
    const message = `${nameOf(first)} and ${nameOf(offering)} would both write ${directory}`;
    offering.atSetting("output_directory").error(message, "give each offering its own output_directory");
  }
}

function isAnswered({ orders, values }: CompleteOffering): boolean {
  return orders && values.backend_settings?.completion === "on-ack";
}

/** A pass knows the orders of its own output directory, and rejects every other ack. */
async function checkAcks(offerings: readonly CompleteOffering[], limits: TouchLimits): Promise<void> {
  const seen = new Map<string, { first: CompleteOffering; out: string }>();
  for (const offering of offerings) {
    const { outputDirectory } = offering.inputs;
    if (outputDirectory === null) continue;
    const given = offering.values.backend_settings?.acks_directory ?? null;
    const acks = given === null ? join(outputDirectory, "acks") : resolve(given);
    const report = offering.atSetting("acks_directory");
    if (acks === outputDirectory)
      report.error(`${acks} is the output directory, where no answers are read`, "use a separate directory");
    if (offerings.length < 2) continue;
    const out = await answeringPath(outputDirectory, `the output directory ${outputDirectory}`, limits);
    const directory = await answeringPath(acks, `the directory of acks ${acks}`, limits);
    const other = seen.get(directory);
    if (other === undefined) seen.set(directory, { first: offering, out });
    if (other === undefined || other.out === out) continue;
    const message = `${nameOf(other.first)} and ${nameOf(offering)} would reject each other's answers in ${directory}`;
    report.error(message, "give each output directory its own acks_directory");
  }
}

/** One warning for each offering, about the first one before it that it cannot be distinguished from. */
function warnSharedPaths(offerings: readonly CompleteOffering[]): void {
  for (const [at, offering] of offerings.entries()) {
    const own = pathsOf(offering);
    const first = offerings.slice(0, at).find((earlier) => canShareAPath(pathsOf(earlier), own));
    if (first === undefined) continue;
    const message = `${nameOf(first)} and ${nameOf(offering)} may give two resources one path, as ${own.mountPoint}`;
    const hint =
      "set a different storage_system in each, or begin each mount_point with a different directory";
    offering.atSetting("mount_point").warn(message, hint);
  }
}

function pathsOf({ values: { backend_settings: settings } }: CompleteOffering): PathSettings {
  return {
    mountPoint: settings?.mount_point ?? "",
    storageSystem: settings?.storage_system ?? null,
    storageFileSystem: settings?.storage_file_system ?? "",
  };
}

/** One that does not answer is compared by its name here, and ends its own offering when that has its turn. */
async function answeringPath(path: string, shown: string, limits: TouchLimits): Promise<string> {
  try {
    return await answerOf(canonicalPath(path), shown, limits);
  } catch (error) {
    if (error instanceof RetryLaterError && error.code === "unresponsive") return path;
    throw error;
  }
}

/** Links are followed as far as the path exists: two names of one directory are one directory. */
async function canonicalPath(path: string): Promise<string> {
  const found = await new Promise<string | null>((resolve) =>
    realpath(path, (error, real) => resolve(error === null ? real : null)),
  );
  const parent = dirname(path);
  if (found !== null || parent === path) return found ?? path;
  return join(await canonicalPath(parent), path.slice(parent.length));
}

/** A token is of one server; a shared one would be sent to the others. */
function checkSharedToken(offerings: readonly CompleteOffering[]): void {
  const readable = offerings.filter(({ values }) => values.waldur_api_url !== undefined);
  const sharing = readable.filter(({ inputs }) => inputs.token?.shared);
  const [first] = sharing;
  if (first === undefined) return;
  for (const offering of sharing) {
    if (originOf(offering) === originOf(first)) continue;
    const source = offering.inputs.token?.source;
    const message = `${nameOf(first)} and ${nameOf(offering)} are on different servers, but share the token of ${source}`;
    const hint = "give each a waldur_api_token or waldur_api_token_file of its own";
    offering.at("waldur_api_url").error(message, hint);
  }
}

function originOf({ values }: CompleteOffering): string {
  return new URL(values.waldur_api_url ?? "").origin;
}

function nameOf({ path, values }: CompleteOffering): string {
  return `${path} (${values.name ?? values.waldur_offering_uuid ?? ""})`;
}
