// Changes that wait for consent: newer servers show them on the resource at once, and the snapshot must not
// (docs/waldur.md, "Consent").

import { describe, expect, test } from "bun:test";
import type { Stage } from "../stage.ts";
import { addResources, GENERATIONS, nameAt, onArrival, open, syncAt } from "./sync-stage.ts";

const ORDERS = "marketplace-orders/";

/** Statuses of a snapshot, in its order. */
function statusesOf(stage: Stage): string[] {
  return stage.read(nameAt(0)).result.storageResources.map(({ status }) => status);
}

function statesAsked(stage: Stage): string[][] {
  return stage.simulator.requests
    .filter(({ path }) => path === ORDERS)
    .map(({ query }) => new URLSearchParams(query).getAll("state"));
}

describe("a current server", () => {
  test("a change without consent shows on the resource; the snapshot has it as active", async () => {
    const stage = await open();
    const [first, second, third] = addResources(stage, 3);
    stage.world.addOrder({ type: "Terminate", resource: first?.uuid ?? "", state: "pending-consumer" });
    stage.world.addOrder({ type: "Update", resource: second?.uuid ?? "", state: "pending-consumer" });
    stage.world.addOrder({ type: "Terminate", resource: third?.uuid ?? "", state: "executing" });
    const states = stage.world.resources().map(({ state }) => state);
    expect(states).toEqual(["Terminating", "Updating", "Terminating"]);
    const { report } = await syncAt(stage, 0);
    expect(report.exitCode).toBe(0);
    expect(statusesOf(stage)).toEqual(["active", "active", "removing"]);
  });

  for (const [state, type, status] of [
    ["pending-consumer", "Terminate", "active"],
    ["pending-project", "Terminate", "active"],
    ["pending-start-date", "Update", "active"],
    ["pending-provider", "Update", "updating"],
    ["pending-provider", "Terminate", "removing"],
    ["executing", "Update", "updating"],
  ] as const) {
    test(`a ${type} order in ${state} makes its resource ${status}`, async () => {
      const stage = await open();
      const [resource] = addResources(stage, 1);
      stage.world.addOrder({ type, resource: resource?.uuid ?? "", state });
      await syncAt(stage, 0);
      expect(statusesOf(stage)).toEqual([status]);
    });
  }

  test("a Create order that waits for consent changes no other state than that of a change", async () => {
    const stage = await open();
    const { resourceUuid } = stage.world.addOrder({ type: "Create", state: "pending-consumer" });
    const [erred] = addResources(stage, 1);
    stage.world.addOrder({ type: "Terminate", resource: erred?.uuid ?? "", state: "pending-consumer" });
    stage.world.resource(erred?.uuid ?? "").state = "Erred";
    await syncAt(stage, 0);
    expect(statusesOf(stage)).toEqual(["pending", "error"]);
    stage.world.resource(resourceUuid ?? "").state = "Terminating";
    await syncAt(stage, 0);
    expect(statusesOf(stage)[0]).toBe("removing");
  });

  test("is asked once, before the list of resources, for five fields and no nested order", async () => {
    const stage = await open({ resources: 301 });
    await syncAt(stage, 0);
    expect(statesAsked(stage)).toEqual([["pending-consumer", "pending-project", "pending-start-date"]]);
    const { requests } = stage.simulator;
    const at = requests.findIndex(({ path }) => path === ORDERS);
    const isPage = ({ path, query }: (typeof requests)[number]) =>
      path === "marketplace-provider-resources/" && query.includes("page=");
    expect(requests.findIndex(isPage)).toBeGreaterThan(at);
    const asked = requests.flatMap(({ query }) => new URLSearchParams(query).getAll("field"));
    expect(asked).not.toContain("order_in_progress");
    expect(new URLSearchParams(requests[at]?.query).getAll("field").length).toBe(5);
  });

  test("of more than one page of such orders all count", async () => {
    const stage = await open();
    for (const { uuid } of addResources(stage, 305))
      stage.world.addOrder({ type: "Terminate", resource: uuid, state: "pending-consumer" });
    await syncAt(stage, 0);
    expect(new Set(statusesOf(stage))).toEqual(new Set(["active"]));
    expect(statesAsked(stage).length).toBe(2);
  });

  test("that does not know the newer states is asked only for the oldest of them", async () => {
    const stage = await open({ faults: ["400@marketplace-orders*1"] });
    const [resource] = addResources(stage, 1);
    stage.world.addOrder({ type: "Terminate", resource: resource?.uuid ?? "", state: "pending-consumer" });
    expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
    expect(statesAsked(stage).at(-1)).toEqual(["pending-consumer"]);
    expect(statusesOf(stage)).toEqual(["active"]);
  });

  test("whose list of orders cannot be trusted gets no snapshot", async () => {
    const stage = await open();
    const [resource] = addResources(stage, 1);
    const order = stage.world.addOrder({
      type: "Update",
      resource: resource?.uuid ?? "",
      state: "pending-consumer",
    });
    order.wire.offering_uuid = stage.world.otherOffering.uuid;
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode === 0, stage.files()]).toEqual([false, []]);
  });

  test("that ignores the filter by state makes no change of consented orders active", async () => {
    const stage = await open();
    const [resource] = addResources(stage, 1);
    const order = stage.world.addOrder({
      type: "Terminate",
      resource: resource?.uuid ?? "",
      state: "pending-consumer",
    });
    order.wire.state = "executing";
    await syncAt(stage, 0);
    expect(statusesOf(stage)).toEqual(["removing"]);
  });
});

test("a server of 2024 is asked for pending-consumer only", async () => {
  const stage = await open({ generation: "2024", resources: 1 });
  expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
  expect(statesAsked(stage)).toEqual([["pending-consumer"]]);
});

for (const generation of GENERATIONS) {
  test(`where a ${generation} server has no resource, the generation is unknown: only pending-consumer is asked for`, async () => {
    const stage = await open({ generation });
    const seen: string[] = [];
    onArrival(stage, ({ path }) => seen.push(path));
    expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
    expect(statesAsked(stage)).toEqual([["pending-consumer"]]);
    expect(seen.filter((path) => path === ORDERS).length).toBe(1);
  });
}
