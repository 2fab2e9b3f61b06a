// One entry of `offerings`: whether it is ours, and what it says.

import { readComponent } from "./components.ts";
import type { OfferingConfig } from "./config.ts";
import { readConnection } from "./connection.ts";
import type { Context } from "./context.ts";
import { warnUnknownKeys } from "./known-keys.ts";
import { nearestWord } from "./nearest.ts";
import { readText, scalarOf, unlessBlank } from "./readers.ts";
import { emptySection, openSection, placeOf, type Reader, type Section } from "./section.ts";
import { readSettings } from "./settings.ts";
import { readToken } from "./token.ts";

/** An offering as far as it could be read, with what the comparison with others needs. */
export type OfferingDraft = {
  section: Section;
  /** Its `backend_settings`. */
  settings: Section;
  config: OfferingConfig;
  /** The token is one that all offerings without their own would use. */
  sharedToken: boolean;
};

const BACKEND = "cscs-hpc-storage";

/** Keys of the site agent that would replace polling; we poll all the same. */
const EVENT_KEYS = ["stomp_enabled", "stomp_membership_sync_enabled", "mqtt_enabled"];

/** Which of the two modes takes this offering. */
export function modesOf(offering: Section): { sync: boolean; orders: boolean } {
  return { sync: isOurs(offering, "backend_type"), orders: isOurs(offering, "order_processing_backend") };
}

function isOurs(offering: Section, key: string): boolean {
  return backendOf(offering, key) === BACKEND;
}

function backendOf(offering: Section, key: string): string | null {
  const spot = offering.spot(key);
  const value = spot && scalarOf(spot);
  return typeof value === "string" ? value.trim().toLowerCase() : null;
}

/** A backend that is nearly ours is probably ours: without the warning the offering would just not be there. */
export function warnNearBackend(offering: Section, { findings }: Context): void {
  for (const key of ["backend_type", "order_processing_backend"]) {
    const backend = backendOf(offering, key);
    if (backend === null || backend === BACKEND || nearestWord(backend, [BACKEND]) === null) continue;
    findings.warn(placeOf(offering, key), "unknown backend, ignored", `did you mean ${BACKEND}?`);
  }
}

/** Reads an offering of ours; its mistakes are in the findings. */
export async function readOffering(
  section: Section,
  proxy: string | null,
  context: Context,
): Promise<OfferingDraft> {
  warnUnknownKeys(section, "offering", context.findings);
  warnEvents(section, context);
  const settings = settingsOf(section, context);
  const uuid = section.need("waldur_offering_uuid", readUuid, "");
  const { token, source, shared } = readToken(section, context);
  const config: OfferingConfig = {
    name: section.read("name", unlessBlank(readText), null) ?? uuid,
    uuid,
    ...(await readConnection(section, context)),
    token,
    tokenSource: source,
    proxy,
    ...modesOf(section),
    settings: readSettings(settings, context),
    component: readComponent(section, context),
  };
  return { section, settings, config, sharedToken: shared };
}

function settingsOf(offering: Section, context: Context): Section {
  const spot = offering.spot("backend_settings");
  const section = spot && openSection(spot, context);
  return section ?? emptySection(placeOf(offering, "backend_settings"), context.findings);
}

const readUuid: Reader<string> = (spot) => {
  const text = readText(spot);
  if (!("value" in text)) return text;
  const uuid = text.value.toLowerCase();
  if (/^([0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.test(uuid)) {
    return { value: uuid.replaceAll("-", "") };
  }
  return { problem: "must be a UUID of 32 hexadecimal digits, with or without dashes" };
};

function warnEvents(offering: Section, { findings }: Context): void {
  for (const key of EVENT_KEYS) {
    const spot = offering.spot(key);
    if (spot === undefined || !/^(true|yes|on|1)$/i.test(String(scalarOf(spot)))) continue;
    findings.warn(spot, "does nothing here: this program polls");
  }
}
