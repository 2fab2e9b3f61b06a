import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StorageSettings } from "../../../lib/config/config.ts";
import { compileTemplate } from "../../../lib/storage/mount-point.ts";
import { configYaml, createSite, offeringYaml, onlyOffering } from "./site.ts";

const load = (settings: string[], options = {}) => {
  const given = settings.some((line) => line.startsWith("output_directory"));
  const lines = given ? settings : ["output_directory: /srv/out", ...settings];
  return createSite().load(configYaml(offeringYaml({ settings: lines })), options);
};

const DEFAULTS: StorageSettings = {
  outputDirectory: "/srv/cscs-storage-orders",
  requireMount: null,
  activeIf: null,
  allowSharedDirectory: false,
  storageFileSystem: "lustre",
  storageSystem: null,
  mountPoint: "/{storage_system}/store/{tenant}/{customer}/{project}",
  documentProfile: "flat",
  inodeBaseMultiplier: 1_000_000,
  inodeSoftCoefficient: 1.33,
  inodeHardCoefficient: 2,
  useMockTargetItems: false,
  defaultPermissions: "775",
  defaultDataType: "store",
  backendId: "slug",
  parallelRequests: 1,
  acceptance: "auto",
  unixGid: { kind: "metadata" },
  requireGid: false,
  fileMode: 0o644,
  latestLink: false,
  keepSnapshots: 0,
  shrinkGuardPercent: 30,
  completion: "on-publish",
  acksDirectory: null,
  ackWarnAfter: 3_600_000,
  pathReuseAfterDays: 7,
  nestedMounts: "refuse",
  permissionsAllowed: 0o2775,
  mountRoots: ["/"],
  quotaOptions: "warn",
  maxQuotaTb: null,
  dataTypes: null,
  minGid: 1000,
};

describe("backend_settings", () => {
  test.each([
    ["missing", []],
    ["null", ["backend_settings:"]],
    ["empty", ["backend_settings: {}"]],
  ])("have their defaults when %s", async (_, offering) => {
    const outcome = await createSite().load(configYaml(offeringYaml({ offering, settings: [] })), {
      cwd: "/srv",
    });
    expect(onlyOffering(outcome).settings).toEqual(DEFAULTS);
  });

  test("have their defaults for keys that are null", async () => {
    const lines = ["mount_point:", "file_mode: null", "keep_snapshots: ~", "output_directory:"];
    expect(onlyOffering(await load(lines, { cwd: "/srv" })).settings).toEqual(DEFAULTS);
  });

  test("must be a map", async () => {
    const yaml = configYaml(offeringYaml({ offering: ["backend_settings: [a]"], settings: [] }));
    const { issues } = await createSite().load(yaml);
    expect(issues).toMatchObject([{ path: "offerings[0].backend_settings" }]);
  });

  const accepted: [string, Partial<StorageSettings>][] = [
    ["output_directory: /srv/a/../b/", { outputDirectory: "/srv/b" }],
    ["require_mount: /srv", { requireMount: "/srv" }],
    ["active_if: /run/active", { activeIf: "/run/active" }],
    ["storage_file_system: lustré-ß", { storageFileSystem: "lustré-ß" }],
    ["storage_system: capstor", { storageSystem: "capstor", mountRoots: ["/", "/capstor/store"] }],
    [
      "mount_point: '/{file_system}/{tenant}/x.{project}'",
      { mountPoint: "/{file_system}/{tenant}/x.{project}", mountRoots: ["/", "/lustre"] },
    ],
    [
      "mount_point: '/{provider}/{organization}/{waldur_project}'",
      { mountPoint: "/{provider}/{organization}/{waldur_project}" },
    ],
    ["document_profile: flat", {}],
    ["inode_base_multiplier: 1234567.89", { inodeBaseMultiplier: 1_234_567.89 }],
    ["inode_soft_coefficient: 1.99", { inodeSoftCoefficient: 1.99 }],
    ["inode_hard_coefficient: 3", { inodeHardCoefficient: 3 }],
    ["use_mock_target_items: true", { useMockTargetItems: true }],
    ['default_permissions: "2770"', { defaultPermissions: "2770" }],
    ['default_permissions: "0755"', { defaultPermissions: "0755" }],
    ["default_permissions: 775", { defaultPermissions: "775" }],
    ["default_permissions: 2770", { defaultPermissions: "2770" }],
    ["default_data_type: Scratch", { defaultDataType: "scratch" }],
    ["backend_id: mount_point", { backendId: "mount_point" }],
    ["parallel_requests: 8", { parallelRequests: 8 }],
    ["acceptance: approve", { acceptance: "approve" }],
    ["acceptance: execute", { acceptance: "execute" }],
    ["unix_gid: metadata", { unixGid: { kind: "metadata" } }],
    ["unix_gid: waldur", { unixGid: { kind: "waldur" } }],
    ["unix_gid: getent", { unixGid: { kind: "getent", template: "{project}" } }],
    ["unix_gid: getent:prj-{project}", { unixGid: { kind: "getent", template: "prj-{project}" } }],
    ["require_gid: true", { requireGid: true }],
    ["require_gid: yes", { requireGid: true }],
    ["require_gid: No", { requireGid: false }],
    ["latest_link: ON", { latestLink: true }],
    ["latest_link: off", { latestLink: false }],
    ['file_mode: "0640"', { fileMode: 0o640 }],
    ["file_mode: '444'", { fileMode: 0o444 }],
    ["latest_link: true", { latestLink: true }],
    ["keep_snapshots: 168", { keepSnapshots: 168 }],
    ["shrink_guard_percent: 0", { shrinkGuardPercent: 0 }],
    ["shrink_guard_percent: 12.5", { shrinkGuardPercent: 12.5 }],
    ["shrink_guard_percent: 100", { shrinkGuardPercent: 100 }],
    ["completion: external", { completion: "external", pathReuseAfterDays: 0 }],
    ["completion: on-ack", { completion: "on-ack", pathReuseAfterDays: 0 }],
    ["acks_directory: /srv/acks", { acksDirectory: "/srv/acks" }],
    ["ack_warn_after: 30m", { ackWarnAfter: 1_800_000 }],
    ["ack_warn_after: 2d", { ackWarnAfter: 172_800_000 }],
    ["path_reuse_after_days: 0", { pathReuseAfterDays: 0 }],
    ["path_reuse_after_days: 3650", { pathReuseAfterDays: 3650 }],
    ["nested_mounts: allow", { nestedMounts: "allow" }],
    ["nested_mounts: refuse", { nestedMounts: "refuse" }],
  ];

  test.each(accepted)("take %s", async (line, expected) => {
    const outcome = await load([line]);
    expect(onlyOffering(outcome).settings).toEqual({ ...DEFAULTS, outputDirectory: "/srv/out", ...expected });
    expect(outcome.config?.warnings).toEqual([]);
  });

  test.each([
    ["output_directory: ''", "is empty"],
    ["output_directory: ~/out", "~"],
    ["output_directory: 5", "must be text"],
    ['output_directory: "/srv/a\\nb"', "control character"],
    ["require_mount: srv", "absolute"],
    ["active_if: run/active", "absolute"],
    ["require_mount: ~", null],
    [`mount_point: "/${"a".repeat(256)}/{project}"`, "longer than 255 bytes"],
    [`mount_point: "/${"ä".repeat(128)}/{project}"`, "longer than 255 bytes"],
    [`mount_point: "${"/abcdefg".repeat(512)}/{project}"`, "longer than 4095 bytes"],
    ['mount_point: "/a\\u2028b/{project}"', "control character"],
    ['mount_point: "/a\\u200bb/{project}"', "invisible format character"],
    ["storage_file_system: ' '", "is empty"],
    ["storage_file_system: 7", "must be text"],
    ["storage_file_system: no", "must be text"],
    ['storage_file_system: "lus/tre"', "slash"],
    ['storage_file_system: "lus\\\\tre"', "slash"],
    ["storage_system: a/b", "part of a path"],
    ["storage_system: ..", "part of a path"],
    ["storage_system: .hidden", "part of a path"],
    [`storage_system: ${"x".repeat(256)}`, "part of a path"],
    ["mount_point: '{storage_system}/{project}'", "absolute"],
    ["mount_point: /a/b", "{project} or {waldur_project}"],
    ["mount_point: '/{tenant}/{customer}'", "{project}"],
    ["mount_point: '/{tenent}/{project}'", "unknown placeholder {tenent}"],
    ["mount_point: '/{}/{project}'", "unknown placeholder {}"],
    ["mount_point: '/{project'", "brace"],
    ["mount_point: '/a}/{project}'", "brace"],
    ["mount_point: '/{{project}}'", "brace"],
    ["mount_point: '/a/../{project}'", "`..`"],
    ["mount_point: '/./{project}'", "`.`"],
    ["mount_point: '/{project}/..'", "`..`"],
    ["mount_point: '//{project}'", "`//`"],
    ["mount_point: '/{project}/'", "end in"],
    ["mount_point: 5", "must be text"],
    ["inode_base_multiplier: 0", "greater than 0"],
    ["inode_base_multiplier: .inf", "greater than 0"],
    ["inode_base_multiplier: '1000'", "greater than 0"],
    ["inode_soft_coefficient: .nan", "greater than 0"],
    ["inode_soft_coefficient: -1", "greater than 0"],
    ["inode_soft_coefficient: true", "greater than 0"],
    [
      "inode_soft_coefficient: 2",
      "inode_hard_coefficient (2) must be greater than inode_soft_coefficient (2)",
    ],
    ["inode_hard_coefficient: 1.33", "must be greater than inode_soft_coefficient (1.33)"],
    ["inode_hard_coefficient: 1", "must be greater than inode_soft_coefficient (1.33)"],
    ["inode_hard_coefficient: .inf", "greater than 0"],
    ["use_mock_target_items: 'true'", "must be true or false"],
    ["use_mock_target_items: 'yes'", "must be true or false"],
    ["use_mock_target_items: y", "must be true or false"],
    ["use_mock_target_items: 1", "must be true or false"],
    ["default_permissions: 0755", "must be quoted octal digits"],
    ["default_permissions: 504", "must be quoted octal digits"],
    ["default_permissions: 1533", "must be quoted octal digits"],
    ["default_permissions: 644", "must be quoted octal digits"],
    ["default_permissions: 0o775", "must be quoted octal digits"],
    ["default_permissions: 0x1FF", "must be quoted octal digits"],
    ["default_permissions: 7.75", "three or four octal digits"],
    ["default_permissions: 778", "three or four octal digits"],
    ["default_permissions: 77", "three or four octal digits"],
    ["default_permissions: '00775'", "three or four octal digits"],
    ["default_permissions: rwxr-xr-x", "three or four octal digits"],
    ["default_permissions: [775]", "three or four octal digits"],
    ["default_data_type: a/b", "part of a path"],
    ["backend_id: uuid", "must be one of slug, mount_point"],
    ["document_profile: tree", "must be one of flat, hierarchy"],
    ["parallel_requests: 0", "a whole number from 1 to 8"],
    ["parallel_requests: 9", "a whole number from 1 to 8"],
    ["parallel_requests: 1.5", "a whole number from 1 to 8"],
    ["acceptance: always", "must be one of auto, approve, execute"],
    ["unix_gid: ldap", "must be one of metadata, waldur, getent, http, getent:TEMPLATE, file:PATH"],
    ["unix_gid: getent:prj", "needs the name of a group that contains {project} after `getent:`"],
    ["unix_gid: getent:{project}{project}", "needs the name of a group that contains {project}"],
    ["unix_gid: getent:a b{project}", "needs the name of a group that contains {project}"],
    ["unix_gid: 5", "must be text"],
    ["unix_gid: ldap", "must be one of metadata"],
    ["unix_gid: 'file:'", "path"],
    ["unix_gid: file:~/gids", "~"],
    ["require_gid: 'false'", "must be true or false"],
    ["file_mode: 0644", "must be quoted octal digits"],
    ["file_mode: 644", "must be quoted octal digits"],
    ["file_mode: 0o644", "must be quoted octal digits"],
    ["file_mode: '0648'", "three octal digits"],
    ["file_mode: '4755'", "three octal digits"],
    ["file_mode: '0244'", "owner"],
    ["file_mode: '0666'", "everybody"],
    ["latest_link: 'true'", "must be true or false"],
    ["keep_snapshots: -1", "a whole number, at least 0"],
    ["keep_snapshots: 2.5", "a whole number, at least 0"],
    ["keep_snapshots: 1e300", "a whole number, at least 0"],
    ["keep_snapshots: 010", "a whole number, at least 0"],
    ["shrink_guard_percent: 101", "a number from 0 to 100"],
    ["shrink_guard_percent: -1", "a number from 0 to 100"],
    ["shrink_guard_percent: .nan", "a number from 0 to 100"],
    ["acks_directory: acks", "must be an absolute path"],
    ["ack_warn_after: 60", "must be a number with its unit"],
    ["ack_warn_after: '60'", "must be a number with its unit"],
    ["ack_warn_after: 0h", "must be a number with its unit"],
    ["ack_warn_after: soon", "must be a number with its unit"],
    ["path_reuse_after_days: -1", "a whole number from 0 to 3650"],
    ["path_reuse_after_days: 3651", "a whole number from 0 to 3650"],
    ["path_reuse_after_days: 1.5", "a whole number from 0 to 3650"],
    ["nested_mounts: true", "must be one of refuse, allow"],
    ["completion: on_publish", "must be one of on-publish, on-ack, external"],
  ])("refuse %s", async (line, message) => {
    const { issues } = await load([line]);
    if (message === null) return expect(issues).toEqual([]);
    const key = line.split(":", 1)[0];
    const isDirectory = key === "output_directory";
    expect(issues).toMatchObject([
      {
        line: isDirectory ? 9 : 10,
        column: `      ${key}: `.length + 1,
        path: `offerings[0].backend_settings.${key}`,
      },
    ]);
    expect(issues[0]?.message).toContain(message);
  });

  test.each([
    ["ack_warn_after: 1 week", "30m"],
    ["unix_gid: ldap", "file:PATH"],
    ["unix_gid: waldurr", "did you mean waldur?"],
    ["file_mode: 0644", "quotes"],
    ["default_permissions: 0755", "quotes"],
    ["acceptance: aproved", "approve"],
    ["keep_snapshots: '3'", "without quotes"],
    ["keep_snapshots: 010", "without a leading 0"],
    ["storage_file_system: no", "in quotes"],
    ["require_gid: 'off'", "without quotes"],
    ["latest_link: 'true'", "without quotes"],
    ["mount_point: '/{costumer}/{project}'", "{customer}"],
    ["mount_point: '/{x}/{project}'", "{data_type}"],
  ])("advise about %s", async (line, hint) => {
    const { issues } = await load([line]);
    expect(issues[0]?.hint).toContain(hint);
  });

  test("keep the days of a path that are set, whatever the completion", async () => {
    const outcome = await load(["completion: external", "path_reuse_after_days: 3"]);
    expect(onlyOffering(outcome).settings).toMatchObject({ completion: "external", pathReuseAfterDays: 3 });
  });

  test("compare the coefficients that are both given", async () => {
    const { issues } = await load(["inode_hard_coefficient: 3", "inode_soft_coefficient: 3"]);
    expect(issues).toMatchObject([{ path: "offerings[0].backend_settings.inode_hard_coefficient" }]);
    const both = await load(["inode_hard_coefficient: 3.1", "inode_soft_coefficient: 3"]);
    expect(both.issues).toEqual([]);
  });

  test("take a relative output directory from the working directory, and show what it becomes", async () => {
    const outcome = await load(["output_directory: files/x"], { cwd: "/data" });
    expect(onlyOffering(outcome).settings.outputDirectory).toBe("/data/files/x");
    expect(outcome.config?.warnings).toMatchObject([
      { path: "offerings[0].backend_settings.output_directory" },
    ]);
    expect(outcome.config?.warnings[0]?.message).toContain("/data/files/x");
  });

  test("want a file system that fits into the mount point when it is part of it", async () => {
    const { issues } = await load(["storage_file_system: a b", "mount_point: '/{file_system}/{project}'"]);
    expect(issues).toMatchObject([{ path: "offerings[0].backend_settings.storage_file_system" }]);
  });
});

test("a mount_point that the configuration takes is one that the mapper can use", async () => {
  const pieces = [
    "/",
    "/a",
    "ä",
    "{project}",
    "{tenant}",
    "{data_type}",
    "{provider}",
    "{organization}",
    "{waldur_project}",
    "..",
    ".",
    "constructor",
    "\u2028",
    "\u200b",
  ];
  const long = ["b".repeat(252), "/abcdefg".repeat(511)];
  const templates = fc
    .array(fc.constantFrom(...pieces, ...long), { maxLength: 6 })
    .map((parts) => `/${parts.join("")}{project}`);
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(templates, async (template) => {
      const { config } = await load([`mount_point: ${JSON.stringify(template)}`]);
      if (config === null) return;
      taken++;
      expect(() => compileTemplate(template)).not.toThrow();
    }),
    { numRuns: 500 },
  );
  expect(taken).toBeGreaterThan(20);
});
