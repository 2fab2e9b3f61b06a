// The keys that say what users may choose.

import { describe, expect, test } from "bun:test";
import type { StorageSettings } from "../../../lib/config/config.ts";
import { configYaml, createSite, offeringYaml, onlyOffering } from "./site.ts";

const load = (...settings: string[]) =>
  createSite().load(configYaml(offeringYaml({ settings: ["output_directory: /srv/out", ...settings] })));

const keyOf = (key: string) => `offerings[0].backend_settings.${key}`;

const TAKEN: readonly (readonly [string, Partial<StorageSettings>])[] = [
  ['permissions_allowed: "3777"', { permissionsAllowed: 0o3777 }],
  ["permissions_allowed: 2775", { permissionsAllowed: 0o2775 }],
  ["mount_roots: [/capstor/store, /]", { mountRoots: ["/capstor/store", "/"] }],
  ["quota_options: limit", { quotaOptions: "limit" }],
  ["quota_options: trust", { quotaOptions: "trust" }],
  ["max_quota_tb: 0.5", { maxQuotaTb: 0.5 }],
  ["data_types: [Store, archive]", { dataTypes: ["store", "archive"] }],
  ["min_gid: 1", { minGid: 1 }],
  ["min_gid: 4294967294", { minGid: 4_294_967_294 }],
];

test.each(TAKEN)("%s", async (line, expected) => {
  const outcome = await load(line);
  expect(onlyOffering(outcome).settings).toMatchObject(expected);
  expect(outcome.config?.warnings).toEqual([]);
});

test.each([
  ["permissions_allowed: rwx", "permissions_allowed", "three or four octal digits"],
  ["permissions_allowed: 0775", "permissions_allowed", "quoted octal digits"],
  ['permissions_allowed: "2675"', "permissions_allowed", "must have 7 for the owner"],
  ["mount_roots: /capstor", "mount_roots", "must be a list"],
  ["mount_roots: []", "mount_roots", "must be a list with at least one item"],
  ["mount_roots: [/capstor, store]", "mount_roots[1]", "must be an absolute path"],
  ["mount_roots: [/a/../b]", "mount_roots[0]", "`..`"],
  ["mount_roots: [/a/]", "mount_roots[0]", "end in `/`"],
  ["mount_roots: ['/{tenant}']", "mount_roots[0]", "without placeholders"],
  ['mount_roots: ["/a\\u202eb"]', "mount_roots[0]", "format character"],
  ["mount_roots: [5]", "mount_roots[0]", "must be text"],
  ["quota_options: refuse", "quota_options", "must be one of warn, limit, trust"],
  ["max_quota_tb: 0", "max_quota_tb", "a number greater than 0"],
  ["max_quota_tb: '5'", "max_quota_tb", "a number greater than 0"],
  ["data_types: store", "data_types", "must be a list"],
  ["data_types: [store, a/b]", "data_types[1]", "part of a path"],
  ["data_types: [archive]", "data_types", "does not have store, the default_data_type"],
  ["min_gid: 0", "min_gid", "a whole number from 1 to 4294967294"],
  ["min_gid: 4294967295", "min_gid", "a whole number from 1 to 4294967294"],
  ["min_gid: 1000.5", "min_gid", "a whole number"],
])("%s is an error at its place", async (line, key, message) => {
  const { issues } = await load(line);
  expect(issues).toMatchObject([{ path: keyOf(key), line: 10, message: expect.stringContaining(message) }]);
});

describe("the roots of mount points", () => {
  test.each([
    ["/{storage_system}/store/{project}", [], ["/"]],
    ["/capstor/store/{tenant}/{project}", [], ["/capstor/store"]],
    ["/capstor/store/x-{tenant}/{project}", [], ["/capstor/store"]],
    ["/capstor-{tenant}/{project}", [], ["/"]],
    ["/{storage_system}/store/{project}", ["storage_system: home"], ["/", "/home/store"]],
    ["/capstor/{file_system}/{project}", [], ["/capstor"]],
  ])("of %s with %p are %p unless they are set", async (template, more, roots) => {
    const outcome = await load(`mount_point: "${template}"`, ...more);
    expect(onlyOffering(outcome).settings.mountRoots).toEqual(roots);
  });

  test.each([
    ["/capstor/store/{project}", "/capstor", 0],
    ["/capstor/store/{project}", "/capstor/store/a", 0],
    ["/{storage_system}/{project}", "/iopsstor", 0],
    ["/capstor/store/{project}", "/iopsstor", 1],
    ["/capstor/store/{project}", "/capstor/sto", 1],
  ])("with the template %s and the root %s: errors %p", async (template, root, errors) => {
    const { issues } = await load(`mount_point: "${template}"`, `mount_roots: [${root}]`);
    expect(issues.map(({ path }) => path)).toEqual(Array(errors).fill(keyOf("mount_roots")));
  });
});

test.each([
  ['default_permissions: "1777"', "default_permissions", "permissions_allowed"],
  ['default_permissions: "0640"', "default_permissions", "permissions_allowed"],
  ["mount_point: '/{data_type}/{project}'", "mount_point", "data_types is not set"],
])("%s alone is a warning", async (line, key, message) => {
  const { config } = await load(line);
  expect(config?.warnings).toMatchObject([{ path: keyOf(key), message: expect.stringContaining(message) }]);
});

test("data types that are listed may make directories", async () => {
  const { config } = await load("mount_point: '/{data_type}/{project}'", "data_types: [store]");
  expect(config?.warnings).toEqual([]);
});

test.each([
  [['default_permissions: "1777"', 'permissions_allowed: "2775"'], "default_permissions"],
  [['permissions_allowed: "0750"'], "permissions_allowed"],
])("a mask that refuses the default permission is an error: %p", async (lines, key) => {
  const { issues } = await load(...lines);
  expect(issues).toMatchObject([{ path: keyOf(key), message: expect.stringContaining("not allowed") }]);
});

describe("the hierarchy profile", () => {
  test.each([
    ["/{storage_system}/{provider}/{organization}/{waldur_project}", 0],
    ["/a/cscs/x-{tenant}/{project}", 0],
    ["/a/cscs/mch/{project}", 0],
    ["/{storage_system}/store/{tenant}/{customer}/{project}", 1],
    ["/{storage_system}/{project}", 1],
  ])("with %s has %d warnings", async (template, count) => {
    const { config } = await load("document_profile: hierarchy", `mount_point: '${template}'`);
    expect(config?.offerings[0]?.settings.documentProfile).toBe("hierarchy");
    expect(config?.warnings).toHaveLength(count);
    for (const { path, message } of config?.warnings ?? [])
      expect([path, message]).toEqual([keyOf("mount_point"), expect.stringContaining("Waldur customer")]);
  });

  test("alone makes the default template a warning", async () => {
    expect((await load("document_profile: hierarchy")).config?.warnings).toHaveLength(1);
  });
});
