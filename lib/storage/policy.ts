// What a site lets strangers choose: end users in order forms, operators in Waldur, and Waldur itself. The program often
// stands where nobody looks between an order and what root makes of it, so whatever is outside the policy is a problem
// that names the key to change. The mapper asks for both modes, and so does the carrying over of old entries.

import type { StorageSettings } from "../config/config.ts";
import { tableOf } from "../json.ts";
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

  /** What the administrator gives to whoever chooses nothing is allowed. */
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
    /** Whether it is a root itself, or lies below one; none of the directories of the system is. */
    holds: (directory: string): boolean =>
      admits(directory) || (roots.includes(`${directory}/`) && !isSystemPath(directory)),
    permission(field: string, value: string): MappingProblem | undefined {
      if (permits(value)) return undefined;
      const mask = permissionsAllowed.toString(8);
      return mappingProblem("permissions-not-allowed", {
        field,
        message: `${quoted(value)} is not allowed: the owner's digit must be 7, and no bit may be outside of ${mask}`,
        hint: "correct it, or set permissions_allowed to a mask with all of its bits",
      });
    },
    path(field: string, path: string): MappingProblem | undefined {
      if (admits(path)) return undefined;
      const where = isSystemPath(path)
        ? "in a directory of the system"
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
    /** `isTextFine`: a text of digits is passed on as it is. */
    gid(field: string, { value, isTextFine }: { value: unknown; isTextFine: boolean }) {
      if (isGid(value, minGid) || (isTextFine && isGidText(value, minGid))) return undefined;
      return mappingProblem("bad-gid", {
        field,
        message: `gives the GID ${quoted(value)}, which is not a whole number from ${minGid} to ${LAST_GID}`,
        hint: "set it to the number of the project's group, without quotes, or lower min_gid",
      });
    },
    uid(field: string, value: unknown): MappingProblem | undefined {
      if (isGid(value, minGid)) return undefined;
      return mappingProblem("bad-uid", {
        field,
        message: `gives the UID ${quoted(value)}, which is not a whole number from ${minGid} to ${LAST_GID}`,
        hint: "set it to the number of the user, without quotes, or lower min_gid",
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
      const { targetItem } = tableOf(target);
      const { unixUid = null, primaryProject } = tableOf(targetItem);
      if (unixUid !== null && !isGid(unixUid, minGid)) return `has the UID ${quoted(unixUid)}`;
      for (const item of [targetItem, primaryProject, tenant, customer]) {
        const { unixGid = null } = tableOf(item);
        if (unixGid !== null && !isGid(unixGid, minGid) && !isGidText(unixGid, minGid))
          return `has the GID ${quoted(unixGid)}`;
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

/** The one above it is "no group" to the kernel. */
const LAST_GID = 4_294_967_294;

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
