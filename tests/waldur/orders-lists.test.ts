// Many orders: beyond the first page, and several of one resource in sequence (docs/contract.md, "Orders").

import { describe, expect, test } from "bun:test";
import { GENERATIONS, openOrders, place, stepOf, TYPES } from "./orders-stage.ts";

for (const generation of GENERATIONS) {
  test(`handles the orders beyond the tenth of a ${generation} server, in one list request`, async () => {
    await using stage = await openOrders({ generation, resources: 20, orders: 25 });
    const ran = await stage.pass();
    expect([ran.code, ran.steps.filter((step) => step === "list").length]).toEqual([0, 1]);
    expect(stage.world.orders.map(({ state }) => state)).toEqual(Array(25).fill("done"));
    expect(new Set(stage.files()).size).toBe(25);
  });

  test(`handles 310 orders of a ${generation} server, over two pages`, async () => {
    await using stage = await openOrders({ generation, resources: 200, orders: 310 });
    const ran = await stage.pass();
    expect([ran.code, ran.steps.filter((step) => step === "list").length]).toEqual([0, 2]);
    expect(stage.world.orders.every(({ state }) => state === "done")).toBe(true);
    for (const order of stage.world.orders) expect(stage.documentOf(order).meta.order?.uuid).toBe(order.uuid);
    expect([stage.files().length, stage.receipts("closed")]).toEqual([310, 310]);
  }, 60_000);
}

test("handles no order when the list cannot be proved complete", async () => {
  await using stage = await openOrders({ orders: 310, faults: ["500-on-page-2"] });
  const ran = await stage.pass();
  expect([ran.code, ran.steps]).toEqual([75, ["offering", "list", "list"]]);
  expect(stage.everything().filter((path) => path.includes("receipts"))).toEqual([]);
});

for (const [fault, code] of [
  ["missing-row", 75],
  ["wrong-count", 75],
  ["no-count", 65],
  ["wrong-offering", 65],
] as const) {
  test(`touches no order after a list with ${fault}`, async () => {
    await using stage = await openOrders({ orders: 4, faults: [`${fault}@marketplace-orders/`] });
    const ran = await stage.pass();
    expect([ran.code, stage.requestsOf("POST"), stage.files()]).toEqual([code, [], []]);
  });
}

test("takes the orders of its own offering only", async () => {
  await using stage = await openOrders();
  const { world } = stage;
  const theirs = world.addOrder({ type: "Create", name: "theirs", offeringUuid: world.otherOffering.uuid });
  const ours = place(stage, "Create", "ours");
  await stage.pass();
  expect([ours.state, theirs.state]).toEqual(["done", "pending-provider"]);
});

test("touches no order when the server ignores the filter by offering", async () => {
  await using stage = await openOrders({ faults: ["ignored-filter"] });
  const { world } = stage;
  place(stage, "Create", "ours");
  world.addOrder({ type: "Create", name: "theirs", offeringUuid: world.otherOffering.uuid });
  const ran = await stage.pass();
  expect([ran.code, stage.requestsOf("POST"), stage.files()]).toEqual([65, [], []]);
});

test("an order that was created meanwhile is for the next run", async () => {
  await using stage = await openOrders();
  place(stage, "Create", "first");
  stage.once("set_state_done", () => place(stage, "Create", "late"));
  expect((await stage.pass()).outcomes).toEqual(["done"]);
  expect((await stage.pass()).outcomes).toEqual(["done"]);
});

describe("orders of one resource", () => {
  for (const generation of GENERATIONS) {
    test(`go in sequence: a later one waits at the cost of no request (${generation})`, async () => {
      await using stage = await openOrders({ generation, faults: ["done-without-effect*1"] });
      const create = place(stage, "Create", "same");
      const resource = stage.resourceOf(create);
      const update = stage.world.addOrder({ type: "Update", resource, limits: { storage: 9 } });
      const terminate = stage.world.addOrder({ type: "Terminate", resource });
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes]).toEqual([10, ["left", "waiting", "waiting"]]);
      const about = (uuid: string) => stage.simulator.requests.filter(({ path }) => path.includes(uuid));
      expect([about(update.uuid), about(terminate.uuid)]).toEqual([[], []]);
      expect([update.state, terminate.state]).toEqual(["pending-provider", "pending-provider"]);
      for (const waiting of [2, 1, 0]) {
        const { code, outcomes } = await stage.pass();
        expect([code, ...outcomes]).toEqual([0, "done", ...Array(waiting).fill("waiting")]);
      }
      expect(resource).toMatchObject({ state: "Terminated", limits: { storage: 9 } });
      expect(stage.entryOf(terminate).quotas?.[0]?.quota).toBe(9);
    });
  }

  for (const dryRun of [false, true]) {
    test(`are taken one a pass (${dryRun ? "dry" : "real"})`, async () => {
      await using stage = await openOrders();
      const first = place(stage, "Create", "same");
      stage.world.addOrder({ type: "Update", resource: stage.resourceOf(first), limits: { storage: 9 } });
      expect((await stage.pass({ dryRun })).outcomes).toEqual(["done", "waiting"]);
    });

    test(`wait for an older one whose row cannot be read (${dryRun ? "dry" : "real"})`, async () => {
      await using stage = await openOrders();
      const before = place(stage, "Update", "earlier");
      const bad = stage.world.addOrder({ type: "Update", resource: stage.resourceOf(before), limits: [1] });
      const after = place(stage, "Update", "same");
      const spoilt = stage.world.addOrder({ type: "Update", resource: stage.resourceOf(after), limits: [1] });
      stage.world.orders.splice(2, 2, spoilt, after);
      [before, bad, spoilt, after].forEach((order, n) => {
        order.created = `2026-01-01T00:00:0${n}Z`;
      });
      const ran = await stage.pass({ dryRun });
      expect(ran.report.orders.map(({ uuid, outcome }) => [uuid, outcome])).toEqual([
        [before.uuid, "done"],
        [after.uuid, "waiting"],
      ]);
      expect(ran.problems).toEqual(["bad-answer", "bad-answer"]);
    });
  }

  test("are taken in the order of the list, as those of different ones are", async () => {
    await using stage = await openOrders();
    for (const type of TYPES) place(stage, type);
    const ran = await stage.pass();
    const accepted = ran.requests.filter((request) => stepOf(request) === "approve_by_provider");
    expect(accepted.map(({ path }) => path.split("/")[1])).toEqual(
      stage.world.orders.map(({ uuid }) => uuid),
    );
  });

  for (const [why, prepare] of [
    ["cannot be mapped", { limits: { storage: -1 } }],
    ["is a Restore", { type: "Restore" }],
  ] as const) {
    test(`wait for one that ${why}, and others do not`, async () => {
      await using stage = await openOrders();
      const first = Object.assign(place(stage, "Update", "same"), prepare);
      const later = stage.world.addOrder({ type: "Terminate", resource: stage.resourceOf(first) });
      const other = place(stage, "Terminate", "other");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes]).toEqual([10, ["left", "waiting", "done"]]);
      expect([later.state, other.state]).toEqual(["pending-provider", "done"]);
      stage.world.setOrderState(first.uuid, "canceled");
      await stage.pass();
      expect(later.state).toBe("done");
    });
  }
});
