// Whose path an order's file names: kept, claimed, waited for, never given away (docs/contract.md, "Mount points").

import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "pathe";
import { loadClaims } from "../../lib/claims/recover.ts";
import { BY_SNAPSHOT } from "../../lib/claims/table.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import { GENERATIONS, type OrdersStage, openOrders, place, storeClaims } from "./orders-stage.ts";

const pathOf = (stage: OrdersStage, order: { uuid: string }) =>
  stage.documentOf(order).result.storageResources[0]?.mountPoint.default ?? "";

function pathIn(stage: OrdersStage, uuid: string): string | undefined {
  const newest =
    stage
      .files()
      .filter((name) => name.endsWith("-all.json"))
      .at(-1) ?? "";
  const { storageResources } = stage.read(newest).result;
  return storageResources.find(({ itemId }) => itemId === uuid)?.mountPoint.default;
}

const sync = (stage: OrdersStage, at?: number) =>
  stage.runHere("sync", at === undefined ? {} : { now: () => new Date(at) });

for (const generation of GENERATIONS) {
  describe(`a resource that cannot be mapped, on a ${generation} server`, () => {
    test("keeps its claim when it was never published", async () => {
      await using stage = await openOrders({ generation });
      const first = stage.world.addResource({ name: "a", slug: "home", limits: { storage: -5 } });
      stage.world.addResource({ name: "c", slug: "other" });
      await sync(stage);
      const order = place(stage, "Create", "b");
      stage.resourceOf(order).slug = "home";
      const ran = await stage.pass();
      expect([ran.problems, order.state]).toEqual([["mount-clash"], "pending-provider"]);
      expect(ran.report.problems[0]?.message).toContain(first.uuid);
      first.slug = "moved-on";
      if (generation === "2024") await sync(stage);
      expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    });

    test("holds its claim also where no list was ever read: the first pass reads it", async () => {
      await using stage = await openOrders({ generation, isNew: true });
      stage.world.addResource({ name: "a", slug: "home", limits: { storage: -5 } });
      const order = place(stage, "Create", "b");
      stage.resourceOf(order).slug = "home";
      expect((await stage.pass()).problems).toEqual(["mount-clash"]);
      const from = stage.simulator.requests.length;
      await stage.pass();
      const lists = stage.simulator.requests.slice(from).filter(({ query }) => query.includes("state=OK"));
      expect(lists).toEqual([]);
    });
  });
}

describe("a receipt", () => {
  test("fixes the path: a slug that changes before publication changes nothing, and others see the path as taken", async () => {
    await using stage = await openOrders({ faults: ["503@approve_by_"] });
    const first = place(stage, "Create", "a");
    stage.resourceOf(first).slug = "aa";
    await stage.pass();
    stage.resourceOf(first).slug = "bb";
    stage.simulator.setFaults([]);
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "aa";
    const third = place(stage, "Create", "c");
    stage.resourceOf(third).slug = "bb";
    const ran = await stage.pass();
    expect(pathOf(stage, first)).toEndWith("/aa");
    expect(ran.problems).toEqual(["mount-clash"]);
    expect([second.state, third.state, pathOf(stage, third).endsWith("/bb")]).toEqual([
      "pending-provider",
      "done",
      true,
    ]);
  });

  test("of a create that ended without a file frees its path at once", async () => {
    await using stage = await openOrders({ faults: ["503@approve_by_"] });
    const first = place(stage, "Create", "a");
    stage.resourceOf(first).slug = "aa";
    await stage.pass();
    stage.simulator.setFaults([]);
    stage.world.setOrderState(first.uuid, "erred");
    stage.world.terminate(stage.resourceOf(first).uuid);
    await stage.pass();
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "aa";
    await stage.pass();
    expect([second.state, pathOf(stage, second).endsWith("/aa")]).toEqual(["done", true]);
  });
});

describe("a published path", () => {
  test("is kept through a rename: another create clashes, the snapshot and the terminate file name it", async () => {
    await using stage = await openOrders();
    const first = place(stage, "Create", "a");
    stage.resourceOf(first).slug = "home-a";
    await stage.pass();
    const path = pathOf(stage, first);
    const resource = stage.resourceOf(first);
    resource.slug = "renamed";
    await sync(stage);
    expect(pathIn(stage, resource.uuid)).toBe(path);
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "home-a";
    expect((await stage.pass()).problems).toEqual(["mount-clash"]);
    const end = stage.world.addOrder({ type: "Terminate", resource });
    await stage.pass();
    expect(pathOf(stage, end)).toBe(path);
  });

  test("is moved by an absolute backend id, and the old one stays claimed until the resource has ended", async () => {
    await using stage = await openOrders({ settings: { path_reuse_after_days: 0 } });
    const first = place(stage, "Create", "a");
    stage.resourceOf(first).slug = "home-a";
    await stage.pass();
    const resource = stage.resourceOf(first);
    resource.backendId = "/elsewhere/a";
    await sync(stage);
    expect(pathIn(stage, resource.uuid)).toBe("/elsewhere/a");
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "home-a";
    expect((await stage.pass()).problems).toEqual(["mount-clash"]);
    stage.world.terminate(resource.uuid);
    await stage.pass();
    expect(second.state).toBe("done");
  });

  test("survives the loss of all state: order files and the snapshot still name it", async () => {
    await using stage = await openOrders();
    const first = place(stage, "Create", "a");
    await stage.pass();
    const path = pathOf(stage, first);
    const resource = stage.resourceOf(first);
    resource.slug = "renamed";
    rmSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
    const change = stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
    await stage.pass();
    expect(pathOf(stage, change)).toBe(path);
    rmSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
    await sync(stage);
    expect(pathIn(stage, resource.uuid)).toBe(path);
  });

  test("of an update counts, too: a create does not get it", async () => {
    await using stage = await openOrders();
    const resource = stage.world.addResource({ name: "old", slug: "old" });
    const change = stage.world.addOrder({ type: "Update", resource, limits: { storage: 20 } });
    await stage.pass();
    expect(pathOf(stage, change)).toEndWith("/old");
    resource.slug = "renamed";
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "old";
    expect((await stage.pass()).problems).toEqual(["mount-clash"]);
  });

  test("is free after the terminate order of this program, when its days are over", async () => {
    const at = Date.parse("2026-03-01T12:00:00Z");
    const DAY = 86_400_000;
    await using stage = await openOrders();
    const passAt = (ms: number) => stage.pass({ now: () => new Date(at + ms) });
    const first = place(stage, "Create", "a");
    stage.resourceOf(first).slug = "proj1";
    await passAt(0);
    stage.world.addOrder({ type: "Terminate", resource: stage.resourceOf(first) });
    await passAt(0);
    const second = place(stage, "Create", "b");
    stage.resourceOf(second).slug = "proj1";
    expect((await passAt(DAY)).outcomes).toEqual(["waiting"]);
    await sync(stage, at + 2 * DAY);
    const waits = await passAt(7 * DAY - 1);
    expect([waits.code, waits.outcomes]).toEqual([0, ["waiting"]]);
    expect(waits.report.notices[0]?.hint).toContain("claims release");
    await passAt(7 * DAY);
    expect(second.state).toBe("done");
  });
});

describe("mounts inside others", () => {
  for (const [held, wanted] of [
    ["/capstor/store", "/capstor/store/a"],
    ["/capstor/store/a", "/capstor/store"],
  ] as const) {
    test(`${wanted} is not given where ${held} is, unless nested_mounts allows it`, async () => {
      for (const nested of ["refuse", "allow"] as const) {
        await using stage = await openOrders({ settings: { nested_mounts: nested } });
        stage.world.addResource({ name: "held", backendId: held });
        await sync(stage);
        const order = place(stage, "Create", "b");
        stage.resourceOf(order).backendId = wanted;
        const { problems } = await stage.pass();
        expect(problems).toEqual(nested === "refuse" ? ["mount-nested"] : []);
        expect(order.state).toBe(nested === "refuse" ? "pending-provider" : "done");
      }
    });
  }

  test("the terminate order of the outer one is left while an inner one is live", async () => {
    await using stage = await openOrders({ settings: { nested_mounts: "allow" } });
    const outer = stage.world.addResource({ name: "outer", backendId: "/capstor" });
    const inner = stage.world.addResource({ name: "inner", backendId: "/capstor/store/a" });
    await sync(stage);
    const order = stage.world.addOrder({ type: "Terminate", resource: outer });
    const ran = await stage.pass();
    expect([ran.problems, order.state]).toEqual([["mount-nested"], "pending-provider"]);
    stage.world.terminate(inner.uuid);
    await stage.pass();
    expect(order.state).toBe("done");
  });

  test("that a sync names while the outer one's terminate order is accepted stop its file", async () => {
    await using stage = await openOrders({ settings: { nested_mounts: "allow" } });
    const outer = stage.world.addResource({ name: "outer", backendId: "/capstor" });
    await sync(stage);
    const order = stage.world.addOrder({ type: "Terminate", resource: outer });
    const inner = stage.world.addResource({ name: "inner", backendId: "/capstor/store/a" });
    stage.once("approve_by_provider", () => nameInClaims(stage, inner));
    const ran = await stage.pass();
    expect([ran.problems, ran.outcomes, stage.filesOf(order)]).toEqual([["mount-nested"], ["left"], []]);
    stage.world.terminate(inner.uuid);
    await stage.pass();
    expect([order.state, pathOf(stage, order)]).toEqual(["done", "/capstor"]);
  });
});

/** What a `sync` stores that publishes the resource in another process. */
function nameInClaims({ out, simulator }: OrdersStage, { uuid, backendId }: SimResource): void {
  const loaded = loadClaims(out, { reuseAfterDays: 7, now: new Date() });
  const { table } = loaded;
  const claim = {
    path: backendId ?? "",
    marks: BY_SNAPSHOT,
    since: Date.now(),
    offering: simulator.offeringUuid,
  };
  table.makePresent(table.claim(table.resource(uuid), claim));
  storeClaims(out, "sync", loaded);
}

test("a terminate order goes through whatever is wrong with limits, options and slug", async () => {
  await using stage = await openOrders();
  const first = place(stage, "Create", "a");
  await stage.pass();
  const path = pathOf(stage, first);
  const resource = stage.resourceOf(first);
  Object.assign(resource, { slug: "..", limits: { storage: -1 }, options: { permissions: "rwx" } });
  const order = stage.world.addOrder({ type: "Terminate", resource });
  const ran = await stage.pass();
  expect([ran.code, order.state, pathOf(stage, order)]).toEqual([0, "done", path]);
  const [entry] = stage.documentOf(order).result.storageResources;
  expect([entry?.quotas, entry?.permission]).toEqual([null, null]);
  expect(ran.report.notices.map(({ code }) => code).sort()).toEqual([
    "bad-limit",
    "bad-permissions",
    "bad-slug",
  ]);
});
