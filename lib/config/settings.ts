// `backend_settings`: every key with its default (docs/contract.md, "Configuration"). What is missing or null is its
// default; what is wrong is an error, never a default.

import { resolve } from "node:path";
import type { StorageSettings, UnixGidSource } from "./config.ts";
import type { Context } from "./context.ts";
import { warnUnknownKeys } from "./known-keys.ts";
import { readFileMode, readPermissions } from "./mode.ts";
import { DEFAULT_MOUNT_POINT, readMountPoint } from "./mount-point.ts";
import { readPolicy } from "./policy.ts";
import {
  readAbsolutePath,
  readFlag,
  readNumber,
  readPath,
  readSegment,
  readText,
  readWord,
  SEGMENT,
} from "./readers.ts";
import { placeOf, type Section } from "./section.ts";
import { readUnixGid } from "./unix-gid.ts";

const DEFAULT_OUTPUT_DIRECTORY = "cscs-storage-orders/";

/** The settings of one offering; a wrong value is in the findings and its default here. */
export function readSettings(section: Section, context: Context): StorageSettings {
  warnUnknownKeys(section, "settings", context.findings);
  const named = { ...readPlaces(section, context), ...readNames(section) };
  const settings = {
    ...named,
    ...readPolicy(section, named, context),
    ...readInodes(section),
    ...readPublishing(section),
    backendId: section.read("backend_id", readWord(["slug", "mount_point"]), "slug"),
    parallelRequests: section.read("parallel_requests", readNumber({ min: 1, max: 8, whole: true }), 1),
    acceptance: section.read("acceptance", readWord(["auto", "approve", "execute"]), "auto"),
    unixGid: section.read<UnixGidSource, UnixGidSource>("unix_gid", readUnixGid(context), {
      kind: "metadata",
    }),
    requireGid: section.read("require_gid", readFlag, false),
    ...readEnds(section),
  } satisfies StorageSettings;
  checkInodes(section, settings, context);
  checkFileSystem(section, settings, context);
  return settings;
}

function readPlaces(section: Section, context: Context) {
  return {
    outputDirectory: readOutputDirectory(section, context),
    requireMount: section.read("require_mount", readAbsolutePath, null),
    allowSharedDirectory: section.read("allow_shared_directory", readFlag, false),
    mountPoint: section.read("mount_point", readMountPoint, DEFAULT_MOUNT_POINT),
  };
}

/** A relative one is taken from the working directory, as the Python plugin did. */
function readOutputDirectory(section: Section, { cwd, findings }: Context): string {
  const given = section.read("output_directory", readPath, DEFAULT_OUTPUT_DIRECTORY);
  const absolute = resolve(cwd, given);
  if (!given.startsWith("/")) {
    const what = section.spot("output_directory") ? "is relative" : "is not set, so it is relative";
    const message = `output_directory ${what} to the working directory, which makes it ${absolute}`;
    findings.warn(placeOf(section, "output_directory"), message, "write an absolute path");
  }
  return absolute;
}

function readNames(section: Section) {
  return {
    storageFileSystem: section.read("storage_file_system", readText, "lustre"),
    storageSystem: section.read("storage_system", readSegment, null),
    defaultPermissions: section.read("default_permissions", readPermissions, "775"),
    defaultDataType: section.read("default_data_type", readSegment, "store").toLowerCase(),
    useMockTargetItems: section.read("use_mock_target_items", readFlag, false),
  };
}

function readInodes(section: Section) {
  const positive = readNumber({ above: 0 });
  return {
    inodeBaseMultiplier: section.read("inode_base_multiplier", positive, 1_000_000),
    inodeSoftCoefficient: section.read("inode_soft_coefficient", positive, 1.33),
    inodeHardCoefficient: section.read("inode_hard_coefficient", positive, 2),
  };
}

function readPublishing(section: Section) {
  return {
    fileMode: section.read("file_mode", readFileMode, 0o644),
    latestLink: section.read("latest_link", readFlag, false),
    keepSnapshots: section.read("keep_snapshots", readNumber({ min: 0, whole: true }), 0),
    shrinkGuardPercent: section.read("shrink_guard_percent", readNumber({ min: 0, max: 100 }), 30),
  };
}

/** With `external` done means that the provisioner is done, so the data is gone and nobody waits for it. */
function readEnds(section: Section) {
  const completion = section.read("completion", readCompletion, "on-publish");
  const days = readNumber({ min: 0, max: 3650, whole: true });
  return {
    completion,
    pathReuseAfterDays: section.read("path_reuse_after_days", days, completion === "external" ? 0 : 7),
    nestedMounts: section.read("nested_mounts", readNesting, "refuse"),
  };
}

const readNesting = readWord<StorageSettings["nestedMounts"]>(["refuse", "allow"]);

const readCompletion = readWord(["on-publish", "external"], {
  "on-ack": "use on-publish, or external when the provisioner calls Waldur itself",
});

function checkInodes(section: Section, settings: StorageSettings, { findings }: Context): void {
  const { inodeSoftCoefficient: soft, inodeHardCoefficient: hard } = settings;
  if (hard > soft) return;
  const key = section.spot("inode_hard_coefficient") ? "inode_hard_coefficient" : "inode_soft_coefficient";
  const message = `inode_hard_coefficient (${hard}) must be greater than inode_soft_coefficient (${soft})`;
  findings.error(placeOf(section, key), message);
}

/** A file system is free text until the template makes it a path segment. */
function checkFileSystem(section: Section, settings: StorageSettings, { findings }: Context): void {
  if (!settings.mountPoint.includes("{file_system}") || SEGMENT.test(settings.storageFileSystem)) return;
  const message = "is part of mount_point and so may hold only letters, digits, `.`, `_` and `-`";
  findings.error(placeOf(section, "storage_file_system"), message);
}
