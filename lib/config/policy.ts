// The keys that say what strangers may choose. lib/storage/policy.ts holds values to them; here a policy that refuses
// everybody, or what this very configuration gives, is a mistake.

import type { StorageSettings } from "./config.ts";
import type { Context } from "./context.ts";
import { readPermissions } from "./mode.ts";
import { faultOfAbsolutePath } from "./mount-point.ts";
import { readNumber, readSegment, readText, readWord } from "./readers.ts";
import { itemsOf, placeOf, type Reader, type Section } from "./section.ts";

/** The settings that the policy has to agree with. */
type Given = Pick<
  StorageSettings,
  "mountPoint" | "storageSystem" | "storageFileSystem" | "defaultPermissions" | "defaultDataType"
>;

export type PolicySettings = Pick<
  StorageSettings,
  "permissionsAllowed" | "mountRoots" | "quotaOptions" | "maxQuotaTb" | "dataTypes" | "minGid"
>;

/** Never setuid, sticky or writable for all. */
const DEFAULT_MASK = 0o2775;

/** The one above it is "no group" to the kernel. */
const LAST_GID = 4_294_967_294;

/** Below are the groups of the system. */
const DEFAULT_LEAST_GID = 1000;

const readQuotaOptions = readWord<StorageSettings["quotaOptions"]>(["warn", "limit", "trust"]);

export function readPolicy(section: Section, given: Given, context: Context): PolicySettings {
  const policy = {
    permissionsAllowed: section.read("permissions_allowed", readMask, DEFAULT_MASK),
    mountRoots: readList(section, { key: "mount_roots", reader: readRoot }, context) ?? defaultRoots(given),
    quotaOptions: section.read("quota_options", readQuotaOptions, "warn"),
    maxQuotaTb: section.read("max_quota_tb", readNumber({ above: 0 }), null),
    dataTypes: readList(section, { key: "data_types", reader: readDataType }, context),
    minGid: section.read("min_gid", readNumber({ min: 1, max: LAST_GID, whole: true }), DEFAULT_LEAST_GID),
  };
  checkPermissions(section, { ...given, ...policy }, context);
  checkDataTypes(section, { ...given, ...policy }, context);
  checkRoots(section, { ...given, ...policy }, context);
  return policy;
}

const readMask: Reader<number> = (spot) => {
  const digits = readPermissions(spot);
  if (!("value" in digits)) return digits;
  const mask = Number.parseInt(digits.value, 8);
  if ((mask & 0o700) === 0o700) return { value: mask };
  return { problem: "must have 7 for the owner, who has all rights in a storage project" };
};

const readRoot: Reader<string> = (spot) => {
  const text = readText(spot);
  if (!("value" in text) || text.value === "/") return text;
  if (/[{}]/.test(text.value)) return { problem: "must be a directory, without placeholders" };
  return faultOfAbsolutePath(text.value) ?? text;
};

const readDataType: Reader<string> = (spot) => {
  const word = readSegment(spot);
  return "value" in word ? { value: word.value.toLowerCase() } : word;
};

/** null when the key is missing; items that are wrong are in the findings. */
function readList<Item>(
  section: Section,
  { key, reader }: { key: string; reader: Reader<Item> },
  { tree, findings }: Context,
): Item[] | null {
  const spot = section.spot(key);
  if (spot === undefined) return null;
  const items = itemsOf(spot, tree);
  if (items === null || items.length === 0) {
    findings.error(spot, "must be a list with at least one item", "leave the key out for its default");
    return null;
  }
  return items.flatMap((item) => {
    const reading = reader(item);
    if ("value" in reading) return [reading.value];
    findings.error(item, reading.problem, reading.hint);
    return [];
  });
}

/** What the template says in so many words; of one that begins with a placeholder also what is configured for it. */
function defaultRoots(given: Given): string[] {
  const literal = literalBeginning(given.mountPoint);
  const filled = literalBeginning(filledTemplate(given));
  return literal === "/" && filled !== "/" ? [literal, filled] : [literal];
}

function filledTemplate({ mountPoint, storageSystem, storageFileSystem }: Given): string {
  const system = storageSystem ?? "{storage_system}";
  return mountPoint.replaceAll("{storage_system}", system).replaceAll("{file_system}", storageFileSystem);
}

/** Up to the last directory that ends before the first placeholder. */
function literalBeginning(template: string): string {
  const [text = ""] = template.split("{", 1);
  return text.slice(0, text.lastIndexOf("/")) || "/";
}

/**
 * The default permission is the administrator's own word, so without a mask beside it it is allowed, whatever it is; a mask
 * that is written down and refuses it is a contradiction.
 */
function checkPermissions(section: Section, given: Given & PolicySettings, { findings }: Context): void {
  const { permissionsAllowed: mask, defaultPermissions } = given;
  const bits = Number.parseInt(defaultPermissions, 8);
  if ((bits & ~mask) === 0 && (bits & 0o700) === 0o700) return;
  if (section.spot("permissions_allowed") === undefined) {
    const message = `${defaultPermissions} is outside of what users may choose (permissions_allowed: "${mask.toString(8)}")`;
    const hint =
      "the owner's digit should be 7, and not everybody should write; or set permissions_allowed too";
    findings.warn(placeOf(section, "default_permissions"), message, hint);
    return;
  }
  const key = section.spot("default_permissions") ? "default_permissions" : "permissions_allowed";
  const message = `default_permissions (${defaultPermissions}) is not allowed by permissions_allowed (${mask.toString(8)})`;
  findings.error(placeOf(section, key), message, "make the two agree");
}

function checkDataTypes(section: Section, given: Given & PolicySettings, { findings }: Context): void {
  const { dataTypes, defaultDataType, mountPoint } = given;
  if (dataTypes === null) {
    if (!mountPoint.includes("{data_type}") || section.spot("data_types") !== undefined) return;
    const message =
      "has {data_type}, which users choose, and data_types is not set: any word makes a directory";
    findings.warn(
      placeOf(section, "mount_point"),
      message,
      "list the data types that there are in data_types",
    );
  } else if (dataTypes.length > 0 && !dataTypes.includes(defaultDataType)) {
    const message = `does not have ${defaultDataType}, the default_data_type`;
    findings.error(
      placeOf(section, "data_types"),
      message,
      "add it, or set default_data_type to one that is there",
    );
  }
}

/** A template that begins elsewhere could give nobody a path. */
function checkRoots(section: Section, given: Given & PolicySettings, { findings }: Context): void {
  const beginning = withSlash(literalBeginning(filledTemplate(given)));
  const roots = given.mountRoots.map(withSlash);
  const canMeet = (root: string) => root.startsWith(beginning) || beginning.startsWith(root);
  if (roots.length === 0 || roots.some(canMeet)) return;
  const message = `no path of mount_point (${given.mountPoint}) lies below any of them`;
  findings.error(placeOf(section, "mount_roots"), message, "add the directory that mount_point begins with");
}

function withSlash(directory: string): string {
  return directory === "/" ? directory : `${directory}/`;
}
