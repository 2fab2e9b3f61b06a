// Directories above mount points: which there are, in which order, whose, and with what status.

import { describe, expect, test } from "bun:test";
import type { StorageSource } from "../../../lib/storage/document.ts";
import { createHierarchy } from "../../../lib/storage/hierarchy.ts";
import { directoryItemId } from "../../../lib/storage/items.ts";
import { createMapper } from "../../../lib/storage/mapper.ts";
import { parentPaths } from "../../../lib/storage/parents.ts";
import { createPolicy } from "../../../lib/storage/policy.ts";
import { entriesText } from "../../../lib/storage/text.ts";
import { entryOf, problemsOf, settings, source } from "./support.ts";

const OFFERING = { uuid: "d".repeat(32), slug: "capstor" };
const PROVIDER = { slug: "cscs", name: "CSCS" };

function site(changes: Parameters<typeof settings>[0] = {}) {
  const all = settings({ documentProfile: "hierarchy", mountRoots: ["/"], ...changes });
  const hierarchy = createHierarchy(all, OFFERING);
  const component = { name: "storage", unitFactor: 1 };
  const mapper = createMapper({ settings: all, component, offeringSlug: OFFERING.slug, hierarchy });
  return { hierarchy, mapper };
}

/** `kind status path` of the directories above resources of these paths. */
function above(rows: readonly (Partial<StorageSource> & { backendId: string })[]) {
  const { hierarchy, mapper } = site();
  const parents = hierarchy.collect();
  for (const [n, row] of rows.entries()) {
    const one = source({ uuid: `${n}`.padStart(32, "0"), provider: PROVIDER, ...row });
    parents.add(entryOf(mapper.mapResource(one)), one);
  }
  return parents.entries();
}

const at = (...paths: string[]) => paths.map((backendId) => ({ backendId }));
const lines = (entries: ReturnType<typeof above>) =>
  entries.map(({ target, status, mountPoint }) => `${target.targetType} ${status} ${mountPoint.default}`);

describe("the directories above a path", () => {
  const holds = (roots: string[]) => createPolicy(settings({ mountRoots: roots }));
  test.each([
    ["/a", ["/"], []],
    ["/a/b", ["/"], ["/a"]],
    ["/a/b/c/d", ["/"], ["/a/b/c", "/a/b"]],
    ["/srv/x/c/p", ["/srv/x"], ["/srv/x/c", "/srv/x"]],
    ["/srv/x/p", ["/srv/x"], ["/srv/x"]],
    ["/srv/xy/p", ["/srv/x"], []],
    ["/home/x/p", ["/home/x"], []],
    ["/home/x/c/p", ["/home/x"], ["/home/x/c"]],
    ["/etc/a/b", ["/"], []],
  ])("%s with the roots %j", (path, roots, wanted) => {
    expect(parentPaths(path, holds(roots))).toEqual(wanted);
  });
});

test("each is there once, in the order of its first use, before what is in it", () => {
  expect(lines(above(at("/s/t/c/a", "/s/t/c/b", "/s/t/d/a", "/u/v/w")))).toEqual([
    "tenant active /s/t",
    "customer active /s/t/c",
    "customer active /s/t/d",
    "tenant active /u",
    "customer active /u/v",
  ]);
});

test("one with mount points directly in it is a customer's, wherever it was a tenant's first", () => {
  expect(lines(above(at("/a/b/c/d", "/a/b/x")))).toEqual([
    "tenant active /a",
    "customer active /a/b",
    "customer active /a/b/c",
  ]);
});

test("the first resource says whose it is, and what is stored there", () => {
  const other = { uuid: "9".repeat(32), name: "Other", slug: "other" };
  const [tenant, customer] = above([
    { backendId: "/s/t/c/a", attributes: { storage_data_type: "archive" } },
    { backendId: "/s/t/c/b", customer: other },
  ]);
  expect(tenant).toMatchObject({
    itemId: directoryItemId("/s/t"),
    parentItemId: null,
    permission: { permissionType: "octal", value: "775" },
    quotas: null,
    target: { targetItem: { itemId: OFFERING.uuid, key: "cscs", name: "CSCS" } },
    storageDataType: { key: "archive" },
  });
  expect(customer?.target.targetItem).toEqual({
    itemId: "2".repeat(32),
    key: "university",
    name: "University",
  });
  expect(customer?.parentItemId).toBe(directoryItemId("/s/t"));
});

test("is pending while everything in it is", () => {
  const rows = at("/s/t/c/a", "/s/t/c/b", "/s/t/d/a").map((row) => ({ ...row, state: "Creating" }));
  expect(lines(above(rows)).every((line) => line.includes(" pending "))).toBe(true);
  const [first, second, third] = rows;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three rows");
  expect(lines(above([first, { ...second, state: "Erred" }, third]))).toEqual([
    "tenant active /s/t",
    "customer active /s/t/c",
    "customer pending /s/t/d",
  ]);
});

test("is active when something below it is, however deep", () => {
  const pending = { backendId: "/s/t/z", state: "Creating" };
  expect(lines(above([pending, ...at("/s/t/c/a")]))).toEqual([
    "tenant active /s",
    "customer active /s/t",
    "customer active /s/t/c",
  ]);
});

test("a backend id ends with one slash at most", () => {
  const { mapper } = site();
  expect(entryOf(mapper.mapResource(source({ backendId: "/s/t/c/a/" }))).mountPoint.default).toBe("/s/t/c/a");
  expect(mapper.mapResource(source({ backendId: "/s/t/c/a//" })).ok).toBe(false);
});

test("what is in a mounted resource gets it for its parent, wherever the pieces of the text break", () => {
  const { hierarchy, mapper } = site();
  const parents = hierarchy.collect();
  const [inner, outer] = ["/s/t/c/a", "/s/t/c"].map((backendId, n) => {
    const project = { uuid: "e".repeat(32), slug: "p", name: "Zürich 🚀" };
    const one = source({ uuid: `${n}`.repeat(32), backendId, project });
    const entry = entryOf(mapper.mapResource(one));
    parents.add(entry, one);
    return entry;
  });
  if (inner === undefined || outer === undefined) throw new Error("no entries");
  const { rewrite } = parents.beginning((path) => (path === "/s/t/c" ? outer.itemId : null));
  const bytes = Buffer.from(entriesText([inner, outer]));
  const wanted = entriesText([{ ...inner, parentItemId: outer.itemId }, outer]);
  for (const size of [1, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
    expect(Buffer.concat([...(rewrite?.(chunks) ?? [])]).toString()).toBe(wanted);
  }
});

test("another composition of the same characters is the same directory", () => {
  const entries = above(at("/s/t/\u00e4/a", "/s/t/a\u0308/b"));
  expect(entries).toHaveLength(2);
  expect(directoryItemId("/\u00e4")).toBe(directoryItemId("/a\u0308"));
});

describe("the directory of a user", () => {
  const users = { attributes: { storage_data_type: "users" } };
  const item = { itemId: "x", key: "jdoe", unixUid: 20_123, primaryProject: { unixGid: 31_002 } };

  test("is that of the user in the metadata", () => {
    const mapped = site().mapper.mapResource(source({ ...users, backendMetadata: { user_item: item } }));
    expect(mapped).toMatchObject({ ok: true, lack: null });
    expect(entryOf(mapped).target).toEqual({ targetType: "user", targetItem: item });
  });

  test("without a user is published with nulls, and is a problem", () => {
    const project_item = { itemId: "p", name: "ICON", unixGid: 31_002, active: true };
    const mapped = site().mapper.mapResource(source({ ...users, backendMetadata: { project_item } }));
    expect(mapped).toMatchObject({ ok: true, lack: { code: "no-user" } });
    expect(entryOf(mapped).target.targetItem).toMatchObject({
      email: null,
      unixUid: null,
      primaryProject: { name: "ICON", unixGid: 31_002 },
    });
  });

  test.each([
    ["of root", { ...item, unixUid: 0 }, "bad-uid backend_metadata.user_item.unixUid"],
    ["as text", { ...item, unixUid: "20123" }, "bad-uid backend_metadata.user_item.unixUid"],
    [
      "with the group of root",
      { ...item, primaryProject: { unixGid: 0 } },
      "bad-gid backend_metadata.user_item.primaryProject.unixGid",
    ],
    [
      "with the group of root as their own",
      { ...item, unixGid: 0 },
      "bad-gid backend_metadata.user_item.unixGid",
    ],
  ])("%s is a problem, and not published", (_, user_item, problem) => {
    const mapped = site().mapper.mapResource(source({ ...users, backendMetadata: { user_item } }));
    expect(problemsOf(mapped)).toEqual([problem]);
  });

  test("needs a GID where one is required, and is made up by no mock mode", () => {
    const strict = site({ requireGid: true }).mapper.mapResource(source(users));
    expect(problemsOf(strict)).toEqual(["no-gid backend_metadata.project_item"]);
    const mock = site({ useMockTargetItems: true }).mapper.mapResource(source(users));
    expect(mock).toMatchObject({ ok: true, lack: null });
    expect(entryOf(mock).target.targetItem).toMatchObject({ mock: true, unixUid: null });
  });

  test.each([
    ["no GID", { ...item, primaryProject: { name: "p" } }, "no-gid"],
    ["no project", { itemId: "x", unixUid: 20_123 }, "no-gid"],
    ["a GID as text", { ...item, primaryProject: { unixGid: "31002" } }, "bad-gid"],
  ])("whom the metadata gives %s is one only where none is required", (_, user_item, code) => {
    const one = source({ ...users, backendMetadata: { user_item } });
    expect(entryOf(site().mapper.mapResource(one)).target.targetItem).toEqual(user_item);
    const strict = site({ requireGid: true }).mapper.mapResource(one);
    expect(problemsOf(strict)).toEqual([`${code} backend_metadata.user_item.primaryProject.unixGid`]);
  });

  test("in the metadata without a number is published with a problem, and in mock mode invented", () => {
    const user_item = { ...item, unixUid: null };
    const one = source({ ...users, backendMetadata: { user_item } });
    expect(site().mapper.mapResource(one)).toMatchObject({ ok: true, lack: { code: "no-user" } });
    const mock = site({ useMockTargetItems: true }).mapper.mapResource(one);
    expect(entryOf(mock).target.targetItem).toMatchObject({ mock: true });
    expect(entryOf(mock).target.targetItem).not.toHaveProperty("key");
  });

  test("is a project's in all other data types, and in the flat profile", () => {
    const one = source({ backendMetadata: { user_item: item } });
    expect(entryOf(site().mapper.mapResource(one)).target.targetType).toBe("project");
    const component = { name: "storage", unitFactor: 1 };
    const flat = createMapper({ settings: settings(), component, offeringSlug: OFFERING.slug });
    const entry = entryOf(flat.mapResource(source({ ...users, backendMetadata: { user_item: item } })));
    expect([entry.target.targetType, entry.parentItemId]).toEqual(["project", null]);
  });
});
