// What a site lets users choose: end users in order forms, operators in Waldur, and Waldur itself. The program
// often runs where no person checks an order before root carries it out, so whatever is outside the policy is a
// problem that names the key to change. The mapper asks for both modes, and so does the carrying over of old entries.

import type { StorageSettings } from "../config/config.ts";
import { LAST_GID } from "../gid.ts";
import { isTable, tableOf } from "../json.ts";
import type { MappingProblem } from "./document.ts";
import { faultOfPath } from "./mount-point.ts";
import { mappingProblem, quoted } from "./problems.ts";
import { faultOfQuotas, type QuotaValues } from "./quota-policy.ts";

/** The keys of the configuration that make the policy. */
export type PolicySettings = Pick<
  StorageSettings,
  | "permissionsAllowed"
  | "defaultPermissions"
  | "mountRoots"
  | "quotaOptions"
  | "maxQuotaTb"
  | "dataTypes"
  | "minGid"
>;

export type Policy = ReturnType<typeof createPolicy>;

/** A check returns what is wrong with the value; undefined when it may be published. */
export function createPolicy(settings: PolicySettings) {
  const { permissionsAllowed, defaultPermissions, maxQuotaTb, minGid } = settings;
  const roots = settings.mountRoots.map((root) => (root === "/" ? root : `${root}/`));
  const dataTypes = settings.dataTypes === null ? null : new Set(settings.dataTypes);

  /** The administrator's default is allowed. */
  const permits = (permission: string): boolean =>
    permission === defaultPermissions || isWithin(Number.parseInt(permission, 8), permissionsAllowed);
  const admits = (path: string): boolean => {
    for (const root of roots) if (isBelow(path, root)) return true;
    return false;
  };
  const takes = (dataType: string): boolean => dataTypes === null || dataTypes.has(dataType);

  return {
    /** Whether a resource may be mounted there that was not before. */
    admits,
    /** Whether it is a root itself, or is below one; none of the directories of the system is. */
    holds: (directory: string): boolean =>
      admits(directory) || (roots.includes(`${directory}/`) && !isSystemPath(directory)),
    permission(field: string, value: string): MappingProblem | undefined {
      if (permits(value)) return undefined;
      const mask = permissionsAllowed.toString(8);
      return mappingProblem("permissions-not-allowed", {
        field,
        message: `${quoted(value)} is not allowed: the owner's digit must be 7, and no bit may be outside ${mask}`,
        hint: "correct it, or set permissions_allowed to a mask with all of its bits",
      });
    },
    path(field: string, path: string): MappingProblem | undefined {
      if (admits(path)) return undefined;
      const where = isSystemPath(path)
        ? "in a system directory"
        : `not below ${settings.mountRoots.join(" or ")}`;
      return mappingProblem("mount-outside", {
        field,
        message: `gives the mount point ${quoted(path)}, which is ${where}`,
        hint: "correct it, or add the directory above it to mount_roots",
      });
    },
    dataType(field: string, value: string): MappingProblem | undefined {
      if (takes(value)) return undefined;
      return mappingProblem("data-type-not-allowed", {
        field,
        message: `${quoted(value)} is not one of ${settings.dataTypes?.join(", ")}`,
        hint: "choose one of these, or add it to data_types",
      });
    },
    /**
     * What is wrong with the GIDs and UIDs in an item, at any depth; `field` is that of the item, or of what its only
     * GID comes from. `isTextFine`: a GID that is a text of digits is passed on as it is.
     */
    ids(field: string, item: Readonly<Record<string, unknown>>, isTextFine: boolean): MappingProblem[] {
      const wrong: WrongId[] = [];
      collectWrongIds(item, { minGid, isTextFine, path: "" }, wrong);
      return wrong.map(({ name, path, value }) => {
        const { code, word, of } = IDS[name];
        return mappingProblem(code, {
          field: field.startsWith("backend_metadata.") ? `${field}.${path}` : field,
          message: `gives the ${word} ${quoted(value)}, which is not a whole number from ${minGid} to ${LAST_GID}`,
          hint: `set it to the number of ${of}, without quotes, or lower min_gid`,
        });
      });
    },
    /**
     * Why an entry of an earlier file must not be published again as it is. Its path is not looked at further: one that
     * a file names stays.
     */
    faultOfEntry(entry: unknown, billed?: QuotaValues): string | undefined {
      const { permission, quotas, storageDataType, mountPoint, target, tenant, customer } = tableOf(entry);
      const { value } = tableOf(permission);
      if (typeof value !== "string" || !permits(value)) return `has the permission ${quoted(value)}`;
      const { key } = tableOf(storageDataType);
      if (typeof key !== "string" || !takes(key)) return `has the data type ${quoted(key)}`;
      const path = tableOf(mountPoint).default;
      const fault = typeof path === "string" ? faultOfPath(path) : "is missing";
      if (fault !== null) return `has a mount point that ${fault}`;
      for (const item of [tableOf(target).targetItem, tenant, customer]) {
        const wrong: WrongId[] = [];
        collectWrongIds(tableOf(item), { minGid, isTextFine: true, path: "" }, wrong);
        const [first] = wrong;
        if (first !== undefined) return `has the ${IDS[first.name].word} ${quoted(first.value)}`;
      }
      return faultOfQuotas(quotas, { maxQuotaTb, billed });
    },
  };
}

/** Every bit is in the mask, and the owner has all rights. */
function isWithin(bits: number, mask: number): boolean {
  return (bits & ~mask) === 0 && (bits & OWNER_ALL) === OWNER_ALL;
}

const OWNER_ALL = 0o700;

type IdName = keyof typeof IDS;
/** Keys of an item that hold numbers of the system, and what those are. */
const IDS = {
  unixGid: { code: "bad-gid", word: "GID", of: "the project's group" },
  unixUid: { code: "bad-uid", word: "UID", of: "the user" },
} as const;

type WrongId = { name: IdName; path: string; value: unknown };
const MOST_WRONG = 10;

type IdRules = { minGid: number; isTextFine: boolean; path: string };

/** Numbers in an item, or deeper in it, that are not those of a project or its users. */
function collectWrongIds(item: object, rules: IdRules, wrong: WrongId[]): void {
  if (Array.isArray(item)) {
    // By index: copying the entries of a list of millions would take seconds.
    for (let at = 0; at < item.length && wrong.length < MOST_WRONG; at++) {
      const one: unknown = item[at];
      if (isObject(one)) collectWrongIds(one, { ...rules, path: `${rules.path}${at}.` }, wrong);
    }
    return;
  }
  if (!isTable(item)) return;
  for (const key in item) {
    if (wrong.length >= MOST_WRONG) return;
    const value: unknown = item[key];
    if (isIdName(key)) {
      if (!isSoundId(key, value ?? null, rules))
        wrong.push({ name: key, path: `${rules.path}${key}`, value });
    } else if (isObject(value)) {
      collectWrongIds(value, { ...rules, path: `${rules.path}${key}.` }, wrong);
    }
  }
}

function isSoundId(name: IdName, value: unknown, { minGid, isTextFine }: IdRules): boolean {
  if (value === null || isGid(value, minGid)) return true;
  return name === "unixGid" && isTextFine && isGidText(value, minGid);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isIdName(key: string): key is IdName {
  return Object.hasOwn(IDS, key);
}

function isGid(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= LAST_GID;
}

function isGidText(value: unknown, least: number): boolean {
  return typeof value === "string" && /^[1-9]\d{0,9}$/.test(value) && isGid(Number(value), least);
}

/** `root` ends with a slash. A mount at the root itself would be above all others. */
function isBelow(path: string, root: string): boolean {
  if (path.length <= root.length || !path.startsWith(root)) return false;
  return root.length > 1 || !isSystemPath(path);
}

/**
 * What the system itself lives in, and /home and /tmp, which are other people's: `/` as a root does not admit them, one
 * that names them does. /mnt, /media and /srv are for mounts.
 */
const SYSTEM =
  "bin boot dev efi etc home lib lib32 lib64 libx32 lost+found nix opt proc root run sbin snap sys tmp usr var".split(
    " ",
  );

const SLASH = 47;
/** Most paths begin with another letter. */
const INITIALS = new Set(SYSTEM.map((name) => name.charCodeAt(0)));

function isSystemPath(path: string): boolean {
  if (!INITIALS.has(path.charCodeAt(1))) return false;
  for (const name of SYSTEM) {
    if (!path.startsWith(name, 1)) continue;
    if (path.length === name.length + 1 || path.charCodeAt(name.length + 1) === SLASH) return true;
  }
  return false;
}
