// The life of storages, brought to the compiled program by orders: placed by a consumer over HTTP, published, reported
// back, on both generations of servers (docs/contract.md, "Orders").

import { describe, expect, test } from "bun:test";
import {
  GENERATIONS,
  type OrdersStage,
  openOrders,
  place,
  stepOf,
  TYPES,
  the,
} from "../waldur/orders-stage.ts";
import { act, call } from "../waldur/simulator-calls.ts";
import { startOn } from "./program.ts";

const SILENT = { code: 0, stdout: "", stderr: "" };
const NAME = /^\d{4}-\d\d-\d\d-\d\d-\d\d-(create|update|terminate)_[0-9a-f]{32}\.json$/;

/** What the consumer sends; the uuid of the order that it makes. */
async function consume({ simulator }: OrdersStage, path: string, body: unknown): Promise<string> {
  const token = simulator.consumerToken;
  const { body: answer } = await call(simulator, path, { method: "POST", token, body });
  const { uuid, order_uuid } = fieldsOf(answer);
  const made = order_uuid ?? uuid;
  if (typeof made !== "string") throw new Error(`no order: ${JSON.stringify(answer)}`);
  return made;
}

function fieldsOf(value: unknown): { uuid?: unknown; order_uuid?: unknown } {
  return typeof value === "object" && value !== null ? value : {};
}

function placeAsConsumer(stage: OrdersStage, name: string): Promise<string> {
  const { simulator, world } = stage;
  const offering = `${simulator.url}marketplace-public-offerings/${simulator.offeringUuid}/`;
  return consume(stage, "marketplace-orders/", {
    offering,
    project: `${simulator.url}projects/${simulator.projectUuid}/`,
    plan: `${offering}plans/${world.offering.planUuid}/`,
    attributes: { name, permissions: "2770", storage_data_type: "Scratch" },
    limits: { storage: 5 },
    type: "Create",
  });
}

for (const generation of GENERATIONS) {
  const accept = generation === "2024" ? "set_state_executing" : "approve_by_provider";

  describe(`on a ${generation} server`, () => {
    test("a storage is created, changed and removed, each by one file, without a message", async () => {
      await using stage = await openOrders({ generation });
      const create = stage.world.order(await placeAsConsumer(stage, "ice"));
      expect(await stage.run(["orders"])).toEqual(SILENT);
      const resource = stage.resourceOf(create);
      const made = stage.entryOf(create);
      expect([resource.state, resource.backendId]).toEqual(["OK", the(resource.slug)]);
      expect(made).toMatchObject({
        itemId: resource.uuid,
        status: "pending",
        permission: { value: "2770" },
        storageDataType: { key: "scratch" },
      });

      const path = `marketplace-resources/${resource.uuid}`;
      const update = await consume(stage, `${path}/update_limits/`, { limits: { storage: 8 } });
      expect(await stage.run(["orders"])).toEqual(SILENT);
      const changed = stage.entryOf({ uuid: update });
      expect([changed.oldQuotas?.[0]?.quota, changed.newQuotas?.[0]?.quota]).toEqual([5, 8]);
      expect([changed.status, resource.limits]).toEqual(["updating", { storage: 8 }]);

      const terminate = await consume(stage, `${path}/terminate/`, {});
      expect(await stage.run(["orders"])).toEqual(SILENT);
      const removed = stage.entryOf({ uuid: terminate });
      expect([removed.status, removed.quotas?.[0]?.quota]).toEqual(["removing", 8]);
      expect(resource.state).toBe("Terminated");

      expect(new Set([made, changed, removed].map(({ mountPoint }) => mountPoint.default)).size).toBe(1);
      expect(stage.files().map((name) => NAME.exec(name)?.[1])).toHaveLength(3);
      expect(stage.files().every((name) => NAME.test(name))).toBe(true);
    }, 30_000);

    test("every type is handled in one pass, and a second pass finds nothing to do", async () => {
      await using stage = await openOrders({ generation });
      const orders = TYPES.map((type) => place(stage, type));
      expect(await stage.run(["orders"])).toEqual(SILENT);
      expect(stage.requestsOf("POST").map(stepOf)).toEqual([
        ...[accept, "set_backend_id", "set_state_done"],
        ...[accept, "set_state_done"],
        ...[accept, "set_state_done"],
      ]);
      expect(orders.map(({ state }) => state)).toEqual(["done", "done", "done"]);
      const before = orders.map((order) => JSON.stringify(stage.documentOf(order)));
      const from = stage.simulator.requests.length;
      expect(await stage.run(["orders"])).toEqual(SILENT);
      expect(stage.simulator.requests.slice(from).map(stepOf)).toEqual(["offering", "list"]);
      expect(orders.map((order) => JSON.stringify(stage.documentOf(order)))).toEqual(before);
    }, 30_000);

    for (const step of [accept, "set_backend_id", "set_state_done"]) {
      test(`killed when ${step} arrives, the next run ends what this one began`, async () => {
        await using stage = await openOrders({ generation });
        const order = place(stage, "Create");
        const running = startOn(stage, ["orders"]);
        stage.once(step, () => running.kill("SIGKILL"));
        expect((await running.ended).code).toBe(137);
        const published = stage.filesOf(order);
        expect(published).toHaveLength(step === accept ? 0 : 1);
        expect(await stage.run(["orders"])).toEqual(SILENT);
        expect([order.state, stage.filesOf(order).length]).toEqual(["done", 1]);
        expect(stage.filesOf(order)).toEqual(expect.arrayContaining(published));
        expect(stage.resourceOf(order).backendId).toBe(the(stage.resourceOf(order).slug));
        expect(stage.requestsOf("POST").filter((request) => stepOf(request) === accept)).toHaveLength(1);
      }, 30_000);
    }

    test("one bad order ends with 10, with a warning the first time, and the others are done", async () => {
      await using stage = await openOrders({ generation });
      const [bad, good] = [place(stage, "Create", "bad"), place(stage, "Create", "good")];
      bad.limits = { storage: -1 };
      const first = await stage.run(["orders"]);
      expect([first.code, first.stdout]).toEqual([10, ""]);
      expect(first.stderr).toMatch(
        /^\S+ warn limits.storage is negative: -1 code=bad-limit .*\n\S+ warn orders: .*, 1 problem exit=10 \S+\n$/,
      );
      expect([bad.state, good.state]).toEqual(["pending-provider", "done"]);
      const second = await stage.run(["orders"]);
      expect(second).toMatchObject({ code: 10, stdout: "" });
      expect(second.stderr).toMatch(/^\S+ warn orders: published 0 .*, 1 problem exit=10 \S+\n$/);
    }, 30_000);

    test("lost answers to every POST are read back, with nothing sent twice", async () => {
      await using stage = await openOrders({ generation, faults: ["drop-after-apply"] });
      const order = place(stage, "Create");
      expect(await stage.run(["orders"])).toEqual(SILENT);
      expect(stage.requestsOf("POST").map(stepOf)).toEqual([accept, "set_backend_id", "set_state_done"]);
      expect([order.state, stage.filesOf(order).length]).toEqual(["done", 1]);
    }, 30_000);
  });
}

test("a provisioner finishes an order itself, with completion: external", async () => {
  await using stage = await openOrders({ settings: { completion: "external" } });
  const order = place(stage, "Create");
  expect(await stage.run(["orders"])).toEqual(SILENT);
  expect(await stage.run(["orders"])).toEqual(SILENT);
  expect([order.state, stage.requestsOf("POST").map(stepOf)]).toEqual(["executing", ["approve_by_provider"]]);
  const { done } = the(stage.documentOf(order).meta.order?.actions);
  expect(done).toBe(`${stage.simulator.url}marketplace-orders/${order.uuid}/set_state_done/`);
  expect((await act(stage.simulator, order.uuid, "set_state_done")).status).toBe(200);
  expect(await stage.run(["orders"])).toEqual(SILENT);
  expect(stage.receipts("closed")).toBe(1);
}, 30_000);

test("310 orders are done in one run", async () => {
  await using stage = await openOrders({ resources: 160, orders: 310 });
  expect(await stage.run(["orders"])).toEqual(SILENT);
  expect(stage.world.orders.every(({ state }) => state === "done")).toBe(true);
  expect(stage.files()).toHaveLength(310);
}, 60_000);
