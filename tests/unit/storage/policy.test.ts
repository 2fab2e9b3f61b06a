// What users may choose: permissions, mount points, data types and quotas, as the mapper lets them. GIDs stand with
// the target in mapper.test.ts.

import { describe, expect, test } from "bun:test";
import type { StorageSettings } from "../../../lib/config/config.ts";
import type { StorageSource } from "../../../lib/storage/document.ts";
import { createPolicy } from "../../../lib/storage/policy.ts";
import { entryOf, mapper, numbersOf, problemsOf, settings, source } from "./support.ts";

const mapped = (changes: Partial<StorageSource>, given: Partial<StorageSettings> = {}) =>
  mapper(given).mapResource(source(changes));
const hintsOf = (made: ReturnType<typeof mapped>) =>
  made.ok ? [] : made.problems.map(({ hint }) => hint ?? "");

describe("a permission", () => {
  const permission = (value: unknown, given: Partial<StorageSettings> = {}) =>
    mapped({ options: { permissions: value } }, given);

  test.each(["700", "0700", "750", "770", "755", "775", "2770", "2771", "2775", 775])(
    "%p may be chosen",
    (value) => {
      expect(entryOf(permission(value)).permission?.value).toBe(String(value));
    },
  );

  test.each(["7777", "4755", "0777", "777", "000", "1775", "2776", "650", "070", 777, 1777])(
    "%p is a problem that names the key",
    (value) => {
      const made = permission(value);
      expect(problemsOf(made)).toEqual(["permissions-not-allowed options.permissions"]);
      expect(hintsOf(made)[0]).toContain("permissions_allowed");
    },
  );

  test("in the attributes is judged in the same way", () => {
    expect(problemsOf(mapped({ attributes: { permissions: "4755" } }))).toEqual([
      "permissions-not-allowed attributes.permissions",
    ]);
    expect(problemsOf(mapped({ attributes: { form: { permissions: "0777" } } }))).toEqual([
      "permissions-not-allowed attributes.form.permissions",
    ]);
  });

  test("of a wider mask may be chosen", () => {
    const given = { permissionsAllowed: 0o3777 };
    expect(problemsOf(permission("1777", given))).toEqual([]);
    expect(problemsOf(permission("4777", given))).toEqual(["permissions-not-allowed options.permissions"]);
    expect(problemsOf(permission("755", { permissionsAllowed: 0o750 }))).toHaveLength(1);
  });

  test("that is the default is the administrator's own", () => {
    const given = { defaultPermissions: "1777" };
    expect(entryOf(mapped({}, given)).permission?.value).toBe("1777");
    expect(problemsOf(permission("1777", given))).toEqual([]);
    expect(problemsOf(permission("3777", given))).toHaveLength(1);
  });
});

describe("a mount point", () => {
  const at = (backendId: string, mountRoots?: string[]) =>
    mapped({ backendId }, mountRoots === undefined ? {} : { mountRoots });

  test.each([
    "/etc",
    "/etc/x",
    "/home",
    "/home/a",
    "/proc/1",
    "/dev/shm",
    "/usr/x",
    "/var/lib/x",
    "/root",
    "/run/a",
  ])("%s is a problem by default", (path) => {
    expect(problemsOf(at(path))).toEqual(["mount-outside backend_id"]);
    expect(hintsOf(at(path))[0]).toContain("mount_roots");
  });

  test.each(["/bin", "/boot", "/sys", "/sbin", "/lib", "/lib64", "/opt/a", "/tmp/a"])("%s, too", (path) => {
    expect(problemsOf(at(path))).toEqual(["mount-outside backend_id"]);
  });

  test.each(["/etcetera", "/homes/a", "/mnt/a", "/srv/a", "/store/home", "/capstor/etc/a", "/library/x"])(
    "%s may be chosen by default",
    (path) => {
      expect(entryOf(at(path)).mountPoint.default).toBe(path);
    },
  );

  test.each([
    ["/capstor/store/a", true],
    ["/capstor/store/a/b", true],
    ["/iopsstor/a", true],
    ["/capstor/store", false],
    ["/capstor/stores/a", false],
    ["/capstor", false],
    ["/mnt/a", false],
    ["/etc", false],
  ])("%s below given roots: %p", (path, isFine) => {
    expect(problemsOf(at(path, ["/capstor/store", "/iopsstor"]))).toEqual(
      isFine ? [] : ["mount-outside backend_id"],
    );
  });

  test("in a system directory may be chosen where a root names it", () => {
    expect(problemsOf(at("/home/projects/a", ["/home/projects"]))).toEqual([]);
    expect(problemsOf(at("/home/projects/a", ["/", "/home/projects"]))).toEqual([]);
    expect(problemsOf(at("/home/other/a", ["/", "/home/projects"]))).toEqual(["mount-outside backend_id"]);
  });

  test("of the template is judged in the same way", () => {
    const template = "/{tenant}/{project}";
    const customer = { uuid: "2".repeat(32), name: "", slug: "etc" };
    const made = mapped({ customer }, { mountPoint: template });
    expect(problemsOf(made)).toEqual(["mount-outside mount_point"]);
    expect(problemsOf(mapped({}, { mountRoots: ["/iopsstor"] }))).toEqual(["mount-outside mount_point"]);
  });
});

describe("a data type", () => {
  const given = { dataTypes: ["store", "archive"] };

  test.each([undefined, "store", " Archive "])("%p of the list may be chosen", (storage_data_type) => {
    expect(problemsOf(mapped({ attributes: { storage_data_type } }, given))).toEqual([]);
  });

  test("that is not in the list is a problem that names the key", () => {
    const made = mapped({ attributes: { storage_data_type: "secrets" } }, given);
    expect(problemsOf(made)).toEqual(["data-type-not-allowed attributes.storage_data_type"]);
    expect(hintsOf(made)[0]).toContain("data_types");
    expect(problemsOf(mapped({ attributes: { storage_data_type: "secrets" } }))).toEqual([]);
  });
});

describe("quotas", () => {
  const limits = { storage: 10 };
  const asked = (options: Record<string, unknown>, given: Partial<StorageSettings> = {}) =>
    mapped({ limits, options }, given);
  const ABOVE = [
    ["hard_quota_space", 1e12],
    ["hard_quota_inodes", 20_000_001],
    ["hard_quota_space", 10.001],
  ] as const;

  test.each(ABOVE)("%s of %p is published with a warning", (key, value) => {
    const made = asked({ [key]: value });
    const numbers = numbersOf(entryOf(made).quotas) ?? [];
    expect(numbers).toContain(value);
    expect(made.ok ? made.warnings : []).toMatchObject([
      { code: "quota-above-limit", field: `options.${key}`, hint: expect.stringContaining("quota_options") },
    ]);
  });

  test.each(ABOVE)("%s of %p is a problem under limit, and not reported under trust", (key, value) => {
    expect(problemsOf(asked({ [key]: value }, { quotaOptions: "limit" }))).toEqual([
      `quota-above-limit options.${key}`,
    ]);
    expect(asked({ [key]: value }, { quotaOptions: "trust" })).toMatchObject({ ok: true, warnings: [] });
  });

  test.each(["warn", "limit", "trust"] as const)("up to what is billed are fine under %s", (quotaOptions) => {
    const options = { soft_quota_space: 9, hard_quota_space: 10, hard_quota_inodes: 20_000_000 };
    expect(asked(options, { quotaOptions })).toMatchObject({ ok: true, warnings: [] });
  });

  test("without a limit are all above it", () => {
    const options = { soft_quota_space: 1, hard_quota_space: 2 };
    const made = mapped({ limits: {}, options }, { quotaOptions: "limit" });
    expect(problemsOf(made)).toEqual([
      "quota-above-limit options.soft_quota_space",
      "quota-above-limit options.hard_quota_space",
    ]);
  });

  test("of the order form are judged in the same way", () => {
    const attributes = { form: { hard_quota_space: 11 } };
    expect(problemsOf(mapped({ limits, attributes }, { quotaOptions: "limit" }))).toEqual([
      "quota-above-limit attributes.form.hard_quota_space",
    ]);
  });

  test("above max_quota_tb are a problem, wherever they come from", () => {
    const given = { maxQuotaTb: 10, quotaOptions: "trust" as const };
    expect(problemsOf(asked({}, given))).toEqual([]);
    expect(problemsOf(asked({ hard_quota_space: 10.5 }, given))).toEqual([
      "quota-above-maximum options.hard_quota_space",
    ]);
    const made = mapped({ limits: { storage: 11 } }, given);
    expect(problemsOf(made)).toEqual(["quota-above-maximum limits.storage"]);
    expect(hintsOf(made)[0]).toContain("max_quota_tb");
  });

  test.each(["soft_quota_space", "hard_quota_space", "soft_quota_inodes", "hard_quota_inodes"])(
    "%s of 0 beside a limit is a problem",
    (key) => {
      const other = key.replace("hard", "soft");
      expect(problemsOf(asked({ [key]: 0, [other]: 0 }))).toContain(`bad-options options.${key}`);
    },
  );

  test.each([1e-7, 1e-9, 1.0239e-9])("a limit of %p, which gives a quota of 0, is one problem", (storage) => {
    expect(problemsOf(mapped({ limits: { storage } }))).toEqual(["bad-limit limits.storage"]);
  });

  test("1 KiB is the least space", () => {
    const inodes = { soft_quota_inodes: 1, hard_quota_inodes: 1 };
    const least = { limits: { storage: 1.024e-9 }, options: inodes };
    expect(problemsOf(mapped(least))).toEqual([]);
    expect(problemsOf(mapped({ ...least, limits: { storage: 1.023e-9 } }))).toEqual([
      "bad-limit limits.storage",
    ]);
  });

  test("of none at all stay none", () => {
    for (const none of [{}, { storage: 0 }, { storage: null }])
      expect(entryOf(mapped({ limits: none })).quotas).toBeNull();
  });

  test("of the past are described as they were, and a terminate order is not held up", () => {
    const given = { quotaOptions: "limit" as const, maxQuotaTb: 5 };
    const old = { type: "update" as const, limits: { storage: 4 }, attributes: {} };
    const changed = mapper(given).mapOrder(old, source({ limits: { storage: 8 } }));
    expect(numbersOf(entryOf(changed).oldQuotas)?.[1]).toBe(8);
    const removal = { type: "terminate" as const, limits: {}, attributes: {} };
    const removed = mapper(given).mapOrder(removal, source({ limits, options: { permissions: "7777" } }));
    expect(entryOf(removed)).toMatchObject({ permission: null, status: "removing" });
    expect(numbersOf(entryOf(removed).quotas)?.[1]).toBe(10);
  });
});

describe("an entry of an earlier file", () => {
  const entry = entryOf(mapped({ backendMetadata: { project_item: { unixGid: 2000 } } }));
  const [soft, hard, ...inodes] = entry.quotas ?? [];
  if (soft === undefined || hard === undefined) throw new Error("no quotas");
  const faultOf = (changes: object, given: Partial<StorageSettings> = {}) =>
    createPolicy(settings(given)).faultOfEntry({ ...entry, ...changes });

  test("may be published again as it was", () => {
    expect(faultOf({})).toBeUndefined();
    expect(faultOf({ quotas: null })).toBeUndefined();
    expect(faultOf({ mountPoint: { default: "/old/place" } }, { mountRoots: ["/new"] })).toBeUndefined();
  });

  test.each([
    [{ permission: { permissionType: "octal", value: "7777" } }, "permission"],
    [{ permission: null }, "permission"],
    [{ storageDataType: { key: "other" } }, "data type"],
    [{ mountPoint: { default: "/a/../b" } }, "mount point"],
    [{ mountPoint: { default: "/a\u202eb" } }, "mount point"],
    [{ mountPoint: {} }, "mount point"],
    [{ target: { targetType: "project", targetItem: { unixGid: 0 } } }, "GID"],
    [{ tenant: { unixGid: "root" } }, "GID"],
    [{ quotas: [soft, { ...hard, quota: 0 }, ...inodes] }, "quota of 0 TB"],
    [{ quotas: [soft, { ...hard, quota: 21 }, ...inodes] }, "quota of 21 TB"],
    [{ quotas: "none" }, "quotas"],
    [{ quotas: [{ ...soft, quota: "1" }] }, "quotas"],
  ])("with %j is not", (changes, fault) => {
    expect(faultOf(changes, { dataTypes: ["store"], maxQuotaTb: 20 })).toContain(fault);
  });
});
