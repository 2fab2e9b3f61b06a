import { describe, expect, test } from "bun:test";
import type { UnixGidSource } from "../../../lib/config/config.ts";
import { RetryLaterError } from "../../../lib/errors.ts";
import type { StorageSource } from "../../../lib/storage/document.ts";
import type { MappedOrder } from "../../../lib/storage/order-input.ts";
import { quoted } from "../../../lib/storage/problems.ts";
import { entryOf, mapper, numbersOf, problemsOf, source } from "./support.ts";

const mapped = (changes: Partial<StorageSource>, given: Parameters<typeof mapper>[0] = {}) =>
  mapper(given).mapResource(source(changes));

test("an entry has its keys in the order of the document", () => {
  expect(entryOf(mapped({}))).toEqual({
    itemId: "1".repeat(32),
    status: "active",
    mountPoint: { default: "/capstor/store/university/physics-dept/climate-sim" },
    permission: { permissionType: "octal", value: "775" },
    quotas: expect.any(Array),
    target: {
      targetType: "project",
      targetItem: {
        itemId: "1".repeat(32),
        status: "open",
        name: "climate-sim",
        unixGid: null,
        active: true,
      },
    },
    storageSystem: {
      itemId: "4b4a996a-8d6b-556d-ad60-202cefa6ecc3",
      key: "capstor",
      name: "CAPSTOR",
      active: true,
    },
    storageFileSystem: {
      itemId: "a04204cf-e3bf-5eb6-8323-0f3121afdd3b",
      key: "lustre",
      name: "LUSTRE",
      active: true,
    },
    storageDataType: {
      itemId: "6cea66c5-3133-54e1-9e5d-469deb675ceb",
      key: "store",
      name: "STORE",
      path: "store",
      active: true,
    },
    parentItemId: null,
    tenant: { itemId: "2".repeat(32), key: "university", name: "University" },
    customer: { itemId: "3".repeat(32), key: "physics-dept", name: "Physics" },
  });
  expect(Object.keys(entryOf(mapped({})))).toEqual([
    "itemId",
    "status",
    "mountPoint",
    "permission",
    "quotas",
    "target",
    "storageSystem",
    "storageFileSystem",
    "storageDataType",
    "parentItemId",
    "tenant",
    "customer",
  ]);
});

test("every problem of an item is reported, each with its field", () => {
  const made = mapped({
    uuid: "X",
    state: "Paused",
    slug: "",
    limits: { storage: -1 },
    attributes: { permissions: "999", storage_data_type: "a/b" },
    options: { soft_quota_space: "much" },
    backendId: "/a/../b",
    customer: { uuid: "", name: "Jane Doe", slug: "ok" },
  });
  expect(problemsOf(made)).toEqual([
    "unknown-state state",
    "bad-uuid uuid",
    "bad-data-type attributes.storage_data_type",
    "bad-slug slug",
    "bad-backend-id backend_id",
    "bad-permissions attributes.permissions",
    "bad-limit limits.storage",
    "bad-options options.soft_quota_space",
    "bad-uuid customer_uuid",
  ]);
  expect(JSON.stringify(made)).not.toContain("Jane");
});

test("a server's value is quoted cleaned and short", () => {
  const made = mapped({ attributes: { permissions: `\u001b[31m\u202e${"😀".repeat(100)}` } });
  if (made.ok) throw new Error("mapped");
  const [problem] = made.problems;
  expect(problem?.message).toBe(
    `attributes.permissions must be 3 or 4 octal digits, not "?[31m?${"😀".repeat(53)}…"`,
  );
  expect([...quoted("x".repeat(1000))]).toHaveLength(62);
  expect([...quoted("x".repeat(60))]).toHaveLength(62);
});

describe("the status", () => {
  test.each([
    ["Creating", "pending"],
    ["OK", "active"],
    ["Updating", "updating"],
    ["Terminating", "removing"],
    ["Erred", "error"],
  ] as const)("of a resource that is %s is %s", (state, status) => {
    expect(entryOf(mapped({ state })).status).toBe(status);
  });

  test.each(["Terminated", "ok", "", "constructor", "Paused"])("of state %p is a problem", (state) => {
    expect(problemsOf(mapped({ state }))).toEqual(["unknown-state state"]);
  });

  test.each([
    ["create", "pending"],
    ["update", "updating"],
    ["terminate", "removing"],
  ] as const)("of a %s order is %s whatever the resource's state", (type, status) => {
    const made = mapper().mapOrder({ type, limits: {}, attributes: {} }, source({ state: "Whatever" }));
    expect(entryOf(made).status).toBe(status);
  });
});

describe("the permission", () => {
  const permission = (options: unknown, attributes: unknown) =>
    mapped({ options: { permissions: options }, attributes: { permissions: attributes } });

  test.each([
    ["2750", "770", "2750"],
    [undefined, "770", "770"],
    [null, 2770, "2770"],
    [null, null, "775"],
    [755, undefined, "755"],
  ])("options %p and attributes %p give %p", (options, attributes, value) => {
    expect(entryOf(permission(options, attributes)).permission).toEqual({ permissionType: "octal", value });
  });

  test.each(["77", "77777", "778", "rwx", " 775", "0o775", 775.5, -775, true, [["775"]], {}])(
    "%p is a problem",
    (value) => {
      expect(problemsOf(permission(undefined, value))).toEqual(["bad-permissions attributes.permissions"]);
      expect(problemsOf(permission(value, "775"))).toEqual(["bad-permissions options.permissions"]);
    },
  );

  test.each([
    [504, "it is octal 770 read as a decimal number", '"770"'],
    [420, "it is octal 644 read as a decimal number", '"644"'],
    [1512, "it is octal 2750 read as a decimal number", '"2750"'],
    [1533, "it is octal 2775 read as a decimal number", '"2775"'],
    [1517, "it is octal 2755 read as a decimal number", '"2755"'],
    [448, "it is octal 700 read as a decimal number", '"700"'],
    [1528, "it is octal 2770 read as a decimal number", '"2770"'],
    [644, "octal digits as text, not the number 644", '"2770"'],
    [77, "octal digits as text, not the number 77", '"2770"'],
    [0, "octal digits as text, not the number 0", '"2770"'],
    [17770, "octal digits as text, not the number 17770", '"2770"'],
  ])("the number %p is a problem of a code of its own: %s", (value, message, hint) => {
    for (const [made, field] of [
      [permission(undefined, value), "attributes.permissions"],
      [permission(value, "775"), "options.permissions"],
    ] as const) {
      expect(problemsOf(made)).toEqual([`decimal-permissions ${field}`]);
      expect(made.ok ? "" : made.problems[0]?.message).toContain(message);
      expect(made.ok ? "" : made.problems[0]?.hint).toContain(hint);
    }
  });

  test.each([700, 770, 775, 755, 2770, 2775])("the number %p can only be meant so", (value) => {
    expect(entryOf(permission(undefined, value)).permission?.value).toBe(String(value));
  });

  test.each(["", "  ", "\t"])("%p says nothing", (blank) => {
    expect(entryOf(permission(undefined, blank)).permission?.value).toBe("775");
    expect(entryOf(permission(blank, "2770")).permission?.value).toBe("2770");
  });

  test("falls back to the configured default", () => {
    expect(entryOf(mapped({}, { defaultPermissions: "2770" })).permission?.value).toBe("2770");
  });
});

describe("the data type", () => {
  const dataType = (value: unknown) => mapped({ attributes: { storage_data_type: value } });

  test.each([
    ["archive", "archive"],
    [" Scratch\t", "scratch"],
    ["", "store"],
    ["   ", "store"],
    [null, "store"],
  ])("%p gives %p", (value, key) => {
    const item = entryOf(dataType(value)).storageDataType;
    expect(item).toMatchObject({ key, name: key.toUpperCase(), path: key });
  });

  test.each(["a/b", "..", "ü", 7, true, {}, [["store"]], "x".repeat(256)])("%p is a problem", (value) => {
    expect(problemsOf(dataType(value))).toEqual(["bad-data-type attributes.storage_data_type"]);
  });

  test("is the configured default where none is given, written like any other", () => {
    expect(entryOf(mapped({}, { defaultDataType: " Archive" })).storageDataType.key).toBe("archive");
  });

  test("has an id of its own, the same in every mapper", () => {
    const ids = ["archive", "users", "scratch"].map(
      (value) => entryOf(dataType(value)).storageDataType.itemId,
    );
    expect(ids).toEqual([
      "1bbb85a8-bb81-51cd-8bc4-affd7e97e2aa",
      "3e8e89e4-0613-54cd-80bc-00fe1d8cafe6",
      "0368ba53-7bcd-5800-8a9f-e7867c0a4d53",
    ]);
  });
});

describe("the target", () => {
  const gids: UnixGidSource = {
    kind: "file",
    path: "/gids.csv",
    gids: new Map([["physics-dept", 31_000]]),
    entries: 1,
    endsWithLineBreak: true,
    issues: [],
  };
  const target = (backendMetadata: unknown, given: Parameters<typeof mapper>[0] = {}) =>
    entryOf(mapped({ backendMetadata }, given)).target.targetItem;

  test("is what the metadata says, as it is", () => {
    const project_item = { unixGid: "31000", deep: [{ a: null }], itemId: 7 };
    expect(target({ project_item })).toBe(project_item);
  });

  test.each([
    null,
    undefined,
    "text",
    [["a"]],
    7,
    {},
    { project_item: {} },
    { project_item: "x" },
    { project_item: [1] },
  ])("is built of the resource when the metadata is %p", (metadata) => {
    expect(target(metadata)).toMatchObject({ itemId: "1".repeat(32), name: "climate-sim", unixGid: null });
  });

  test("has the GID of the project from the file", () => {
    expect(target({}, { unixGid: gids })).toMatchObject({ unixGid: 31_000 });
    const stranger = { project: { uuid: "3".repeat(32), name: "", slug: "constructor" } };
    expect(entryOf(mapped(stranger, { unixGid: gids })).target.targetItem).toMatchObject({ unixGid: null });
  });

  test("without a GID is a problem where one is required", () => {
    const required = { requireGid: true };
    expect(problemsOf(mapped({}, required))).toEqual(["no-gid backend_metadata.project_item"]);
    const project = { uuid: "3".repeat(32), name: "", slug: "other" };
    const unknown = mapped({ project }, { ...required, unixGid: gids });
    expect(problemsOf(unknown)).toEqual(["no-gid project_slug"]);
    expect(unknown.ok ? "" : unknown.problems[0]?.message).toBe(
      'project_slug "other" has no GID in /gids.csv',
    );
    const backendMetadata = { project_item: { unixGid: null } };
    expect(problemsOf(mapped({ backendMetadata }, required))).toEqual([
      "no-gid backend_metadata.project_item",
    ]);
    expect(problemsOf(mapped({ backendMetadata: { project_item: { unixGid: 7000 } } }, required))).toEqual(
      [],
    );
    expect(problemsOf(mapped({}, { ...required, unixGid: gids }))).toEqual([]);
  });

  const NO_GIDS = [
    "",
    "0",
    "999",
    "1e4",
    "0x7d0",
    0,
    1,
    999,
    -5,
    1000.5,
    1e300,
    4_294_967_295,
    true,
    {},
    [[1]],
  ];

  test.each(NO_GIDS)("with the GID %p is a problem, whether one is required or not", (unixGid) => {
    for (const requireGid of [true, false]) {
      const items = { project_item: { unixGid }, tenant_item: { unixGid }, customer_item: { unixGid } };
      for (const [name, item] of Object.entries(items)) {
        const made = mapped(
          { backendMetadata: { project_item: { unixGid: 2000 }, [name]: item } },
          { requireGid },
        );
        expect(problemsOf(made)).toEqual([`bad-gid backend_metadata.${name}.unixGid`]);
        expect(made.ok ? "" : made.problems[0]?.hint).toContain("min_gid");
      }
    }
  });

  test.each([
    ["project_item", { members: [{ unixGid: 2000 }, { unixGid: 0 }] }, "gid", "members.1.unixGid"],
    ["project_item", { primaryProject: { unixGid: 999 } }, "gid", "primaryProject.unixGid"],
    ["tenant_item", { user: { unixUid: 0 } }, "uid", "user.unixUid"],
    ["customer_item", { owner: { unixUid: "1000" } }, "uid", "owner.unixUid"],
  ])("with a wrong number deeper in %s is a problem: %p", (name, item, kind, path) => {
    expect(problemsOf(mapped({ backendMetadata: { [name]: item } }))).toEqual([
      `bad-${kind} backend_metadata.${name}.${path}`,
    ]);
  });

  test("has users of its own numbering", () => {
    const item = { unixGid: 31_000, owner: { unixUid: 1000, primaryProject: { unixGid: "2000" } } };
    expect(target({ project_item: item })).toEqual(item);
  });

  test("with a GID as text is a problem where one is required, else it is passed on", () => {
    const backendMetadata = { project_item: { unixGid: "30001" } };
    expect(target(backendMetadata)).toEqual({ unixGid: "30001" });
    const made = mapped({ backendMetadata }, { requireGid: true });
    expect(problemsOf(made)).toEqual(["bad-gid backend_metadata.project_item.unixGid"]);
  });

  test.each([1000, 30_001, 4_294_967_294])("with the GID %p is fine", (unixGid) => {
    expect(target({ project_item: { unixGid } }, { requireGid: true })).toEqual({ unixGid });
  });

  test("has a GID from min_gid on, whatever its source", () => {
    const item = { backendMetadata: { project_item: { unixGid: 500 } } };
    expect(entryOf(mapped(item, { minGid: 500 })).target.targetItem).toEqual({ unixGid: 500 });
    expect(problemsOf(mapped(item, { minGid: 501 }))).toEqual([
      "bad-gid backend_metadata.project_item.unixGid",
    ]);
    expect(problemsOf(mapped({}, { unixGid: gids, minGid: 31_001 }))).toEqual(["bad-gid project_slug"]);
    expect(target({}, { unixGid: gids, minGid: 31_000 })).toMatchObject({ unixGid: 31_000 });
    const mock = { useMockTargetItems: true, minGid: 40_000 };
    expect(problemsOf(mapped({}, mock))).toEqual(["bad-gid use_mock_target_items"]);
  });

  test("cannot be known from a map with a fault: there is no mapper then", () => {
    const issues = [
      { file: "/gids.csv", line: 3, column: 1, message: "must be a project slug and its GID" },
      { file: "/gids.csv", line: 4, column: 1, message: "x" },
    ];
    const faulty = () => mapper({ unixGid: { ...gids, gids: new Map(), issues } });
    expect(faulty).toThrow(RetryLaterError);
    expect(faulty).toThrow("/gids.csv:3:1: must be a project slug and its GID (and 1 more such lines)");
  });

  test("of mock mode is marked, and the same for the same project", () => {
    const mock = target({}, { useMockTargetItems: true, requireGid: true });
    expect(mock).toMatchObject({ mock: true, unixGid: 33_038 });
    expect(target({ project_item: { unixGid: 1 } }, { useMockTargetItems: true })).toEqual(mock);
  });

  test("nested too deep is a problem, the deepest that is fine is laid out", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { x: nested(levels - 1) });
    expect(problemsOf(mapped({ backendMetadata: { project_item: nested(16) } }))).toEqual([]);
    const tooDeep = mapped({
      backendMetadata: { project_item: nested(17), tenant_item: nested(20_000 / 4) },
    });
    expect(problemsOf(tooDeep)).toEqual([
      "bad-metadata backend_metadata.project_item",
      "bad-metadata backend_metadata.tenant_item",
    ]);
  });
});

describe("tenant and customer", () => {
  test("are what the metadata says, as it is", () => {
    const backendMetadata = { tenant_item: { any: "thing" }, customer_item: { itemId: "c" } };
    const customer = { uuid: "", name: "", slug: "university" };
    const entry = entryOf(mapped({ backendMetadata, customer }));
    expect(entry.tenant).toEqual({ any: "thing" });
    expect(entry.customer).toEqual({ itemId: "c" });
  });

  test("need a uuid where the metadata says nothing", () => {
    const project = { uuid: "3-3", name: "", slug: "physics" };
    expect(problemsOf(mapped({ project }))).toEqual(["bad-uuid project_uuid"]);
  });
});

describe("objects of the metadata", () => {
  const HOOKS = ["__proto__", "constructor", "prototype", "toJSON"];
  const hooked = (inner: string) =>
    `{"a": 1, "deep": [{"b": {${inner}, "c": 2}}, 3], ${HOOKS.map((name) => `"${name}": {"x": 1}`).join(", ")}}`;
  const item = hooked(HOOKS.map((name) => `"${name}": "gone"`).join(", "));

  test("lose names with a meaning of their own, at every depth", () => {
    const backendMetadata = JSON.parse(
      `{"project_item": ${item}, "tenant_item": ${item}, "customer_item": ${item}}`,
    );
    const entry = entryOf(mapped({ backendMetadata }));
    const kept = '{"a":1,"deep":[{"b":{"c":2}},3]}';
    for (const found of [entry.target.targetItem, entry.tenant, entry.customer])
      expect(JSON.stringify(found)).toBe(kept);
  });

  test("that have no other names count as none", () => {
    const backendMetadata = JSON.parse('{"project_item": {"__proto__": {"unixGid": 0}, "toJSON": 1}}');
    expect(entryOf(mapped({ backendMetadata })).target.targetItem).toMatchObject({ name: "climate-sim" });
  });
});

describe("an order", () => {
  const resource = source({ limits: { storage: 10 }, options: { permissions: "750", hard_quota_space: 40 } });
  const ordered = (order: Partial<MappedOrder>) =>
    mapper().mapOrder({ type: "update", limits: {}, attributes: {}, ...order }, resource);
  const softSpace = (order: Partial<MappedOrder>) => numbersOf(entryOf(ordered(order)).quotas)?.[0];

  test.each(["create", "update"] as const)("of type %s has its own limits, else the resource's", (type) => {
    expect(softSpace({ type, limits: { storage: 20 } })).toBe(20);
    expect(softSpace({ type, limits: {} })).toBe(10);
  });

  test("to terminate has the limits of the resource", () => {
    expect(softSpace({ type: "terminate", limits: { storage: 20 } })).toBe(10);
  });

  test("to update has its new options over those of the resource", () => {
    const entry = entryOf(
      ordered({ attributes: { new_options: { permissions: "700", soft_quota_space: 5 } } }),
    );
    expect(entry.permission?.value).toBe("700");
    expect(numbersOf(entry.quotas)?.slice(0, 2)).toEqual([5, 40]);
    expect(numbersOf(entry.oldQuotas)?.slice(0, 2)).toEqual([10, 40]);
  });

  test.each(["create", "terminate"] as const)("of type %s has no options of its own", (type) => {
    const entry = entryOf(ordered({ type, attributes: { new_options: { permissions: "700" } } }));
    expect(entry.permission?.value).toBe("750");
    expect(Object.keys(entry)).not.toContain("oldQuotas");
    expect(Object.keys(entry)).not.toContain("newQuotas");
  });

  test("with options that are no object is a problem", () => {
    expect(problemsOf(ordered({ attributes: { new_options: "700" } }))).toEqual([
      "bad-options attributes.new_options",
    ]);
  });

  test("to update gives the quotas before and after", () => {
    const entry = entryOf(ordered({ limits: { storage: 20 }, attributes: { old_limits: { storage: 15 } } }));
    expect(numbersOf(entry.oldQuotas)?.[0]).toBe(15);
    expect(entry.newQuotas).toEqual(entry.quotas);
    expect(numbersOf(entry.newQuotas)?.[0]).toBe(20);
  });

  test.each([undefined, null, "x", {}, { cpu: 1 }])(
    "with old limits of %p had those of the resource",
    (old_limits) => {
      const entry = entryOf(ordered({ limits: { storage: 20 }, attributes: { old_limits } }));
      expect(numbersOf(entry.oldQuotas)?.[0]).toBe(10);
    },
  );

  test("knows the old options also after the resource took the new ones", () => {
    const attributes = { old_options: { hard_quota_space: 30 }, new_options: { hard_quota_space: 40 } };
    const entry = entryOf(ordered({ attributes }));
    expect([numbersOf(entry.oldQuotas)?.[1], numbersOf(entry.newQuotas)?.[1]]).toEqual([30, 40]);
  });

  test("that corrects a bad limit is published, with null for what was never published", () => {
    const entry = entryOf(ordered({ limits: { storage: 20 }, attributes: { old_limits: { storage: -5 } } }));
    expect([entry.oldQuotas, numbersOf(entry.quotas)?.[0]]).toEqual([null, 20]);
  });

  test("to shrink to nothing has no quotas after it", () => {
    const entry = entryOf(ordered({ limits: { storage: 0 } }));
    expect([numbersOf(entry.oldQuotas)?.[0], entry.quotas, entry.newQuotas]).toEqual([10, null, null]);
  });

  test.each(["create", "update"] as const)(
    "of type %s with limits of another component is a problem",
    (type) => {
      expect(problemsOf(ordered({ type, limits: { storage_tb: 20 } }))).toEqual(["no-component limits"]);
      expect(entryOf(ordered({ type, limits: { storage: null, cpu: 1 } })).quotas).toBeNull();
    },
  );

  test("for a resource whose limits have another component has no quotas before", () => {
    const renamed = source({ limits: { storage_tb: 10 } });
    const order = { type: "update", limits: { storage: 20 }, attributes: {} } as const;
    const entry = entryOf(mapper().mapOrder(order, renamed));
    expect([entry.oldQuotas, numbersOf(entry.newQuotas)?.[0]]).toEqual([null, 20]);
    expect(problemsOf(mapper().mapOrder({ ...order, limits: {} }, renamed))).toEqual(["no-component limits"]);
  });

  test("to terminate needs path and target only: what else is wrong is null, and named", () => {
    const broken = source({
      limits: { storage: -1 },
      options: { permissions: "rwx" },
      attributes: { storage_data_type: "a/b" },
      slug: "..",
    });
    const order = { type: "terminate", limits: {}, attributes: {} } as const;
    const place = { ...mapper().placeOf(broken), path: "/kept" };
    const mapped = mapper().mapOrder(order, broken, place);
    const entry = entryOf(mapped);
    expect([entry.mountPoint.default, entry.quotas, entry.permission]).toEqual(["/kept", null, null]);
    expect(mapped.ok ? mapped.spared.map(({ code }) => code).sort() : []).toEqual([
      "bad-data-type",
      "bad-limit",
      "bad-permissions",
      "bad-slug",
    ]);
    expect(problemsOf(mapper().mapOrder(order, broken))).toContain("bad-slug slug");
  });

  test("with new options that are blank has those of the resource", () => {
    expect(entryOf(ordered({ attributes: { new_options: " " } })).permission?.value).toBe("750");
  });

  test("gives the same entry as the resource but for status and limits", () => {
    const { status, ...asOrdered } = entryOf(ordered({ type: "create" }));
    const { status: live, ...asListed } = entryOf(mapper().mapResource(resource));
    expect(asOrdered).toEqual(asListed);
    expect([status, live]).toEqual(["pending", "active"]);
  });
});
