// An upgrade on a site as it may be: the directory and the configuration that 0.1.0 left, and the first runs after it.

import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "pathe";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { listAll, listPublic } from "../stage.ts";
import { entryOf, FIXTURE, pathsIn, STATE, type UpgradedSite, upgradeSite } from "./upgraded-site.ts";

const SYNCS = ["sync", "sync again"] as const;
const ORDERS = ["orders --dry-run", "orders", "orders again"] as const;
const UUID = /^[0-9a-f]{32}$/;

let site: UpgradedSite;
beforeAll(async () => {
  site = await upgradeSite();
});

const codesOf = (name: string) =>
  site
    .run(name)
    .report.problems.map(({ code }) => code)
    .sort();

test("every run ends with the exit code that 0.1.0 gave for the same site", () => {
  const { after }: { after: { run: string; code: number }[] } = JSON.parse(
    readFileSync(join(FIXTURE, "runs.json"), "utf8"),
  );
  expect(site.runs.map(({ name, code }) => ({ run: name, code }))).toEqual(after);
  for (const { code } of site.runs) expect([0, 10]).toContain(code);
});

test("a misspelt key whose correct one is missing is refused before anything changes, and the correct one is named", () => {
  const { code, stderr } = site.refused;
  expect(code).toBe(78);
  expect(stderr).toContain("config.yaml:13:7: offerings[0].backend_settings.keep_snapshot: unknown key");
  expect(stderr).toContain('hint="did you mean keep_snapshots?"');
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(site.changedByRefused).toEqual([]);
});

test("a misspelt key beside the right one and STOMP stay warnings", () => {
  const { stderr } = site.run("orders");
  expect(stderr).toContain('key="offerings[0].backend_settings.output_dir"');
  expect(stderr).toContain('key="offerings[0].stomp_enabled"');
});

test("the dry run before the first real one changes nothing, and says what that one does", () => {
  expect(site.changedByDryRun).toEqual([]);
  const [dry, real] = [site.run("orders --dry-run"), site.run("orders")];
  expect(dry.report.orders).toEqual(real.report.orders);
  expect(dry.report.problems).toEqual(real.report.problems);
});

describe("orders", () => {
  test("an order with an open receipt ends under the name and the path that 0.1.0 claimed", () => {
    const order = site.order("waiting");
    const stored = `out/${STATE}/receipts/${order}.json`;
    const { file, mountPoint } = JSON.parse(readFileSync(join(FIXTURE, stored), "utf8"));
    expect(site.line("orders", order).outcome).toBe("done");
    expect(pathsIn(site.documentOf(file))).toEqual(new Map([[site.resource("waiting"), mountPoint]]));
    expect(existsSync(join(site.directory, stored))).toBe(false);
    expect(JSON.parse(site.textOf(`out/${STATE}/receipts/closed/${order}.json`))).toMatchObject({
      file,
      mountPoint,
    });
    for (const sync of SYNCS)
      expect(pathsIn(site.run(sync).snapshot).get(site.resource("waiting"))).toBe(mountPoint);
  });

  test("an order that waits for its provisioner stays published once, and nothing is sent for it", () => {
    const order = site.order("external");
    for (const name of ORDERS)
      expect(site.line(name, order)).toMatchObject({ outcome: "published", calls: [] });
    const names = listPublic(join(FIXTURE, "external"));
    expect(names).toHaveLength(1);
    expect(listPublic(join(site.directory, "external"))).toEqual(names);
    const [name = ""] = names;
    expect(site.textOf(`external/${name}`)).toBe(readFileSync(join(FIXTURE, "external", name), "utf8"));
  });

  test("a terminate order of a doubled path is left, in every pass", () => {
    const order = site.order("second");
    for (const name of ORDERS) {
      expect(site.line(name, order)).toMatchObject({ outcome: "left", calls: [] });
      const found = site.run(name).report.problems.filter((problem) => problem.order === order);
      expect(found.map(({ code }) => code)).toEqual(["mount-doubled"]);
    }
    expect(listPublic(site.out).filter((name) => name.includes(order))).toEqual([]);
  });

  test("no order file of 0.1.0 is changed or removed", () => {
    expect(site.orderFiles).toHaveLength(4);
    for (const name of site.orderFiles.map((file) => `out/${file}`))
      expect(site.textOf(name)).toBe(readFileSync(join(FIXTURE, name), "utf8"));
  });
});

describe("sync", () => {
  test("no published resource gets another path", () => {
    for (const sync of SYNCS) {
      const after = pathsIn(site.run(sync).snapshot);
      const moved = [...site.before].filter(([uuid, path]) => (after.get(uuid) ?? path) !== path);
      expect(moved).toEqual([]);
      expect(after.get(site.resource("renamed"))).toEndWith("/plain-6");
    }
  });

  test("every published live resource stays listed", () => {
    const living = [...site.before.keys()].filter((uuid) => uuid !== site.resource("removed"));
    for (const sync of SYNCS) {
      const after = pathsIn(site.run(sync).snapshot);
      expect(living.filter((uuid) => !after.has(uuid))).toEqual([]);
      expect(after.has(site.resource("removed"))).toBe(false);
    }
  });

  test("an entry that 0.1.0 carried over is carried over again", () => {
    const uuid = site.resource("carried");
    const text = readFileSync(join(FIXTURE, "out", "latest-all.json"), "utf8");
    const old: StorageDocument = JSON.parse(text);
    for (const sync of SYNCS) {
      expect(entryOf(site.run(sync).snapshot, uuid)).toEqual(entryOf(old, uuid));
      const found = site.run(sync).report.problems.filter(({ resource }) => resource === uuid);
      expect(found.map(({ code }) => code)).toEqual(["bad-limit"]);
    }
  });

  test("nested mounts stay listed, with one notice", () => {
    for (const sync of SYNCS) {
      const after = pathsIn(site.run(sync).snapshot);
      expect(after.get(site.resource("outer"))).toBe("/capstor/store/a");
      expect(after.get(site.resource("inner"))).toBe("/capstor/store/a/b");
      expect(site.run(sync).report.notices.filter(({ code }) => code === "mounts-nested")).toHaveLength(1);
    }
  });

  test("two resources with one path both stay listed, as one problem that names both", () => {
    const pair = [site.resource("first"), site.resource("second")];
    for (const sync of SYNCS) {
      const after = pathsIn(site.run(sync).snapshot);
      const [first, second] = pair.map((uuid) => after.get(uuid));
      expect(first).toBeDefined();
      expect(second).toBe(first);
      const doubled = site.run(sync).report.problems.filter(({ code }) => code === "mount-doubled");
      expect(doubled).toHaveLength(1);
      for (const uuid of pair) expect(doubled[0]?.message).toContain(uuid);
    }
  });

  test("nothing else became a problem", () => {
    for (const sync of SYNCS)
      expect(codesOf(sync)).toEqual(["bad-limit", "bad-permissions", "mount-doubled"]);
    for (const name of ORDERS) expect(codesOf(name)).toEqual(["bad-permissions", "mount-doubled"]);
  });
});

describe("state", () => {
  test("the index of 0.1.0 is gone, and the claims are there", () => {
    expect(existsSync(join(FIXTURE, `out/${STATE}/mount-points`))).toBe(true);
    expect(existsSync(join(site.state, "mount-points"))).toBe(false);
    expect(existsSync(join(site.state, "claims"))).toBe(true);
  });

  test("0.1.0 can read every receipt", () => {
    const isReceipt = (name: string) => /receipts\/(closed\/)?[0-9a-f]{32}\.json$/.test(name);
    const names = listAll(site.directory).filter(isReceipt);
    expect(names).toHaveLength(5);
    for (const name of names) {
      const receipt = JSON.parse(site.textOf(name));
      expect(receipt.file).toEndWith(`-${receipt.type}_${receipt.order}.json`);
      expect(receipt).toMatchObject({
        version: 1,
        offering: expect.stringMatching(UUID),
        resource: expect.stringMatching(UUID),
        order: basename(name, ".json"),
        type: expect.stringMatching(/^(create|update|terminate)$/),
        mountPoint: expect.stringMatching(/^\//),
        claimedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        published: expect.any(Boolean),
      });
    }
  });

  test("0.1.0 can read what the state says of the last snapshot, and of problems", () => {
    const snapshot = JSON.parse(site.textOf(`out/${STATE}/snapshot.json`));
    const text = site.textOf(`out/${snapshot.file}`);
    expect(snapshot).toEqual({
      version: 1,
      file: expect.stringMatching(/^\d{4}-\d\d-\d\d-\d\d-\d\d-all\.json$/),
      offering: site.documentOf(snapshot.file).meta.offering.uuid,
      date: site.documentOf(snapshot.file).meta.date,
      entries: site.documentOf(snapshot.file).result.storageResources.length,
      bytes: Buffer.byteLength(text),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    for (const mode of ["orders", "sync"]) {
      const { version, problems } = JSON.parse(site.textOf(`out/${STATE}/problems-${mode}.json`));
      expect(version).toBe(1);
      expect(Object.values(problems).every((at) => typeof at === "number")).toBe(true);
    }
  });

  test("the metrics files of 0.1.0 are replaced", () => {
    for (const name of ["metrics/orders.prom", "metrics/sync.prom"]) {
      const old = readFileSync(join(FIXTURE, name), "utf8");
      expect(site.textOf(name)).not.toBe(old);
      for (const line of old.split("\n").filter((one) => one.startsWith("# TYPE ")))
        expect(site.textOf(name)).toContain(line);
    }
  });
});
