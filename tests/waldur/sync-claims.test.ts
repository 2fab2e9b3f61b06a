// Whose mount point a snapshot names, in small worlds (docs/contract.md, "Mount points").

import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { loadClaims } from "../../lib/claims/recover.ts";
import { writeClaims } from "../../lib/claims/store.ts";
import { openState } from "../../lib/output/directory.ts";
import {
  idsIn,
  livePage,
  loseState,
  minute,
  nameAt,
  onArrival,
  open,
  statePath,
  syncAt,
} from "./sync-stage.ts";

type Stage = Awaited<ReturnType<typeof open>>;

const openHere = (settings: Record<string, string | number> = {}) =>
  open({ settings: { mount_point: "/store/{project}", mount_roots: ["/"], ...settings } });

/** Paths of a snapshot by the uuids of their resources. */
function pathsAt(stage: Stage, n: number): Record<string, string> {
  const { storageResources } = stage.read(nameAt(n)).result;
  return Object.fromEntries(storageResources.map(({ itemId, mountPoint }) => [itemId, mountPoint.default]));
}

const found = ({ problems }: { problems: readonly { code: string; resource?: string | undefined }[] }) =>
  problems.map(({ code, resource }) => [code, resource]);

describe("a row that cannot be mapped", () => {
  test("keeps its path, and another resource with the same slug clashes with it", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home" });
    await syncAt(stage, 0);
    a.limits = { storage: -1 };
    const b = stage.world.addResource({ slug: "home" });
    const { report } = await syncAt(stage, 1);
    expect(found(report)).toEqual([
      ["bad-limit", a.uuid],
      ["mount-clash", b.uuid],
    ]);
    expect(pathsAt(stage, 1)).toEqual({ [a.uuid]: "/store/home" });
    for (const { uuid } of [a, b]) expect(report.problems[1]?.message).toContain(uuid);
  });

  test("claims its path also when it never had an entry", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home", limits: { storage: -1 } });
    const b = stage.world.addResource({ slug: "home" });
    const c = stage.world.addResource({ slug: "c" });
    const { report } = await syncAt(stage, 0, { sync: { allowShrink: true } });
    expect(found(report)).toEqual([
      ["bad-limit", a.uuid],
      ["mount-clash", b.uuid],
    ]);
    expect(pathsAt(stage, 0)).toEqual({ [c.uuid]: "/store/c" });
  });

  test("claims nothing any more once its row wants another path", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home", limits: { storage: -1 } });
    stage.world.addResource({ slug: "c" });
    await syncAt(stage, 0, { sync: { allowShrink: true } });
    a.slug = "away";
    const b = stage.world.addResource({ slug: "home" });
    await syncAt(stage, 1);
    expect(pathsAt(stage, 1)[b.uuid]).toBe("/store/home");
  });

  test("whose answer cannot even be read keeps its path, also where it was found ended before", async () => {
    const stage = await openHere({ path_reuse_after_days: 0 });
    const a = stage.world.addResource({ slug: "home" });
    stage.world.addResource({ slug: "c" });
    await syncAt(stage, 0);
    stage.world.terminate(a.uuid);
    await syncAt(stage, 1);
    Object.assign(a, { state: "OK", wire: { limits: 7 } });
    const b = stage.world.addResource({ slug: "home" });
    const { report } = await syncAt(stage, 2);
    expect(found(report)).toContainEqual(["mount-clash", b.uuid]);
    expect(pathsAt(stage, 2)[b.uuid]).toBeUndefined();
  });
});

describe("a renamed resource", () => {
  test("keeps its path, and no other resource gets it under the old slug", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home-a" });
    await syncAt(stage, 0);
    a.slug = "renamed";
    await syncAt(stage, 1);
    const b = stage.world.addResource({ slug: "home-a" });
    const { report } = await syncAt(stage, 2);
    expect(found(report)).toEqual([["mount-clash", b.uuid]]);
    expect(pathsAt(stage, 2)).toEqual({ [a.uuid]: "/store/home-a" });
  });

  test("keeps it also after the state was lost", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home-a" });
    await syncAt(stage, 0);
    a.slug = "renamed";
    loseState(stage);
    const b = stage.world.addResource({ slug: "home-a" });
    await syncAt(stage, 1);
    expect([pathsAt(stage, 1)[a.uuid], pathsAt(stage, 1)[b.uuid]]).toEqual(["/store/home-a", undefined]);
  });

  test("gets the template's path with --repath, and the old path is not given away meanwhile", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home-a" });
    await syncAt(stage, 0);
    a.slug = "renamed";
    const b = stage.world.addResource({ slug: "home-a" });
    const { report } = await syncAt(stage, 1, { sync: { repath: true } });
    expect(pathsAt(stage, 1)).toEqual({ [a.uuid]: "/store/renamed" });
    expect(found(report)).toEqual([["mount-clash", b.uuid]]);
  });

  test("keeps its path with --repath where an order file names it", async () => {
    const stage = await openHere();
    const a = stage.world.addResource({ slug: "home-a", state: "Creating" });
    stage.world.addOrder({ type: "Create", resource: a });
    await stage.runHere("orders", { now: () => minute(0) });
    a.slug = "renamed";
    await syncAt(stage, 1, { sync: { repath: true } });
    expect(pathsAt(stage, 1)[a.uuid]).toBe("/store/home-a");
  });
});

describe("between rows that no file names", () => {
  test("an absolute backend id is before any number of templates, wherever it is in the list", async () => {
    const stage = await openHere();
    for (let n = 0; n < 5; n++) stage.world.addResource({ slug: "same" });
    const meant = stage.world.addResource({ slug: "x", backendId: "/store/same" });
    stage.world.addResource({ slug: "same" });
    const { report } = await syncAt(stage, 0, { sync: { allowShrink: true } });
    expect(pathsAt(stage, 0)).toEqual({ [meant.uuid]: "/store/same" });
    expect(report.problems.map(({ code }) => code)).toEqual(Array(6).fill("mount-clash"));
  });

  test("the next run finds it named, and changes nothing", async () => {
    const stage = await openHere();
    stage.world.addResource({ slug: "same" });
    const meant = stage.world.addResource({ slug: "x", backendId: "/store/same" });
    await syncAt(stage, 0);
    await syncAt(stage, 1);
    expect(pathsAt(stage, 1)).toEqual({ [meant.uuid]: "/store/same" });
  });
});

describe("mounts inside others", () => {
  const PATHS = ["/capstor", "/capstor/store/a", "/capstor/store/a/b"];

  test.each([
    [[0, 1, 2], "the outer ones are left out"],
    [[2, 1, 0], "the outer ones are left out"],
    [[1, 0, 2], "the outer ones are left out"],
  ])("in the order %j, without a file: %s", async (order) => {
    const stage = await openHere();
    const rows = order.map((n) => stage.world.addResource({ slug: `n${n}`, backendId: PATHS[n] ?? "" }));
    const { report } = await syncAt(stage, 0, { sync: { allowShrink: true } });
    expect(Object.values(pathsAt(stage, 0))).toEqual(["/capstor/store/a/b"]);
    expect(report.problems.map(({ code }) => code)).toEqual(["mount-nested", "mount-nested"]);
    const inner = rows[order.indexOf(2)]?.uuid ?? "";
    for (const { message, hint } of report.problems) {
      expect([
        message.includes(inner) || message.includes("/capstor/store/a"),
        hint?.includes("nested_mounts"),
      ]).toEqual([true, true]);
    }
  });

  test("one that is published stays, and a new one inside or around it is left out", async () => {
    const stage = await openHere();
    const held = stage.world.addResource({ slug: "x", backendId: PATHS[1] ?? "" });
    await syncAt(stage, 0);
    const outer = stage.world.addResource({ slug: "y", backendId: PATHS[0] ?? "" });
    const inner = stage.world.addResource({ slug: "z", backendId: PATHS[2] ?? "" });
    const { report } = await syncAt(stage, 1);
    expect(pathsAt(stage, 1)).toEqual({ [held.uuid]: "/capstor/store/a" });
    expect(found(report)).toEqual([
      ["mount-nested", outer.uuid],
      ["mount-nested", inner.uuid],
    ]);
  });

  test("pairs that an older program published stay, as one notice with their number", async () => {
    const stage = await openHere({ nested_mounts: "allow" });
    for (const [n, path] of PATHS.entries()) stage.world.addResource({ slug: `n${n}`, backendId: path });
    await syncAt(stage, 0);
    loseState(stage);
    const config = readFileSync(stage.configPath, "utf8");
    writeFileSync(stage.configPath, config.replace('nested_mounts: "allow"', 'nested_mounts: "refuse"'));
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, Object.values(pathsAt(stage, 1))]).toEqual([0, PATHS]);
    expect(report.notices).toMatchObject([{ code: "mounts-nested" }]);
    expect(report.notices[0]?.message).toContain("3 pairs");
  });
});

test("allowed mounts around one another stay in the order of the list, also where it is read again", async () => {
  const stage = await openHere({ nested_mounts: "allow" });
  stage.world.addResource({ slug: "a" });
  const rows = ["/store/a", "/store", "/other"].map((backendId, at) =>
    stage.world.addResource({ slug: `n${at}`, backendId }),
  );
  await syncAt(stage, 0);
  expect(idsIn(stage, nameAt(0))).toEqual(rows.map(({ uuid }) => uuid));
});

test("a backend id that is nearly a path moves nothing that is published, and is a problem otherwise", async () => {
  const stage = await openHere();
  const held = stage.world.addResource({ slug: "a" });
  await syncAt(stage, 0);
  held.backendId = "capstor/store/old";
  const fresh = stage.world.addResource({ slug: "b", backendId: "capstor/store/old" });
  const { report } = await syncAt(stage, 1);
  expect(pathsAt(stage, 1)).toEqual({ [held.uuid]: "/store/a" });
  expect(report.problems).toMatchObject([{ resource: fresh.uuid, field: "backend_id" }]);
});

test("two spellings of one path are one path", async () => {
  const stage = await openHere();
  const a = stage.world.addResource({ slug: "a", backendId: "/capstor/caf\u00e9" });
  const b = stage.world.addResource({ slug: "b", backendId: "/capstor/cafe\u0301" });
  const { report } = await syncAt(stage, 0);
  expect([Object.keys(pathsAt(stage, 0)), found(report)]).toEqual([[a.uuid], [["mount-clash", b.uuid]]]);
});

test("killed between the claims and the rename: the snapshot that is there holds", async () => {
  const stage = await openHere();
  const a = stage.world.addResource({ slug: "a" });
  await syncAt(stage, 0);
  copyFileSync(statePath(stage, "snapshot.json"), `${stage.directory}/snapshot.json`);
  a.backendId = "/moved";
  const b = stage.world.addResource({ slug: "b" });
  await syncAt(stage, 1);
  // As it looks when the run dies just before the rename: the claims are new, all else is as before.
  Bun.file(`${stage.out}/${nameAt(1)}`).delete();
  copyFileSync(`${stage.directory}/snapshot.json`, statePath(stage, "snapshot.json"));
  a.backendId = "";
  b.slug = "bb";
  const c = stage.world.addResource({ slug: "b" });
  const { report } = await syncAt(stage, 2);
  expect(report.exitCode).toBe(0);
  expect(pathsAt(stage, 2)).toEqual({
    [a.uuid]: "/store/a",
    [b.uuid]: "/store/bb",
    [c.uuid]: "/store/b",
  });
});

test("a claim that is released while the list is read makes it be read again", async () => {
  const stage = await openHere();
  const a = stage.world.addResource({ slug: "a" });
  await syncAt(stage, 0);
  a.slug = "b";
  let isReleased = false;
  onArrival(stage, (request) => {
    if (livePage(request) === null || isReleased) return;
    isReleased = true;
    const claims = loadClaims(stage.out, { reuseAfterDays: 7, now: minute(1) });
    claims.table.release(claims.table.find(a.uuid), "/store/a", minute(1).getTime());
    writeClaims(
      openState({ directory: stage.out, requireMount: null, allowShared: false }),
      claims.table,
      claims.source,
    );
  });
  await syncAt(stage, 1);
  expect(pathsAt(stage, 1)).toEqual({ [a.uuid]: "/store/b" });
  const { table } = loadClaims(stage.out, { reuseAfterDays: 7, now: minute(2) });
  expect(table.isReleased(table.find(a.uuid), "/store/a", minute(1).getTime())).toBe(true);
});

test("more than 10 000 rows whose path another one claims are decided at once, and none is lost", async () => {
  const stage = await openHere();
  const first = stage.world.addResource({ slug: "same" });
  for (let n = 0; n < 10_050; n++) stage.world.addResource({ slug: "same" });
  const { report } = await syncAt(stage, 0, { sync: { allowShrink: true }, silenceMs: 5000 });
  expect(pathsAt(stage, 0)).toEqual({ [first.uuid]: "/store/same" });
  expect(report.problems.filter(({ code }) => code === "mount-clash")).toHaveLength(10_050);
}, 30_000);
