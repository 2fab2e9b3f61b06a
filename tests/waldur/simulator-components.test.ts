// Components in the simulated Waldur, on both generations: which fields there are, what is refused and with which
// answer.

import { describe, expect, test } from "bun:test";
import type { Simulator } from "../../lib/simulator/server.ts";
import { call, type Got, start } from "./simulator-calls.ts";

const NEW = { type: "inodes", name: "Inodes", billing_type: "limit" };

function act(simulator: Simulator, step: string, body: unknown, token?: string): Promise<Got> {
  const path = `marketplace-provider-offerings/${simulator.offeringUuid}/${step}_offering_component/`;
  return call(simulator, path, { method: "POST", body, ...(token && { token }) });
}

async function componentsOf(simulator: Simulator): Promise<Record<string, unknown>[]> {
  const path = `marketplace-provider-offerings/${simulator.offeringUuid}/?field=components`;
  const { body } = await call(simulator, path);
  if (typeof body !== "object" || body === null || !("components" in body)) throw new Error("no components");
  if (!Array.isArray(body.components)) throw new Error("no list of components");
  return body.components;
}

describe.each(["2024", "current"] as const)("a server of %s", (generation) => {
  const isNewer = generation === "current";

  test("has the fields of its generation", async () => {
    const [storage = {}] = await componentsOf(start({ generation }));
    expect("limit_decimal_places" in storage).toBe(isNewer);
    expect("is_prepaid" in storage).toBe(isNewer);
    expect(storage).toMatchObject({ type: "storage", billing_type: "limit", limit_amount: null });
  });

  test("answers a type that exists already as the server does", async () => {
    const simulator = start({ generation });
    expect((await act(simulator, "create", NEW)).status).toBe(201);
    const again = await act(simulator, "create", NEW);
    expect(again.status).toBe(isNewer ? 400 : 500);
    if (isNewer) expect(again.body).toEqual(["Component inodes already exists."]);
    else expect(again.type).toStartWith("text/html");
    expect(await componentsOf(simulator)).toHaveLength(2);
  });

  test("ignores what it does not know, and wipes what null names", async () => {
    const simulator = start({ generation });
    const [{ uuid } = { uuid: "" }] = simulator.world.offering.components;
    const sent = { uuid, limit_amount: 5, limit_decimal_places: 1, nonsense: 3 };
    expect((await act(simulator, "update", sent)).status).toBe(200);
    const [storage = {}] = await componentsOf(simulator);
    expect(storage.limit_amount).toBe(5);
    expect(storage.limit_decimal_places).toBe(isNewer ? 1 : undefined);
    expect(storage).not.toHaveProperty("nonsense");
    await act(simulator, "update", { uuid, limit_amount: null });
    expect((await componentsOf(simulator))[0]?.limit_amount).toBeNull();
  });

  test("settles the amounts of a yes-or-no component itself", async () => {
    const simulator = start({ generation });
    await act(simulator, "create", { ...NEW, is_boolean: true, min_value: 5 });
    expect((await componentsOf(simulator))[1]).toMatchObject({ min_value: 0, max_value: 1 });
  });

  test.each([
    [{ limit_amount: 0.5 }, isNewer ? 201 : 400],
    [{ limit_amount: 0.125 }, 400],
    [{ limit_amount: "many" }, 400],
    [{ limit_decimal_places: 3 }, isNewer ? 400 : 201],
    [{ limit_decimal_places: 0.5 }, isNewer ? 400 : 201],
    [{ limit_decimal_places: -1 }, isNewer ? 400 : 201],
    [{ limit_period: "week" }, 400],
    [{ name: "" }, 400],
    [{ name: null }, 400],
    [{ measured_unit: "x".repeat(31) }, 400],
    [{ min_prepaid_duration: 3 }, isNewer ? 400 : 201],
    [{ min_prepaid_duration: 3, is_prepaid: true }, 201],
  ])("answers %j", async (fields, status) => {
    expect((await act(start({ generation }), "create", { ...NEW, ...fields })).status).toBe(status);
  });

  test("refuses changes of an archived offering, by a user without the right, and of others", async () => {
    const simulator = start({ generation });
    const { offering } = simulator.world;
    expect((await act(simulator, "create", NEW, simulator.consumerToken)).status).toBe(404);
    offering.state = "Archived";
    const archived = await act(simulator, "create", NEW);
    expect([archived.status, archived.body]).toEqual([
      400,
      ["It is not possible to update archived offering."],
    ]);
    offering.ownerMayChangeComponents = false;
    expect((await act(simulator, "create", NEW)).status).toBe(403);
    expect((await act(simulator, "create", NEW, simulator.staffToken)).status).toBe(400);
  });
});

test("a period that is null stays on a newer server", async () => {
  const simulator = start({ generation: "current" });
  const [{ uuid } = { uuid: "" }] = simulator.world.offering.components;
  await act(simulator, "update", { uuid, limit_period: "total" });
  await act(simulator, "update", { uuid, limit_period: null });
  expect((await componentsOf(simulator))[0]?.limit_period).toBe("total");
});
