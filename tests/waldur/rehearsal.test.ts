// The simulated Waldur that is kept up: its faults are switched by requests, and orders arrive by themselves.

import { describe, expect, test } from "bun:test";
import { createArrivals } from "../../lib/simulator/arrivals.ts";
import { start } from "./simulator-calls.ts";

describe("faults that are switched while it serves", () => {
  test("are on from then on, listed, and off again", async () => {
    const { origin, url, providerToken } = start({ resources: 3, isControlled: true });
    const status = async () => {
      const answer = await fetch(`${url}marketplace-orders/`, {
        headers: { Authorization: `Token ${providerToken}` },
      });
      return answer.status;
    };
    const post = (body: string) => fetch(`${origin}/faults`, { method: "POST", body });
    expect(await status()).toBe(200);
    expect(await (await post("503@marketplace-orders 401@resources")).text()).toBe(
      "on: 503@marketplace-orders 401@resources\n",
    );
    expect(await status()).toBe(503);
    const listed = await (await fetch(`${origin}/faults`)).text();
    expect(listed).toStartWith("on: 503@marketplace-orders 401@resources\n");
    expect(listed).toContain(
      "  lost-backend-id           set_backend_id is answered with 200 and does nothing\n",
    );
    expect(await (await post("")).text()).toBe("no fault is on\n");
    expect(await status()).toBe(200);
  });

  test("stay as they are when one is unknown, which is answered with the names", async () => {
    const { origin } = start({ faults: ["503"], isControlled: true });
    const answer = await fetch(`${origin}/faults`, { method: "POST", body: "5OO" });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('unknown fault "5OO"; known are a status such as 503');
    expect(await (await fetch(`${origin}/faults`)).text()).toStartWith("on: 503\n");
  });

  test("cannot be switched on if that was not requested", async () => {
    const { origin } = start({});
    expect((await fetch(`${origin}/faults`)).status).toBe(404);
  });
});

test.each(["current", "2024"] as const)(
  "orders that arrive create, change and end what they created (%s)",
  (generation) => {
    const { world } = start({ generation, resources: 5 });
    const place = createArrivals(world);
    const types = Array.from({ length: 8 }, () => {
      const order = place();
      world.setOrderState(order.uuid, "executing");
      const resource = world.resource(order.resourceUuid ?? "");
      expect(resource.name).toStartWith("arrived-");
      world.setOrderState(order.uuid, "done");
      world.resource(resource.uuid).state = order.type === "Terminate" ? "Terminated" : "OK";
      return order.type;
    });
    expect(types).toEqual([
      "Create",
      "Update",
      "Create",
      "Terminate",
      "Create",
      "Update",
      "Create",
      "Terminate",
    ]);
  },
);

test("orders that arrive while none is handled are new ones", () => {
  const { world } = start({});
  const place = createArrivals(world);
  expect([place().type, place().type, place().type, place().type]).toEqual([
    "Create",
    "Create",
    "Create",
    "Create",
  ]);
});
