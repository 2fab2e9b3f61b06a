// What users may choose, from Waldur's answers to the files: in the snapshot, in the files of orders, and in
// entries that are carried over (docs/contract.md, "What users may choose").

import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { loadClaims } from "../../lib/claims/recover.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import {
  addResources,
  GENERATIONS,
  idsIn,
  loseState,
  nameAt,
  open,
  publishAs,
  syncAt,
} from "./sync-stage.ts";

type Stage = Awaited<ReturnType<typeof open>>;
type Found = { code: string; resource?: string };

const codesOf = (found: readonly Found[]) => found.map(({ code }) => code).sort();
const ordersOnce = (stage: Stage) => stage.runHere("orders", { retries: 0, silenceMs: 500 });

/** The stage with its settings from now on. */
function configure(stage: Stage, lines: string): void {
  const config = readFileSync(stage.configPath, "utf8");
  writeFileSync(stage.configPath, `${config.trimEnd()}\n      ${lines}\n`);
}

/** What a hostile user or server may choose, and the code of the problem that it is. */
const CHOSEN: Readonly<Record<string, readonly [string, Partial<SimResource>]>> = {
  setuid: ["permissions-not-allowed", { attributes: { permissions: "4755" } }],
  "all bits": ["permissions-not-allowed", { options: { permissions: "7777" } }],
  "writable for all": ["permissions-not-allowed", { attributes: { permissions: "0777" } }],
  "nothing for the owner": ["permissions-not-allowed", { attributes: { permissions: "000" } }],
  "/etc": ["mount-outside", { backendId: "/etc" }],
  "/proc/1": ["mount-outside", { backendId: "/proc/1" }],
  "/dev/shm": ["mount-outside", { backendId: "/dev/shm" }],
  "/home": ["mount-outside", { backendId: "/home" }],
  "a path with an override": ["bad-backend-id", { backendId: "/store/a\u202eb" }],
  "a quota of 0": ["bad-options", { options: { soft_quota_space: 0 } }],
  "next to no limit": ["bad-limit", { limits: { storage: 1e-7 } }],
  "GID 0": ["bad-gid", { backendMetadata: { project_item: { unixGid: 0 } } }],
  "GID -5": ["bad-gid", { backendMetadata: { project_item: { unixGid: -5 } } }],
  "GID 1e300": ["bad-gid", { backendMetadata: { project_item: { unixGid: 1e300 } } }],
};

for (const generation of GENERATIONS) {
  test.each(Object.entries(CHOSEN))(
    `%s is published by neither mode (${generation})`,
    async (_, [code, chosen]) => {
      const stage = await open({ generation, settings: { require_gid: false } });
      addResources(stage, 1);
      const resource = stage.world.addResource({ name: "x", slug: "x", limits: { storage: 10 }, ...chosen });
      resource.state = "Creating";
      const { limits, attributes } = resource;
      const order = stage.world.addOrder({ type: "Create", resource, limits, attributes });
      const sync = (await syncAt(stage, 0)).report;
      expect(sync).toMatchObject({ exitCode: 10, problems: [{ code, resource: resource.uuid }] });
      expect(idsIn(stage, nameAt(0))).not.toContain(resource.uuid);
      const dry = (await stage.runHere("orders", { retries: 0, silenceMs: 500, dryRun: true })).report;
      const { report } = await ordersOnce(stage);
      expect(report.problems).toMatchObject([{ code, order: order.uuid, resource: resource.uuid }]);
      expect([report.problems, report.exitCode]).toEqual([dry.problems, 10]);
      expect(stage.requestsOf("POST")).toEqual([]);
      expect(stage.files()).toEqual([nameAt(0)]);
    },
  );
}

describe("mount points outside of the roots", () => {
  test("that are published stay in both modes, with one notice; new ones are left out", async () => {
    const stage = await open();
    const old = [0, 1, 2].map((n) =>
      stage.world.addResource({ name: `old-${n}`, slug: `old-${n}`, backendId: `/old/${n}` }),
    );
    await syncAt(stage, 0);
    configure(stage, "mount_roots: [/capstor]");
    configure(stage, "storage_system: capstor");
    const fresh = stage.world.addResource({ name: "new", slug: "new", backendId: "/old/new" });
    for (const minute of [1, 2]) {
      const { report } = await syncAt(stage, minute);
      expect(report.problems).toMatchObject([{ code: "mount-outside", resource: fresh.uuid }]);
      expect(report.notices).toMatchObject([{ code: "mounts-outside" }]);
      expect(report.notices[0]?.message).toStartWith("3 published mount points are outside mount_roots");
      expect(idsIn(stage, nameAt(minute))).toEqual(old.map(({ uuid }) => uuid));
      if (minute === 1) loseState(stage);
    }
    const [first] = old;
    if (first === undefined) throw new Error("no resource");
    stage.world.addOrder({ type: "Update", resource: first, limits: { storage: 20 } });
    const { report } = await ordersOnce(stage);
    expect([codesOf(report.problems), codesOf(report.notices)]).toEqual([[], ["mounts-outside"]]);
    const name = stage.files().find((file) => file.includes("update")) ?? "";
    expect(stage.read(name).result.storageResources[0]?.mountPoint.default).toBe("/old/0");
  });

  test("that a backend id asks for are a problem, and the published path stays", async () => {
    const stage = await open();
    const [resource] = addResources(stage, 1);
    if (resource === undefined) throw new Error("no resource");
    await syncAt(stage, 0);
    const before = stage.read(nameAt(0)).result.storageResources;
    resource.backendId = "/etc/cron.d";
    const sync = (await syncAt(stage, 1)).report;
    expect(sync.problems).toMatchObject([{ code: "mount-outside", resource: resource.uuid }]);
    expect(sync.offerings).toMatchObject([{ resources: 1 }]);
    expect(sync.offerings[0]).not.toHaveProperty("carriedOver");
    expect(stage.read(nameAt(1)).result.storageResources).toEqual(before);
    stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
    const { report } = await ordersOnce(stage);
    expect(codesOf(report.problems)).toEqual(["mount-outside"]);
    const name = stage.files().find((file) => file.includes("update")) ?? "";
    const after = stage.read(name).result.storageResources;
    expect(after.map(({ mountPoint }) => mountPoint)).toEqual(before.map(({ mountPoint }) => mountPoint));
  });

  test("are not claimed", async () => {
    const stage = await open({ settings: { mount_roots: ["/capstor"], storage_system: "capstor" } });
    stage.world.addResource({ name: "x", slug: "x", backendId: "/iopsstor/a" });
    stage.world.addResource({ name: "y", slug: "y", backendId: "/capstor/a" });
    await syncAt(stage, 0, { sync: { allowShrink: true } });
    const { table } = loadClaims(stage.out, { reuseAfterDays: 7, now: new Date() });
    const claims = ["/iopsstor/a", "/capstor/a"].map((path) => table.claimants(path, -1).same.length);
    expect(claims).toEqual([0, 1]);
  });
});

describe("quotas above what is billed", () => {
  const raise = (resource: SimResource) => Object.assign(resource, { options: { hard_quota_space: 1e12 } });

  test("are published with one notice, in a snapshot and for an order", async () => {
    const stage = await open();
    const resources = addResources(stage, 12);
    resources.forEach(raise);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, codesOf(report.notices)]).toEqual([0, ["quotas-above-limit"]]);
    expect(report.notices[0]?.message).toStartWith("12 resources have quotas above what is billed");
    for (const resource of resources.slice(0, 1))
      stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
    const orders = (await ordersOnce(stage)).report;
    expect([orders.exitCode, codesOf(orders.notices)]).toEqual([0, ["quota-above-limit"]]);
  });

  test("are refused under limit, and so is the entry that had them", async () => {
    const stage = await open();
    const [raised, honest] = addResources(stage, 2);
    if (raised === undefined || honest === undefined) throw new Error("no resources");
    raise(raised);
    await syncAt(stage, 0);
    configure(stage, "quota_options: limit");
    raise(honest);
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code, resource }) => [code, resource])).toEqual([
      ["quota-above-limit", raised.uuid],
      ["quota-above-limit", honest.uuid],
      ["entry-not-allowed", raised.uuid],
    ]);
    expect(stage.read(nameAt(1)).result.storageResources).toEqual(
      stage.read(nameAt(0)).result.storageResources.filter(({ itemId }) => itemId === honest.uuid),
    );
  });

  test("are not reported under trust", async () => {
    const stage = await open({ settings: { quota_options: "trust" } });
    addResources(stage, 1).forEach(raise);
    expect((await syncAt(stage, 0)).report).toMatchObject({ exitCode: 0, notices: [] });
  });

  test("asked for by new options of an order are refused under limit", async () => {
    const stage = await open({ settings: { quota_options: "limit" } });
    const [resource] = addResources(stage, 1);
    if (resource === undefined) throw new Error("no resource");
    const attributes = { new_options: { hard_quota_space: 1e12 } };
    stage.world.addOrder({ type: "Update", resource, limits: {}, attributes });
    const { report } = await ordersOnce(stage);
    expect(codesOf(report.problems)).toEqual(["quota-above-limit"]);
    expect(stage.requestsOf("POST")).toEqual([]);
  });
});

describe("an entry that is carried over", () => {
  const spoil = (resource: SimResource) => Object.assign(resource, { limits: { storage: "much" } });

  test.each([
    ["permissions_allowed", 'permissions_allowed: "0770"\n      default_permissions: "0770"'],
    ["data_types", "data_types: [archive]\n      default_data_type: archive"],
    ["max_quota_tb", "max_quota_tb: 1"],
    ["min_gid", "min_gid: 40000"],
  ])("passes %s of today", async (_, lines) => {
    const stage = await open();
    const [resource] = addResources(stage, 1);
    if (resource === undefined) throw new Error("no resource");
    resource.backendMetadata = { project_item: { unixGid: 30_000 } };
    Object.assign(resource, { attributes: { permissions: "775", storage_data_type: "store" } });
    await syncAt(stage, 0);
    spoil(resource);
    configure(stage, lines);
    const { report } = await syncAt(stage, 1, { sync: { allowShrink: true } });
    expect(codesOf(report.problems)).toContain("entry-not-allowed");
    expect(idsIn(stage, nameAt(1))).toEqual([]);
  });

  test.each([
    ["control characters", "key"],
    ["hook keys", "__proto__"],
  ])("has no %s in its text", async (_, key) => {
    const stage = await open();
    const [resource] = addResources(stage, 1);
    if (resource === undefined) throw new Error("no resource");
    resource.backendMetadata = { project_item: { name: "marker", deep: { key: 1 } } };
    await syncAt(stage, 0);
    const written = stage.readText(nameAt(0));
    // As an older version wrote it.
    const old = written.replace("marker", "a\u009b\u2028\u202eb").replace('"key"', JSON.stringify(key));
    expect(old).not.toBe(written);
    publishAs(stage, nameAt(0), old);
    spoil(resource);
    const { report } = await syncAt(stage, 1);
    expect(report.offerings).toMatchObject([{ carriedOver: 1 }]);
    const text = stage.readText(nameAt(1));
    expect(text).toMatch(/^(?:\n|[^\p{Cc}\p{Cf}\u2028\u2029])*$/u);
    expect(text).not.toContain("__proto__");
    const [entry] = stage.read(nameAt(1)).result.storageResources;
    expect(entry?.target.targetItem).toEqual({
      name: "a\u009b\u2028\u202eb",
      deep: key === "key" ? { key: 1 } : {},
    });
  });
});

test("an entry of the GID map below min_gid is the problem of its project alone", async () => {
  const stage = await open({ settings: { unix_gid: "file:gids.csv" } });
  const [resource] = addResources(stage, 1);
  if (resource === undefined) throw new Error("no resource");
  await syncAtWith(stage, "nobody,20\n");
  const { storageResources } = stage.read(nameAt(0)).result;
  const slug = storageResources[0]?.customer.key ?? "";
  const { report } = await syncAtWith(stage, `${slug},500\nother,30000\n`);
  expect(report.problems).toMatchObject([
    { code: "bad-gid", resource: resource.uuid, field: "project_slug" },
  ]);
  expect(report.problems[0]?.hint).toContain("min_gid");
});

async function syncAtWith(stage: Stage, map: string) {
  writeFileSync(join(stage.directory, "gids.csv"), map);
  return syncAt(stage, stage.files().length);
}
