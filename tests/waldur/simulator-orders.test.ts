// The state machine of orders and resources in both generations, and the worker of the older one.

import { describe, expect, test } from "bun:test";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Simulator } from "../../lib/simulator/server.ts";
import { act, call, start } from "./simulator-calls.ts";

const GENERATIONS = ["2024", "current"] as const;

/** States of an order and its resource. */
function states({ world }: Simulator, order: SimOrder): [string, string] {
  return [order.state, world.resource(order.resourceUuid ?? "").state];
}

function limitsOf({ world }: Simulator, order: SimOrder): unknown {
  return world.resource(order.resourceUuid ?? "").limits;
}

function setBackendId(simulator: Simulator, order: SimOrder, backend_id: string) {
  const path = `marketplace-provider-resources/${order.resourceUuid}/set_backend_id/`;
  return call(simulator, path, { method: "POST", body: { backend_id } });
}

const ERRED = { error_message: " no space ", error_traceback: "" };

for (const generation of GENERATIONS) {
  describe(`a ${generation} server`, () => {
    const old = generation === "2024";

    test("takes a Create order from approval to done", async () => {
      const simulator = start({ generation, workerDelayMs: 0 });
      const order = simulator.world.addOrder({ type: "Create", limits: { storage: 5 } });
      expect(states(simulator, order)).toEqual(["pending-provider", "Creating"]);
      expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(409);
      expect((await act(simulator, order.uuid, "approve_by_provider")).status).toBe(200);
      expect(states(simulator, order)).toEqual(["executing", "Creating"]);
      expect((await act(simulator, order.uuid, "approve_by_provider")).status).toBe(409);
      expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(200);
      expect(states(simulator, order)).toEqual(["done", "OK"]);
      expect(await act(simulator, order.uuid, "set_state_done")).toMatchObject({
        status: 409,
        body: { detail: "Valid states for operation: executing." },
      });
    });

    test("applies new limits when an Update order is done, not before", async () => {
      const simulator = start({ generation, resources: 1 });
      const [resource] = simulator.world.resources();
      const order = simulator.world.addOrder({
        type: "Update",
        resource: resource?.uuid ?? "",
        limits: { storage: 9 },
      });
      const before = limitsOf(simulator, order);
      expect(order.attributes).toEqual({ old_limits: before });
      expect(states(simulator, order)).toEqual(["pending-provider", old ? "OK" : "Updating"]);
      await act(simulator, order.uuid, "set_state_executing");
      expect(limitsOf(simulator, order)).toEqual(before);
      await act(simulator, order.uuid, "set_state_done");
      expect(states(simulator, order)).toEqual(["done", "OK"]);
      expect(limitsOf(simulator, order)).toEqual({ storage: 9 });
    });

    test("merges new options when an Update order is done", async () => {
      const simulator = start({ generation });
      const resource = simulator.world.addResource({ options: { a: 1, b: 1 } });
      const attributes = { new_options: { b: 2 } };
      const order = simulator.world.addOrder({ type: "Update", resource, limits: {}, attributes });
      await act(simulator, order.uuid, "set_state_executing");
      await act(simulator, order.uuid, "set_state_done");
      expect(resource.options).toEqual({ a: 1, b: 2 });
      expect(resource.limits).toEqual({ storage: 10 });
    });

    test("terminates a resource when a Terminate order is done", async () => {
      const simulator = start({ generation, resources: 1, workerDelayMs: 0 });
      const [resource] = simulator.world.resources();
      const order = simulator.world.addOrder({ type: "Terminate", resource: resource?.uuid ?? "" });
      expect(states(simulator, order)).toEqual(["pending-provider", old ? "OK" : "Terminating"]);
      await act(simulator, order.uuid, "approve_by_provider");
      expect(states(simulator, order)).toEqual(["executing", "Terminating"]);
      await act(simulator, order.uuid, "set_state_done");
      expect(states(simulator, order)).toEqual(["done", "Terminated"]);
    });

    test("sets what it rejects back", async () => {
      const simulator = start({ generation, resources: 1 });
      const [resource] = simulator.world.resources();
      const create = simulator.world.addOrder({ type: "Create" });
      const terminate = simulator.world.addOrder({ type: "Terminate", resource: resource?.uuid ?? "" });
      for (const { uuid } of [create, terminate]) await act(simulator, uuid, "reject_by_provider");
      expect(states(simulator, create)).toEqual(["rejected", "Terminated"]);
      expect(states(simulator, terminate)).toEqual(["rejected", "OK"]);
    });

    test("breaks on set_state_erred without both keys, and changes nothing", async () => {
      const simulator = start({ generation });
      const order = simulator.world.addOrder({ type: "Create", state: "executing" });
      for (const body of [undefined, {}, { error_message: "x" }]) {
        const got = await act(simulator, order.uuid, "set_state_erred", body);
        expect([got.status, got.type]).toEqual([500, "text/html; charset=utf-8"]);
      }
      expect(states(simulator, order)).toEqual(["executing", "Creating"]);
    });

    test("errs an executing order, and its resource by type", async () => {
      const simulator = start({ generation, resources: 2 });
      const [first, second] = simulator.world.resources();
      const uuid = (n: { uuid: string } | undefined) => n?.uuid ?? "";
      const state = "executing";
      const create = simulator.world.addOrder({ type: "Create", state });
      const made = simulator.world.addOrder({ type: "Create", state });
      simulator.world.resource(made.resourceUuid ?? "").backendId = "made";
      const update = simulator.world.addOrder({ type: "Update", resource: uuid(first), state });
      const terminate = simulator.world.addOrder({ type: "Terminate", resource: uuid(second), state });
      simulator.world.resource(uuid(second)).state = "Terminating";
      for (const order of [create, made, update, terminate])
        await act(simulator, order.uuid, "set_state_erred", ERRED);
      expect(states(simulator, create)).toEqual(["erred", old ? "Erred" : "Terminated"]);
      expect(states(simulator, made)).toEqual(["erred", "Erred"]);
      expect(states(simulator, update)).toEqual(["erred", "Erred"]);
      expect(states(simulator, terminate)).toEqual(["erred", "OK"]);
      expect(update.errorMessage).toBe("no space");
    });

    test(`${old ? "breaks when it errs" : "errs"} a Terminate order that no worker has seen`, async () => {
      const simulator = start({ generation, resources: 1 });
      const [resource] = simulator.world.resources();
      const order = simulator.world.addOrder({ type: "Terminate", resource: resource?.uuid ?? "" });
      await act(simulator, order.uuid, "set_state_executing");
      const got = await act(simulator, order.uuid, "set_state_erred", ERRED);
      expect(got.status).toBe(old ? 500 : 200);
      expect(states(simulator, order)).toEqual(old ? ["executing", "OK"] : ["erred", "OK"]);
      expect(order.errorMessage).toBe(old ? "" : "no space");
      expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(old ? 200 : 409);
    });

    test("errs an approved Terminate order, whose resource goes back to OK", async () => {
      const simulator = start({ generation, resources: 1, workerDelayMs: 0 });
      const [resource] = simulator.world.resources();
      const order = simulator.world.addOrder({ type: "Terminate", resource: resource?.uuid ?? "" });
      await act(simulator, order.uuid, "approve_by_provider");
      expect((await act(simulator, order.uuid, "set_state_erred", ERRED)).status).toBe(200);
      expect(states(simulator, order)).toEqual(["erred", "OK"]);
    });

    test(`${old ? "knows no" : "keeps an approved order back until its"} start date`, async () => {
      const simulator = start({ generation, now: () => new Date("2026-01-05T23:30:00Z") });
      const [future, today] = ["2026-01-06", "2026-01-05"].map((startDate) =>
        simulator.world.addOrder({ type: "Create", startDate }),
      );
      for (const order of [future, today]) {
        expect((await act(simulator, order?.uuid ?? "", "approve_by_provider")).status).toBe(200);
      }
      expect(future?.state).toBe(old ? "executing" : "pending-start-date");
      expect(today?.state).toBe("executing");
      expect(future?.providerReviewedAt).not.toBeNull();
      const done = await act(simulator, future?.uuid ?? "", "set_state_done");
      expect(done.status).toBe(old ? 200 : 409);
    });

    test("takes set_state_erred from any state", async () => {
      const simulator = start({ generation });
      const pending = simulator.world.addOrder({ type: "Create" });
      const done = simulator.world.addOrder({ type: "Create", state: "done" });
      for (const { uuid } of [pending, done]) await act(simulator, uuid, "set_state_erred", ERRED);
      expect([pending.state, done.state]).toEqual(old ? ["pending-provider", "done"] : ["erred", "erred"]);
    });

    test("revives an erred order with set_state_executing, which keeps its message", async () => {
      const simulator = start({ generation });
      const order = simulator.world.addOrder({ type: "Create", state: "executing" });
      await act(simulator, order.uuid, "set_state_erred", ERRED);
      await act(simulator, order.uuid, "set_state_executing");
      await act(simulator, order.uuid, "set_state_done");
      expect([...states(simulator, order), order.errorMessage]).toEqual(["done", "OK", "no space"]);
      expect(order.providerReviewedAt).toBeNull();
      expect((await act(simulator, order.uuid, "set_state_executing")).status).toBe(409);
    });

    test("lets set_state_executing start what the consumer has not confirmed", async () => {
      const simulator = start({ generation });
      const order = simulator.world.addOrder({ type: "Create", state: "pending-consumer" });
      expect((await act(simulator, order.uuid, "approve_by_provider")).status).toBe(409);
      expect((await act(simulator, order.uuid, "set_state_executing")).status).toBe(200);
      expect(order.state).toBe("executing");
    });

    test(`${old ? "has no" : "has a"} backend id on orders`, async () => {
      const simulator = start({ generation });
      const order = simulator.world.addOrder({ type: "Create" });
      const got = await act(simulator, order.uuid, "set_backend_id", { backend_id: "x" });
      expect([got.status, order.backendId]).toEqual(old ? [404, ""] : [200, "x"]);
    });
  });
}

describe("the worker of a 2024 server", () => {
  const generation = "2024";

  async function approveUpdate(workerDelayMs: number) {
    const simulator = start({ generation, resources: 1, workerDelayMs });
    const [resource] = simulator.world.resources();
    const order = simulator.world.addOrder({
      type: "Update",
      resource: resource?.uuid ?? "",
      limits: { storage: 9 },
    });
    await act(simulator, order.uuid, "approve_by_provider");
    return { simulator, order };
  }

  test("errs an update order that was approved", async () => {
    const { simulator, order } = await approveUpdate(20);
    expect(order.state).toBe("executing");
    await simulator.workerIdle();
    expect(states(simulator, order)).toEqual(["erred", "OK"]);
    expect(order.errorMessage).toBe("Can't switch from state '5' using method 'schedule_updating'");
    expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(409);
  });

  test("errs it even when done got in first", async () => {
    const { simulator, order } = await approveUpdate(40);
    expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(200);
    await simulator.workerIdle();
    expect(order.state).toBe("erred");
    expect(limitsOf(simulator, order)).toEqual({ storage: 9 });
  });

  test("lets one update through when the allocation was set to ok", async () => {
    const simulator = start({ generation, workerDelayMs: 0 });
    const resource = simulator.world.addResource({ allocationReady: true });
    const order = simulator.world.addOrder({ type: "Update", resource, limits: { storage: 9 } });
    await act(simulator, order.uuid, "approve_by_provider");
    expect(states(simulator, order)).toEqual(["executing", "Updating"]);
    expect(resource.allocationReady).toBe(false);
  });

  test("takes back a backend id that was set before it was through", async () => {
    const simulator = start({ generation, workerDelayMs: 40 });
    const [fast, slow, early] = [1, 2, 3].map(() => simulator.world.addOrder({ type: "Create" }));
    if (fast === undefined || slow === undefined || early === undefined) throw new Error("no orders");
    const backendId = ({ resourceUuid }: SimOrder) => simulator.world.resource(resourceUuid ?? "").backendId;
    await act(simulator, fast.uuid, "approve_by_provider");
    expect((await setBackendId(simulator, fast, "fast")).status).toBe(200);
    await act(simulator, fast.uuid, "set_state_done");
    await setBackendId(simulator, early, "early");
    await act(simulator, early.uuid, "approve_by_provider");
    await act(simulator, slow.uuid, "approve_by_provider");
    const allocation = async () => {
      const { body } = await call(simulator, `marketplace-orders/${slow.uuid}/?field=resource_uuid`);
      return body;
    };
    expect(await allocation()).toEqual({ resource_uuid: null });
    await simulator.workerIdle();
    expect(await allocation()).not.toEqual({ resource_uuid: null });
    await setBackendId(simulator, slow, "slow");
    expect([fast, early, slow].map(backendId)).toEqual(["", "early", "slow"]);
  });

  test("when late, undoes what has ended", async () => {
    const simulator = start({ generation, resources: 2, faults: ["late-worker"] });
    const [first, second] = simulator.world.resources();
    const update = simulator.world.addOrder({
      type: "Update",
      resource: first?.uuid ?? "",
      limits: { storage: 9 },
    });
    const terminate = simulator.world.addOrder({ type: "Terminate", resource: second?.uuid ?? "" });
    for (const { uuid } of [update, terminate]) {
      await act(simulator, uuid, "approve_by_provider");
      expect((await act(simulator, uuid, "set_state_done")).status).toBe(200);
    }
    await simulator.workerIdle();
    expect(states(simulator, update)).toEqual(["erred", "OK"]);
    expect(limitsOf(simulator, update)).toEqual({ storage: 9 });
    expect(states(simulator, terminate)).toEqual(["done", "Terminating"]);
  });

  test("has nothing to do after set_state_executing", async () => {
    const simulator = start({ generation, workerDelayMs: 5 });
    const order = simulator.world.addOrder({ type: "Create" });
    await act(simulator, order.uuid, "set_state_executing");
    await setBackendId(simulator, order, "kept");
    await act(simulator, order.uuid, "set_state_done");
    await Bun.sleep(20);
    const { backendId, allocationUuid } = simulator.world.resource(order.resourceUuid ?? "");
    expect([backendId, allocationUuid]).toEqual(["kept", null]);
  });
});

describe("the worker of a current server", () => {
  const newOptions = (limits: unknown = {}) => ({ limits, attributes: { new_options: { b: 2 } } });

  test("ends an approved order that changes nothing but options", async () => {
    const simulator = start({ workerDelayMs: 20 });
    const resource = simulator.world.addResource({ options: { a: 1 } });
    const order = simulator.world.addOrder({ type: "Update", resource, ...newOptions() });
    await act(simulator, order.uuid, "approve_by_provider");
    expect([...states(simulator, order), resource.options]).toEqual(["executing", "Updating", { a: 1 }]);
    await simulator.workerIdle();
    expect([...states(simulator, order), resource.options]).toEqual(["done", "OK", { a: 1, b: 2 }]);
    expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(409);
  });

  test("is through when the approval returns, where it takes no time", async () => {
    const simulator = start({ workerDelayMs: 0 });
    const resource = simulator.world.addResource({ limits: { storage: 7 } });
    const order = simulator.world.addOrder({ type: "Update", resource, ...newOptions({ storage: 7 }) });
    await act(simulator, order.uuid, "approve_by_provider");
    expect(states(simulator, order)).toEqual(["done", "OK"]);
  });

  test("leaves alone what was set executing, what changes limits too, and what has ended", async () => {
    const simulator = start({ workerDelayMs: 10 });
    const add = (limits?: unknown) =>
      simulator.world.addOrder({
        type: "Update",
        resource: simulator.world.addResource(),
        ...newOptions(limits),
      });
    const [executing, mixed, erred] = [add(), add({ storage: 99 }), add()];
    await act(simulator, executing.uuid, "set_state_executing");
    await act(simulator, mixed.uuid, "approve_by_provider");
    await act(simulator, erred.uuid, "approve_by_provider");
    await act(simulator, erred.uuid, "set_state_erred", ERRED);
    await Bun.sleep(20);
    await simulator.workerIdle();
    expect([executing, mixed, erred].map(({ state }) => state)).toEqual(["executing", "executing", "erred"]);
  });
});

describe("a consumer", () => {
  const place = (simulator: Simulator, more: Record<string, unknown> = {}) => {
    const offering = `${simulator.url}marketplace-public-offerings/${simulator.offeringUuid}/`;
    return call(simulator, "marketplace-orders/", {
      method: "POST",
      token: simulator.consumerToken,
      body: {
        offering,
        project: `${simulator.url}projects/${simulator.projectUuid}/`,
        plan: `${offering}plans/${simulator.world.offering.planUuid}/`,
        attributes: { name: "fresh", permissions: "770" },
        limits: { storage: "12" },
        type: "Create",
        ...more,
      },
    });
  };

  test("orders a resource, which is there at once", async () => {
    const simulator = start();
    const got = await place(simulator);
    expect(got).toMatchObject({ status: 201, body: { state: "pending-provider", limits: { storage: 12 } } });
    const [order] = simulator.world.orders;
    const resource = simulator.world.resource(order?.resourceUuid ?? "");
    expect(resource).toMatchObject({
      name: "fresh",
      state: "Creating",
      limits: { storage: 12 },
      slug: "fresh",
    });
  });

  test("is answered with what is wrong with an order", async () => {
    const simulator = start();
    const wrong = async (more: Record<string, unknown>) => {
      const { status, body } = await place(simulator, more);
      return [status, body];
    };
    expect(await wrong({ limits: { storage: 0.5 } })).toEqual([
      400,
      { limits: { storage: ["A valid integer is required."] } },
    ]);
    expect(await wrong({ limits: { nope: 1 } })).toEqual([400, { limits: ["Invalid types: nope"] }]);
    expect(await wrong({ attributes: undefined })).toEqual([400, { non_field_errors: ["No data provided"] }]);
    expect(await wrong({ plan: undefined })).toEqual([
      400,
      { plan: ["Plan is required when creating resources."] },
    ]);
    expect(await wrong({ project: "x" })).toEqual([
      400,
      { project: ["Invalid hyperlink - Object does not exist."] },
    ]);
    expect(simulator.world.orders).toEqual([]);
  });

  test("may name the day on which an order begins", async () => {
    const simulator = start();
    await place(simulator, { start_date: "2999-01-01" });
    const order = simulator.world.orders[0];
    const path = `marketplace-orders/${order?.uuid}/`;
    await call(simulator, `${path}approve_by_provider/`, { method: "POST" });
    const got = await call(simulator, `${path}?field=state&field=start_date`);
    expect(got.body).toEqual({ state: "pending-start-date", start_date: "2999-01-01" });
  });

  test("orders new options, on a newer server", async () => {
    const ask = (simulator: Simulator, body: unknown) => {
      const { uuid } = simulator.world.addResource({ options: { a: 1 } });
      const path = `marketplace-resources/${uuid}/update_options/`;
      return call(simulator, path, { method: "POST", body, token: simulator.consumerToken });
    };
    const simulator = start();
    expect((await ask(simulator, {})).status).toBe(400);
    expect((await ask(simulator, { options: { b: 2 } })).status).toBe(200);
    const order = simulator.world.orders[0];
    expect(order).toMatchObject({ limits: {}, attributes: { old_options: { a: 1 }, new_options: { b: 2 } } });
    const got = await call(simulator, `marketplace-orders/${order?.uuid}/?field=order_subtype`);
    expect(got.body).toEqual({ order_subtype: "update_options" });
    expect((await ask(start({ generation: "2024" }), { options: {} })).status).toBe(404);
  });

  test("gets 500 for huge limits, yet order and resource exist", async () => {
    const simulator = start();
    expect((await place(simulator, { limits: { storage: 1e18 } })).status).toBe(500);
    expect(simulator.world.orders).toHaveLength(1);
  });

  test("may order without a plan, and negative limits, on an old server", async () => {
    const simulator = start({ generation: "2024" });
    expect((await place(simulator, { plan: undefined, limits: { storage: -1 } })).status).toBe(201);
    expect(simulator.world.orders).toMatchObject([{ hasPlan: false, limits: { storage: -1 } }]);
  });

  test("takes a pending order back; its resource stays in Creating", async () => {
    const simulator = start();
    await place(simulator);
    const order = simulator.world.orders[0];
    if (order === undefined) throw new Error("no order");
    const path = `marketplace-orders/${order.uuid}/`;
    expect((await call(simulator, path, { method: "DELETE" })).status).toBe(403);
    const token = simulator.consumerToken;
    expect((await call(simulator, path, { method: "DELETE", token })).status).toBe(204);
    expect((await call(simulator, path)).status).toBe(404);
    expect(simulator.world.resource(order.resourceUuid ?? "").state).toBe("Creating");
  });

  test("changes limits and terminates through orders, one at a time", async () => {
    const simulator = start({ generation: "2024" });
    const { uuid } = simulator.world.addResource();
    const token = simulator.consumerToken;
    const post = async (action: string, body: unknown = {}) => {
      const path = `marketplace-resources/${uuid}/${action}/`;
      return (await call(simulator, path, { method: "POST", token, body })).body;
    };
    expect(await post("update_limits", { limits: { storage: 10 } })).toEqual([
      "Impossible to create update orders with limits set to exactly the same.",
    ]);
    expect(await post("update_limits", { limits: { storage: -1 } })).toEqual({
      limits: { storage: ["Ensure this value is greater than or equal to 0."] },
    });
    expect(await post("update_limits", { limits: { storage: 11 } })).toEqual({
      order_uuid: simulator.world.orders[0]?.uuid,
    });
    expect(await post("terminate")).toEqual(["Pending order for resource already exists."]);
    simulator.world.resource(uuid).state = "Terminated";
    expect(await post("terminate")).toEqual({ detail: "Valid states for operation: OK, Erred." });
  });
});
