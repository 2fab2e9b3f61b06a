import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "pathe";
import { FOREIGN_LIMIT_BYTES, readForeignDocument } from "../../../lib/storage/foreign.ts";

const GOLDEN = join(import.meta.dir, "../../fixtures/golden/sync");
const UUID = "0123456789abcdef0123456789abcdef";

/** `original`: the entries that the plugin wrote; null where its document was not JSON. */
type Golden = { original: Record<string, unknown>[] | null };

const golden = readdirSync(GOLDEN)
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, Golden] => [name, JSON.parse(readFileSync(join(GOLDEN, name), "utf8"))]);

function entry(more: Record<string, unknown> = {}): Record<string, unknown> {
  const target = { targetType: "project", targetItem: { unixGid: 30001 } };
  return { itemId: UUID, status: "pending", mountPoint: { default: "/a" }, quotas: [{}], target, ...more };
}

/** The plugin's file: two spaces, a date without an offset, and no line break at the end. */
function pluginText(storageResources: unknown[]): string {
  const meta = { date: "2026-11-25T07:49:00.123456", appVersion: "1.4.0" };
  return JSON.stringify({ status: "success", code: 200, meta, result: { storageResources } }, null, 2);
}

function read(...storageResources: unknown[]) {
  return readForeignDocument(JSON.stringify({ status: "success", code: 200, result: { storageResources } }));
}

test.each(golden)("finds the resources of the plugin's own document: %s", (_name, { original }) => {
  if (original === null) return;
  const found = readForeignDocument(pluginText(original));
  const uuids = original.map(({ itemId }) => String(itemId).toLowerCase());
  expect(found?.map(({ itemId }) => itemId)).toEqual(
    [...new Set(uuids)].filter((uuid) => /^[0-9a-f]{32}$/.test(uuid)),
  );
});

test("says of an entry where it is, and whether it has quotas and a GID", () => {
  const [, first] = golden.find(([name]) => name === "01-normal.json") ?? [];
  const found = readForeignDocument(pluginText(first?.original ?? []));
  expect(found).toHaveLength(first?.original?.length ?? -1);
  expect(found?.[0]).toMatchObject({ status: "pending", targetType: "project", hasQuotas: true });
  expect(found?.[0]?.mountPoint).toStartWith("/");
  expect(read(entry())).toEqual([
    {
      itemId: UUID,
      mountPoint: "/a",
      status: "pending",
      targetType: "project",
      hasQuotas: true,
      hasGid: true,
    },
  ]);
});

test.each([
  ["null", null],
  ["empty", []],
])("counts quotas that are %s as none", (_, quotas) => {
  expect(read(entry({ quotas }))?.[0]?.hasQuotas).toBe(false);
});

test.each([null, "30001", 1.5])("counts %j as no GID", (unixGid) => {
  const target = { targetType: "project", targetItem: { unixGid } };
  expect(read(entry({ target }))?.[0]?.hasGid).toBe(false);
});

test.each([undefined, null, "/a", { default: 7 }])("has no path where mountPoint is %j", (mountPoint) => {
  expect(read(entry({ mountPoint }))?.[0]?.mountPoint).toBeNull();
});

test("takes a uuid in any spelling, once", () => {
  const dashed = "01234567-89AB-cdef-0123-456789abcdef";
  expect(read(entry({ itemId: dashed }), entry())?.map(({ itemId }) => itemId)).toEqual([UUID]);
});

test.each([
  ["no uuid", entry({ itemId: "abc" })],
  ["a uuid with dashes elsewhere", entry({ itemId: "0123-456789abcdef0123456789abcdef" })],
  ["a tenant for its target", entry({ target: { targetType: "tenant" } })],
  ["no target", entry({ target: null })],
  ["no fields", null],
])("ignores an entry with %s, and keeps the others", (_, other) => {
  expect(read(other, entry())?.map(({ itemId }) => itemId)).toEqual([UUID]);
});

test("is an empty list where there are no entries", () => {
  expect(read()).toEqual([]);
});

test.each(["", "{", "null", "[]", "{}", '{"result":[]}', '{"result":{"storageResources":{}}}', '{"a":NaN}'])(
  "is null for what is no such document: %s",
  (text) => {
    expect(readForeignDocument(text)).toBeNull();
  },
);

test("is null beyond the largest size", () => {
  const text = JSON.stringify({ result: { storageResources: [entry()] } });
  expect(readForeignDocument(text.padEnd(FOREIGN_LIMIT_BYTES))).toHaveLength(1);
  expect(readForeignDocument(text.padEnd(FOREIGN_LIMIT_BYTES + 1))).toBeNull();
});
