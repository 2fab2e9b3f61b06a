// The rules that no schema can say: each one broken, and each one kept.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { ValidateOutput } from "../../../lib/documents/finding.ts";
import { validateFile } from "../../../lib/documents/validate.ts";
import { validateJson, validateText } from "../../../lib/documents/validate-text.ts";
import type {
  DirectoryEntry,
  DocumentMeta,
  OrderType,
  StorageResource,
} from "../../../lib/storage/document.ts";
import { directoryItemId } from "../../../lib/storage/items.ts";
import { entryOf, mapper, source } from "../storage/support.ts";
import { documentOf, entry, fileOf, META, textOf } from "./support.ts";

const ORDER = "e".repeat(32);
const NAME = "2026-01-05-09-00-all.json";

const found = (path: string) =>
  [...validateFile(path)].map(
    ({ level, code, entry: at, field }) => `${level} ${code} ${at ?? "-"} ${field}`,
  );
const foundIn = (entries: StorageResource[], meta: DocumentMeta = META, name = NAME) =>
  found(fileOf(textOf(entries, meta), name));
const at = (number: number, path: string) => entry(number, { mountPoint: { default: path } });

const orderMeta = (type: OrderType): DocumentMeta => ({
  ...META,
  order: { uuid: ORDER, type, created: "2026-01-05T08:00:00Z" },
});
const orderName = (type: OrderType) => `2026-01-05-09-00-${type}_${ORDER}.json`;
const orderEntry = (type: OrderType) =>
  entryOf(mapper().mapOrder({ type, limits: { storage: 2 }, attributes: {} }, source()));

test("a snapshot and the files of orders as they are published have no findings", () => {
  expect(foundIn([entry(1), entry(2)])).toEqual([]);
  expect(foundIn([])).toEqual([]);
  for (const type of ["create", "update", "terminate"] as const)
    expect(foundIn([orderEntry(type)], orderMeta(type), orderName(type))).toEqual([]);
});

test("ids and mount points are unique, the latter in the composed form", () => {
  expect(foundIn([entry(1), entry(2), entry(1)])).toEqual([
    "error duplicate-id 3 result.storageResources[2].itemId",
    "error duplicate-mount 3 result.storageResources[2].mountPoint.default",
  ]);
  expect(foundIn([at(1, "/a/\u00e4"), at(2, "/a/a\u0308")])).toEqual([
    "error duplicate-mount 2 result.storageResources[1].mountPoint.default",
  ]);
});

test("a mount point inside another is a warning, wherever the two stand, and the file is valid", () => {
  const nested = "warning nested-mount 2 result.storageResources[1].mountPoint.default";
  expect(foundIn([at(1, "/a/b"), at(2, "/a/b/c/d")])).toEqual([nested]);
  expect(foundIn([at(1, "/a/b/c"), at(2, "/a/bc"), at(3, "/a/b")])).toEqual([
    nested.replace("2 ", "1 ").replace("[1]", "[0]"),
  ]);
  const files = [] as Parameters<typeof validateText>[1];
  const path = fileOf(textOf([at(1, "/a/b"), at(2, "/a/b/c")]), NAME);
  const shown = [...validateText([path], files)].join("");
  expect(shown).toBe(
    `warning: ${path}: entry 2 (${entry(2).itemId}): mountPoint.default: is inside the mount point of entry 1 (nested-mount)\n` +
      `${path}: valid, 2 entries, no errors, 1 warning\n`,
  );
  expect(files).toEqual([{ path, entries: 2, errors: 0, warnings: 1 }]);
});

test("nested mount points are found as a naive comparison finds them", () => {
  const part = fc.constantFrom("a", "b", "ab");
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 8 }), (paths) => {
      const inner = paths.flatMap((one, n) =>
        paths.filter((other) => one.startsWith(`${other}/`)).map(() => `${n + 1}`),
      );
      const nested = foundIn(paths.map((one, n) => at(n, one))).filter((line) =>
        line.includes("nested-mount"),
      );
      expect(nested.map((line) => line.split(" ")[2] ?? "")).toEqual(inner);
    }),
    { numRuns: 100 },
  );
});

test("a hard quota is not below its soft one", () => {
  const swapped =
    entry(1)
      .quotas?.toReversed()
      .map((one, n) => ({ ...one, quota: 4 - n })) ?? [];
  const [hardInodes, softInodes, hardSpace, softSpace] = swapped;
  const quotas = [softSpace, hardSpace, softInodes, hardInodes].flatMap((one) => one ?? []);
  expect(foundIn([entry(1, { quotas })])).toEqual([]);
  const lower = quotas.map((one) => ({ ...one, quota: one.enforcementType === "hard" ? 1 : 2 }));
  expect(foundIn([entry(1, { quotas: lower })])).toEqual([
    "error quotas 1 result.storageResources[0].quotas",
    "error quotas 1 result.storageResources[0].quotas",
  ]);
});

test("a path is within the lengths of file systems, and an entry within 16 KiB", () => {
  expect(foundIn([at(1, `/${"ä".repeat(128)}`)])).toEqual([
    "error path 1 result.storageResources[0].mountPoint.default",
  ]);
  const customer = { itemId: "3".repeat(32), key: "a", name: "x".repeat(17_000) };
  expect(foundIn([entry(1, { customer })])).toEqual(["error size 1 result.storageResources[0]"]);
});

describe("the name of a file", () => {
  test.each([
    [
      "of a snapshot, with an order in it",
      [orderEntry("create")],
      orderMeta("create"),
      NAME,
      ["error name - meta.order"],
    ],
    ["of another minute", [], META, "2026-01-05-09-01-all.json", ["error name - meta.date"]],
    ["of an order, without one in it", [], META, orderName("create"), ["error name - meta.order"]],
    [
      "of another type",
      [orderEntry("create")],
      orderMeta("create"),
      orderName("update"),
      ["error name - meta.order.type"],
    ],
    [
      "of another order",
      [orderEntry("create")],
      orderMeta("create"),
      orderName("create").replaceAll("e".repeat(32), "f".repeat(32)),
      ["error name - meta.order.uuid"],
    ],
    [
      "later than the date",
      [orderEntry("create")],
      orderMeta("create"),
      orderName("create").replace("-09-00-", "-09-01-"),
      ["warning name - meta.date"],
    ],
    [
      "earlier than the date",
      [orderEntry("create")],
      orderMeta("create"),
      orderName("create").replace("-09-", "-08-"),
      [],
    ],
    ["latest-all.json", [entry(1)], META, "latest-all.json", []],
    ["that says nothing", [entry(1)], META, "new.json", []],
  ] satisfies [string, StorageResource[], DocumentMeta, string, string[]][])(
    "%s",
    (_, entries, meta, name, lines) => {
      expect(foundIn(entries, meta, name)).toEqual(lines);
    },
  );
});

describe("the kind of a file", () => {
  const inOrder = (type: OrderType, changes: Partial<StorageResource>) =>
    foundIn([{ ...orderEntry(type), ...changes }], orderMeta(type), orderName(type));
  const { quotas } = orderEntry("create");

  test("decides the status", () => {
    for (const type of ["create", "update", "terminate"] as const)
      expect(inOrder(type, { status: "active" })).toEqual([
        "error order 1 result.storageResources[0].status",
      ]);
  });

  test("decides whether the permission may be missing", () => {
    expect(inOrder("terminate", { permission: null })).toEqual([]);
    expect(inOrder("create", { permission: null })).toEqual([
      "error order 1 result.storageResources[0].permission",
    ]);
    expect(foundIn([entry(1), entry(2, { permission: null })])).toEqual([
      "error order 2 result.storageResources[1]",
    ]);
  });

  test("decides whether there are quotas of before and after", () => {
    expect(inOrder("create", { oldQuotas: quotas, newQuotas: quotas })).toEqual([
      "error order 1 result.storageResources[0]",
    ]);
    expect(foundIn([entry(1, { oldQuotas: null })])).toEqual(["error order 1 result.storageResources[0]"]);
    expect(inOrder("update", { newQuotas: null })).toEqual([
      "error order 1 result.storageResources[0].newQuotas",
    ]);
    const { oldQuotas: _, ...without } = orderEntry("update");
    expect(foundIn([without], orderMeta("update"), orderName("update"))).toEqual([
      "error order 1 result.storageResources[0]",
    ]);
  });

  test("decides how many entries there are", () => {
    const line = ["error order - result.storageResources"];
    expect(foundIn([], orderMeta("create"), orderName("create"))).toEqual(line);
    const other = { ...orderEntry("create"), itemId: "9".repeat(32), mountPoint: { default: "/b" } };
    expect(foundIn([orderEntry("create"), other], orderMeta("create"), orderName("create"))).toEqual(line);
  });
});

describe("what is shown", () => {
  test("a file that cannot be read is a finding, and the next one is read", () => {
    const [cut, missing, good] = [
      fileOf(textOf([entry(1)]).slice(0, 900)),
      "/none/there.json",
      fileOf(textOf([]), NAME),
    ];
    const files = [] as Parameters<typeof validateText>[1];
    const shown = [...validateText([cut, missing, good], files)].join("");
    expect(files.map(({ errors }) => errors)).toEqual([1, 1, 0]);
    expect(shown).toContain(`error: ${cut} is not a complete JSON document: it ends too early`);
    expect(shown).toContain("\nerror: /none/there.json: no such file\n/none/there.json: not checked\n");
    expect(shown).toEndWith(`${good}: valid, no entries, no errors\n`);
  });

  test("of one kind a hundred have a line, and JSON has all", () => {
    const entries = Array.from({ length: 130 }, (_, n) => ({ ...entry(n), status: "gone" }));
    const path = fileOf(JSON.stringify(documentOf(entries)), NAME);
    const lines = [...validateText([path], [])].join("").split("\n");
    expect(lines.filter((line) => line.startsWith("error: "))).toHaveLength(100);
    expect(lines).toContain(`${path}: and 30 more of schema; --json lists all`);
    expect(lines[0]).toBe(
      `error: ${path}: entry 1 (${"0".repeat(32)}): status: is "gone", not ("pending" | "active" | "updating" | "removing" | "error") (schema)`,
    );
    const output = JSON.parse([...validateJson([path], [])].join(""));
    expect(v.parse(ValidateOutput, output).findings).toHaveLength(130);
    expect(output.files).toEqual([{ path, entries: 130, errors: 130, warnings: 0 }]);
  });
});

describe("directories", () => {
  const directory = (path: string, changes: Partial<DirectoryEntry> = {}): DirectoryEntry => {
    const above = path.slice(0, path.lastIndexOf("/"));
    const { storageSystem, storageFileSystem, storageDataType } = entry(1);
    return {
      itemId: directoryItemId(path),
      status: "active",
      mountPoint: { default: path },
      permission: { permissionType: "octal", value: "775" },
      quotas: null,
      target: { targetType: "customer", targetItem: { itemId: "c", key: "c", name: "C" } },
      ...{ storageSystem, storageFileSystem, storageDataType },
      parentItemId: above === "" ? null : directoryItemId(above),
      ...changes,
    };
  };
  const inside = (number: number, path: string, changes: Partial<StorageResource> = {}): StorageResource => ({
    ...at(number, path),
    parentItemId: directoryItemId(path.slice(0, path.lastIndexOf("/"))),
    ...changes,
  });
  const foundOf = (...entries: unknown[]) => found(fileOf(JSON.stringify(documentOf(entries)), NAME));
  const [a, ab] = [directory("/a"), directory("/a/b")];

  test("that are right have no findings, also in the file of an order and above nested mounts", () => {
    expect(foundOf(a, ab, inside(1, "/a/b/x"), inside(2, "/a/b/y"))).toEqual([]);
    const created = orderEntry("create");
    const path = created.mountPoint.default;
    const above = directory(path.slice(0, path.lastIndexOf("/")), { parentItemId: null, status: "pending" });
    const entries = [above, { ...created, parentItemId: above.itemId }];
    const text = JSON.stringify(documentOf(entries, orderMeta("create")));
    expect(found(fileOf(text, orderName("create")))).toEqual([]);
    const outer = inside(2, "/a/b");
    expect(foundOf(a, inside(1, "/a/b/x", { parentItemId: outer.itemId }), outer)).toEqual([
      "warning nested-mount 2 result.storageResources[1].mountPoint.default",
    ]);
  });

  const result = (n: number, field: string) => `result.storageResources[${n - 1}]${field}`;
  test.each([
    ["an id of another path", [directory("/a", { itemId: ab.itemId }), at(1, "/x")], ["1 .itemId", "1 "]],
    ["no child", [a, at(1, "/x")], ["1 "]],
    ["a parent that is missing", [a, inside(1, "/a/x"), inside(2, "/b/x")], ["3 .parentItemId"]],
    ["a parent behind it", [inside(1, "/a/x"), a], ["2 ", "1 .parentItemId", "2 "]],
    ["a parent elsewhere", [a, inside(1, "/b/x", { parentItemId: a.itemId })], ["2 .parentItemId"]],
    [
      "pending above what is active",
      [directory("/a", { status: "pending" }), inside(1, "/a/x")],
      ["1 .status"],
    ],
    ["active above what is pending", [a, inside(1, "/a/x", { status: "pending" })], ["1 .status"]],
  ] as const)("with %s are errors", (_, entries, wanted) => {
    expect(foundOf(...entries)).toEqual(
      wanted.map((one) => {
        const [number = "", field = ""] = one.split(" ");
        return `error parent ${number} ${result(Number(number), field)}`;
      }),
    );
  });

  test("are there once, at a path of their own", () => {
    expect(foundOf(a, a, inside(1, "/a/x"))).toEqual([
      `error duplicate-id 2 ${result(2, ".itemId")}`,
      `error duplicate-mount 2 ${result(2, ".mountPoint.default")}`,
    ]);
    expect(foundOf(a, ab, inside(1, "/a/b/x"), inside(2, "/a/b"))).toEqual([
      `error duplicate-mount 4 ${result(4, ".mountPoint.default")}`,
    ]);
  });

  test("have no quotas, and are no order's only entry", () => {
    const withQuotas = { ...a, quotas: entry(1).quotas };
    expect(foundOf(withQuotas, inside(1, "/a/x"))).toEqual([`error schema 1 ${result(1, ".quotas")}`]);
    const text = JSON.stringify(documentOf([directory("/a", { status: "pending" })], orderMeta("create")));
    expect(found(fileOf(text, orderName("create")))).toContain("error order - result.storageResources");
  });
});
