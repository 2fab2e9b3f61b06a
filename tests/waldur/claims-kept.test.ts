// Paths that stay their holder's through withdrawn orders, wrong clocks, lost files and holders that come to life
// again: attempts to take a path (docs/contract.md, "Mount points").

import { describe, expect, test } from "bun:test";
import { rmSync, truncateSync } from "node:fs";
import { join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { type OrdersStage, openOrders, place, the } from "./orders-stage.ts";
import { addResources, entryText, nameAt, open, pathIn, statePath, syncAt } from "./sync-stage.ts";

const DAY_MS = 86_400_000;

const pathOf = (stage: OrdersStage, order: { uuid: string }) => stage.entryOf(order).mountPoint.default;

const inMinutes = (minutes: number) => ({ now: () => new Date(Date.now() + minutes * 60_000) });

/** A resource that was created at `…/home-a` and has another slug since. */
async function renamed(stage: OrdersStage) {
  const order = place(stage, "Create", "a");
  stage.resourceOf(order).slug = "home-a";
  await stage.pass();
  const resource = stage.resourceOf(order);
  resource.slug = "renamed";
  return { resource, path: pathOf(stage, order) };
}

/** What becomes of a create order for the old slug. */
async function createAtOldSlug(stage: OrdersStage, more = {}) {
  const order = place(stage, "Create", "b");
  stage.resourceOf(order).slug = "home-a";
  const { problems } = await stage.pass(more);
  return [problems, order.state];
}

const CLASH = [["mount-clash"], "pending-provider"];

describe("another resource does not get the path of a live one", () => {
  for (const seed of [1, 2, 3, 10]) {
    for (const [type, end] of [
      ["Update", "canceled"],
      ["Terminate", "rejected"],
    ] as const) {
      test(`whose ${type} order was ${end} before it had a file (seed ${seed})`, async () => {
        await using stage = await openOrders({ seed });
        const { resource } = await renamed(stage);
        stage.simulator.setFaults(["503@approve_by_"]);
        const limits = type === "Update" ? { limits: { storage: 20 } } : {};
        const order = stage.world.addOrder({ type, resource, ...limits });
        await stage.pass();
        stage.simulator.setFaults([]);
        stage.world.setOrderState(order.uuid, end);
        resource.state = "OK";
        await stage.pass();
        expect(await createAtOldSlug(stage)).toEqual(CLASH);
      });
    }
  }

  for (const days of [-3, 3]) {
    test(`whose receipt was written by a clock that is ${days} days off that of the claims`, async () => {
      await using stage = await openOrders({ isNew: true });
      place(stage, "Create", "first");
      await stage.pass({ now: () => new Date(Date.now() + days * DAY_MS) });
      await renamed(stage);
      expect(await createAtOldSlug(stage)).toEqual(CLASH);
    });
  }

  test("that ended, and is live again when its days are over", async () => {
    await using stage = await openOrders({ settings: { path_reuse_after_days: 1 } });
    const { resource } = await renamed(stage);
    stage.world.addOrder({ type: "Terminate", resource });
    await stage.pass();
    resource.state = "OK";
    expect(await createAtOldSlug(stage, inMinutes(2 * 24 * 60))).toEqual(CLASH);
  });

  test("whose older create order cannot be mapped, where no list is read", async () => {
    await using stage = await openOrders();
    const first = place(stage, "Create", "a");
    Object.assign(stage.resourceOf(first), { slug: "home-a", limits: { storage: -5 } });
    first.limits = { storage: -5 };
    expect(await createAtOldSlug(stage)).toEqual([["bad-limit", "mount-clash"], "pending-provider"]);
  });

  test("whose snapshot was deleted together with the state of it", async () => {
    const stage = await open({ settings: { mount_point: "/store/{project}" } });
    const [resource] = addResources(stage, 1);
    for (const at of [0, 1]) await syncAt(stage, at);
    the(resource).slug = "renamed";
    for (const at of [0, 1]) rmSync(join(stage.out, nameAt(at)));
    rmSync(statePath(stage, "snapshot.json"));
    const other = stage.world.addResource({ slug: "data-0" });
    expect((await syncAt(stage, 2)).report.problems.map(({ resource }) => resource)).toEqual([other.uuid]);
  });
});

describe("the newest file gives the path", () => {
  /** A terminate order's path, of a resource whose words say nothing of it any more. */
  async function endOf(stage: OrdersStage, resource: string) {
    const order = stage.world.addOrder({ type: "Terminate", resource });
    await stage.pass(inMinutes(9));
    return pathOf(stage, order);
  }

  test("also when its receipt is older than a snapshot that moved the resource", async () => {
    await using stage = await openOrders();
    const resource = stage.world.addResource({ name: "a", slug: "home-a" });
    await stage.runHere("sync", inMinutes(-60));
    stage.simulator.setFaults(["503@approve_by_"]);
    const update = stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
    await stage.pass();
    stage.simulator.setFaults([]);
    resource.backendId = "/elsewhere/a";
    await stage.runHere("sync", { ...inMinutes(2), sync: { allowShrink: true } });
    resource.backendId = "";
    await stage.pass(inMinutes(4));
    // The receipt fixed it, and the file is the newest one.
    expect(pathOf(stage, update)).toEndWith("/home-a");
    expect(await endOf(stage, resource.uuid)).toBe(pathOf(stage, update));
  });

  for (const lost of ["receipts", "claims"]) {
    test(`also when the ${lost} are lost`, async () => {
      await using stage = await openOrders();
      const resource = stage.world.addResource({ name: "a", slug: "home-a" });
      await stage.runHere("sync", inMinutes(-60));
      resource.backendId = "/elsewhere/a";
      const update = stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
      await stage.pass();
      resource.backendId = "";
      rmSync(join(stage.out, STATE_DIRECTORY, lost), { recursive: true });
      expect([pathOf(stage, update), await endOf(stage, resource.uuid)]).toEqual([
        "/elsewhere/a",
        "/elsewhere/a",
      ]);
    });
  }

  test("and --repath leaves a resource that an older order file names", async () => {
    await using stage = await openOrders();
    const { resource } = await renamed(stage);
    resource.backendId = "/elsewhere/a";
    await stage.runHere("sync", inMinutes(2));
    resource.backendId = "";
    await stage.runHere("sync", { ...inMinutes(4), sync: { repath: true } });
    expect(await endOf(stage, resource.uuid)).toBe("/elsewhere/a");
  });
});

test("a path that a terminate order frees goes to the resource whose backend id asks for it", async () => {
  await using stage = await openOrders({ settings: { path_reuse_after_days: 0 } });
  const { resource: ended, path } = await renamed(stage);
  const next = stage.world.addResource({ name: "b", backendId: "/elsewhere/b" });
  await stage.runHere("sync", inMinutes(1));
  next.backendId = path;
  stage.world.addOrder({ type: "Terminate", resource: ended });
  await stage.pass(inMinutes(2));
  const pathAfter = async (minutes: number) => {
    await stage.runHere("sync", inMinutes(minutes));
    const newest = stage
      .files()
      .filter((name) => name.endsWith("-all.json"))
      .at(-1);
    return pathIn(entryText(stage, the(newest), next.uuid));
  };
  // Who holds it is known after the last page, when the entry is written.
  expect(await pathAfter(3)).toBe("/elsewhere/b");
  expect(await pathAfter(4)).toBe(path);
});

describe("a terminate order of an outer mount", () => {
  for (const before of ["", "/other"]) {
    test(`that moves there ${before === "" ? "from nowhere" : `from ${before}`} is left before it is accepted`, async () => {
      await using stage = await openOrders({ settings: { nested_mounts: "allow" } });
      stage.world.addResource({ name: "inner", backendId: "/capstor/store/a" });
      const outer = before === "" ? null : stage.world.addResource({ name: "outer", backendId: before });
      await stage.runHere("sync");
      const resource = outer ?? stage.world.addResource({ name: "outer" });
      resource.backendId = "/capstor";
      const order = stage.world.addOrder({ type: "Terminate", resource });
      const { problems } = await stage.pass();
      expect([problems, order.state, stage.filesOf(order)]).toEqual([
        ["mount-nested"],
        "pending-provider",
        [],
      ]);
    });
  }
});

for (const days of [0, 7]) {
  test(`a dry run foresees that a terminate order frees its path after ${days} days`, async () => {
    await using stage = await openOrders({ settings: { path_reuse_after_days: days } });
    const { resource } = await renamed(stage);
    stage.world.addOrder({ type: "Terminate", resource });
    const next = place(stage, "Create", "b");
    stage.resourceOf(next).slug = "home-a";
    const dry = await stage.pass({ dryRun: true });
    const real = await stage.pass();
    expect([dry.outcomes, dry.problems]).toEqual([real.outcomes, real.problems]);
    expect(real.outcomes).toEqual(["done", days === 0 ? "done" : "waiting"]);
  });
}

test("terminate files that wait for their provisioner for days do not trip the guard", async () => {
  await using stage = await openOrders({ settings: { completion: "external" } });
  const rows = addResources(stage, 12).slice(0, 6);
  await stage.runHere("sync");
  for (const resource of rows) stage.world.addOrder({ type: "Terminate", resource });
  await stage.pass();
  const later = 2 * 24 * 60;
  await stage.runHere("sync", inMinutes(later));
  for (const { uuid } of rows) stage.world.terminate(uuid);
  expect((await stage.runHere("sync", inMinutes(later + 1))).report.exitCode).toBe(0);
});

describe("a last snapshot that was cut, where the claims are lost", () => {
  async function cut() {
    const stage = await open({ settings: { mount_point: "/store/{project}" } });
    const rows = addResources(stage, 20);
    await syncAt(stage, 0);
    the(rows.at(-1)).slug = "renamed";
    const [first] = rows;
    the(first).backendId = "/store/elsewhere-0";
    await syncAt(stage, 1);
    the(first).backendId = "";
    truncateSync(join(stage.out, nameAt(1)), 1000 + Math.floor(stage.readText(nameAt(1)).length / 2));
    rmSync(statePath(stage, "claims"));
    return { stage, rows };
  }

  test("does not hide who is gone", async () => {
    const { stage, rows } = await cut();
    for (const row of rows.slice(2)) stage.world.terminate(row.uuid);
    expect((await syncAt(stage, 2)).report.exitCode).toBe(65);
  });

  test("still names the paths that are left of it", async () => {
    const { stage, rows } = await cut();
    await syncAt(stage, 2);
    const { storageResources } = stage.read(nameAt(2)).result;
    const found = storageResources.find(({ itemId }) => itemId === rows[0]?.uuid);
    expect(found?.mountPoint.default).toBe("/store/elsewhere-0");
  });

  test("lets an older one name the paths", async () => {
    const { stage } = await cut();
    const other = stage.world.addResource({ slug: "data-19" });
    expect((await syncAt(stage, 2)).report.problems.map(({ resource }) => resource)).toEqual([other.uuid]);
  });
});

for (const depth of [3, 6]) {
  test(`${depth} mounts, each inside another, listed from the inside with the innermost last`, async () => {
    const stage = await open();
    const pathAt = (depth: number) => `/capstor${"/x".repeat(depth)}`;
    const order = [...Array.from({ length: depth - 1 }, (_, at) => depth - 1 - at), depth];
    for (const at of order) stage.world.addResource({ slug: `s${at}`, backendId: pathAt(at) });
    const { report } = await syncAt(stage, 0, { sync: { allowShrink: true } });
    expect([report.exitCode, report.offerings[0]?.resources]).toEqual([10, 1]);
  });
}
