// Accepting an order: by which call, only on fresh word that it is pending with the provider, and what is done when it
// does not obey (docs/contract.md, "Orders", steps 5 and 6; docs/waldur.md, "Orders").

import { describe, expect, test } from "bun:test";
import { GENERATIONS, openOrders, place, TYPES } from "./orders-stage.ts";

const EXECUTE = "set_state_executing";
const APPROVE = "approve_by_provider";

describe("acceptance", () => {
  for (const [completion, call] of [
    ["on-publish", EXECUTE],
    ["external", APPROVE],
  ] as const) {
    test(`approve sends ${call} for a Terminate order to a 2024 server under completion: ${completion}`, async () => {
      const settings = { acceptance: "approve", completion };
      await using stage = await openOrders({ generation: "2024", settings, workerDelayMs: 0 });
      const order = place(stage, "Terminate");
      const dry = await stage.pass({ dryRun: true });
      expect(dry.report.orders[0]?.calls[0]?.path.split("/").at(-2)).toBe(call);
      const ran = await stage.pass();
      expect(ran.steps.filter((step) => step === APPROVE || step === EXECUTE)).toEqual([call]);
      expect([ran.code, order.state]).toEqual([0, completion === "external" ? "executing" : "done"]);
    });
  }

  for (const [acceptance, generation, call] of [
    ["auto", "current", APPROVE],
    ["auto", "2024", EXECUTE],
    ["approve", "current", APPROVE],
    ["approve", "2024", APPROVE],
    ["execute", "current", EXECUTE],
    ["execute", "2024", EXECUTE],
  ] as const) {
    test(`${acceptance} sends ${call} to a ${generation} server`, async () => {
      await using stage = await openOrders({ generation, settings: { acceptance }, workerDelayMs: 0 });
      const order = place(stage, "Create");
      const ran = await stage.pass();
      expect(ran.steps.filter((step) => step === APPROVE || step === EXECUTE)).toEqual([call]);
      const waits = generation === "2024" && acceptance === "approve";
      expect([ran.code, ran.outcomes]).toEqual([0, [waits ? "waiting" : "done"]]);
      expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    });
  }
});

for (const generation of GENERATIONS) {
  const accept = generation === "2024" ? EXECUTE : APPROVE;

  describe(`a ${generation} server`, () => {
    test("no request comes between the read that says pending-provider and the acceptance", async () => {
      await using stage = await openOrders({ generation });
      for (const type of TYPES) for (const n of [1, 2]) place(stage, type, `${type}${n}`);
      const { requests, steps } = await stage.pass();
      const accepts = steps.flatMap((step, index) => (step === accept ? [index] : []));
      expect(accepts).toHaveLength(6);
      for (const index of accepts) {
        expect(steps[index - 1]).toBe("order");
        expect(requests[index]?.path).toBe(`${requests[index - 1]?.path}${accept}/`);
      }
    });

    test("publishes the file of an order that became done after it was listed, and sends nothing", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Update");
      stage.once("order", () => {
        order.state = "done";
      });
      const ran = await stage.pass();
      expect(stage.requestsOf("POST")).toEqual([]);
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
      expect([stage.filesOf(order).length, stage.receipts("open"), stage.receipts("closed")]).toEqual([
        1, 0, 1,
      ]);
    });

    for (const state of ["erred", "pending-consumer", "canceled", "rejected"]) {
      test(`leaves an order alone that became ${state} after it was listed`, async () => {
        await using stage = await openOrders({ generation });
        const order = place(stage, "Create");
        stage.once("order", () => {
          order.state = state;
        });
        const ran = await stage.pass();
        expect(stage.requestsOf("POST")).toEqual([]);
        expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["failed"], ["order-ended"]]);
        expect([order.state, stage.filesOf(order)]).toEqual([state, []]);
      });
    }

    test("continues when another agent accepted it between the list and the second read", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Update");
      stage.once("order", () => {
        order.state = "executing";
      });
      const ran = await stage.pass();
      expect(ran.steps).not.toContain(accept);
      expect([ran.code, order.state]).toEqual([0, "done"]);
    });

    test("reads again after a 409, and continues if the order is executing", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      // The other hand is faster than our POST; the server refuses ours.
      stage.once(accept, () => {
        order.state = "executing";
      });
      const ran = await stage.pass();
      expect(ran.requests.find(({ path }) => path.includes(accept))?.status).toBe(409);
      expect([ran.code, order.state, stage.filesOf(order).length]).toEqual([0, "done", 1]);
    });

    test("leaves an order that a 409 keeps pending, and takes it in the next run", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      stage.simulator.setFaults([`409@${accept}*1`]);
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["no-effect"]]);
      expect([order.state, stage.filesOf(order)]).toEqual(["pending-provider", []]);
      expect((await stage.pass()).code).toBe(0);
      expect(order.state).toBe("done");
    });

    test("reports an order that errs by itself, and does not revive it, now or later", async () => {
      await using stage = await openOrders({ generation, faults: ["erred-after-approve"] });
      const order = place(stage, "Update");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["failed"], ["order-ended"]]);
      expect(stage.requestsOf("POST")).toHaveLength(1);
      const again = await stage.pass();
      expect([again.code, again.steps]).toEqual([0, ["offering", "list"]]);
      expect([order.state, stage.filesOf(order)]).toEqual(["erred", []]);
    });

    test("continues when the answer to the acceptance was lost", async () => {
      await using stage = await openOrders({ generation, faults: [`drop-after-apply@${accept}`] });
      const order = place(stage, "Create");
      const ran = await stage.pass();
      expect([ran.code, ran.steps.filter((step) => step === accept).length]).toEqual([0, 1]);
      expect(order.state).toBe("done");
    });

    test("maps an order again whose limits changed after it was listed", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Update");
      stage.once("order", () => {
        order.limits = { storage: 30 };
      });
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, stage.requestsOf("POST")]).toEqual([0, ["waiting"], []]);
      await stage.pass();
      expect(order.state).toBe("done");
      expect(stage.entryOf(order).newQuotas?.[0]?.quota).toBe(30);
    });
  });
}

describe("an order that begins on its start date", () => {
  const before = { now: () => new Date("2026-03-01T12:00:00Z") };

  async function keptBack() {
    const stage = await openOrders({ now: before.now });
    const order = stage.world.addOrder({ type: "Create", name: "later", startDate: "2026-03-09" });
    return { stage, order };
  }

  test("waits, accepted, without a file and without a problem, with its receipt open", async () => {
    const { stage, order } = await keptBack();
    await using _ = stage;
    const ran = await stage.pass(before);
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["waiting"], []]);
    expect(ran.report.orders[0]?.state).toBe("pending-start-date");
    expect([order.state, stage.filesOf(order)]).toEqual(["pending-start-date", []]);
    expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([1, 0]);
  });

  test("keeps its receipt while it is not listed, and is published once it has begun", async () => {
    const { stage, order } = await keptBack();
    await using _ = stage;
    await stage.pass(before);
    const idle = await stage.pass(before);
    expect([idle.code, idle.outcomes, idle.problems]).toEqual([0, [], []]);
    expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([1, 0]);
    order.state = "executing";
    const ran = await stage.pass(before);
    expect([ran.code, ran.outcomes, order.state]).toEqual([0, ["done"], "done"]);
    expect([stage.filesOf(order).length, stage.receipts("open")]).toEqual([1, 0]);
  });

  test("waits as well when another agent accepted it after it was listed", async () => {
    const { stage, order } = await keptBack();
    await using _ = stage;
    stage.once("order", () => {
      order.state = "pending-start-date";
    });
    const ran = await stage.pass(before);
    expect([ran.code, ran.outcomes, stage.requestsOf("POST")]).toEqual([0, ["waiting"], []]);
    expect(stage.receipts("open")).toBe(1);
  });

  test("that its consumer takes back is reported, and its receipt closed", async () => {
    const { stage, order } = await keptBack();
    await using _ = stage;
    await stage.pass(before);
    order.state = "canceled";
    const ran = await stage.pass(before);
    expect([ran.code, ran.problems, stage.receipts("open")]).toEqual([10, ["order-ended"], 0]);
  });
});

test("reports an acceptance without effect", async () => {
  await using stage = await openOrders({ generation: "2024", faults: ["executing-without-effect"] });
  const order = place(stage, "Create");
  const ran = await stage.pass();
  expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["no-effect"]]);
  expect([order.state, stage.filesOf(order)]).toEqual(["pending-provider", []]);
});

describe("an order that another agent approved on a 2024 server", () => {
  const REVIEWED = Date.parse("2026-03-01T12:00:00Z");
  const minutesLater = (minutes: number) => ({ now: () => new Date(REVIEWED + minutes * 60_000) });

  /** As the worker finds it: executing, reviewed, and the worker not through. */
  async function approved(type: (typeof TYPES)[number]) {
    const stage = await openOrders({ generation: "2024" });
    const order = place(stage, type);
    order.state = "executing";
    order.providerReviewedAt = new Date(REVIEWED).toISOString();
    return { stage, order, resource: stage.resourceOf(order) };
  }

  test("waits with a Terminate order for as long as the worker takes", async () => {
    const { stage, order, resource } = await approved("Terminate");
    await using _ = stage;
    for (const minutes of [9.9, 10, 60 * 24 * 365]) {
      const ran = await stage.pass(minutesLater(minutes));
      expect([ran.code, ran.outcomes, stage.requestsOf("POST")]).toEqual([0, ["waiting"], []]);
    }
    resource.state = "Terminating";
    await stage.pass(minutesLater(60 * 24 * 365));
    expect([order.state, stage.filesOf(order).length]).toEqual(["done", 1]);
  });

  for (const type of ["Create", "Update"] as const) {
    test(`waits with a ${type} order until 10 minutes have gone by`, async () => {
      const { stage, order } = await approved(type);
      await using _ = stage;
      const ran = await stage.pass(minutesLater(9.9));
      expect([ran.code, ran.outcomes, stage.requestsOf("POST")]).toEqual([0, ["waiting"], []]);
      expect([order.state, stage.filesOf(order)]).toEqual(["executing", []]);
      await stage.pass(minutesLater(10));
      expect([order.state, stage.filesOf(order).length]).toEqual(["done", 1]);
    });
  }

  for (const type of TYPES) {
    test(`continues with a ${type} order as soon as the worker has finished`, async () => {
      const { stage, order, resource } = await approved(type);
      await using _ = stage;
      if (type === "Create") resource.allocationUuid = "5".repeat(32);
      else resource.state = type === "Update" ? "Updating" : "Terminating";
      const ran = await stage.pass(minutesLater(0.1));
      expect([ran.code, ran.outcomes, order.state]).toEqual([0, ["done"], "done"]);
    });

    test(`a dry run says that a ${type} order waits`, async () => {
      const { stage } = await approved(type);
      await using _ = stage;
      const { report } = await stage.pass({ ...minutesLater(1), dryRun: true });
      expect(report.orders).toMatchObject([{ outcome: "waiting", calls: [] }]);
    });
  }

  test("is not kept waiting by a clock that is behind the server's for longer than until it catches up", async () => {
    const { stage, order } = await approved("Create");
    await using _ = stage;
    expect((await stage.pass(minutesLater(-30))).outcomes).toEqual(["waiting"]);
    await stage.pass(minutesLater(11));
    expect(order.state).toBe("done");
  });

  test("does not wait if it was not reviewed, as after set_state_executing", async () => {
    const { stage, order } = await approved("Create");
    await using _ = stage;
    order.providerReviewedAt = null;
    await stage.pass(minutesLater(0));
    expect(order.state).toBe("done");
  });
});

test("an order that was approved on a current server does not wait", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create");
  order.state = "executing";
  order.providerReviewedAt = new Date().toISOString();
  await stage.pass();
  expect(order.state).toBe("done");
});

// A Terminate order is approved there only under `external`.
for (const type of ["Create", "Update"] as const) {
  test(`acceptance: approve on a 2024 server waits with a ${type} order after the call, in a dry run too`, async () => {
    await using stage = await openOrders({
      generation: "2024",
      settings: { acceptance: "approve" },
      workerDelayMs: 60_000,
    });
    place(stage, type);
    const dry = await stage.pass({ dryRun: true });
    const ran = await stage.pass();
    expect([ran.outcomes, ran.report.files]).toEqual([["waiting"], []]);
    expect([dry.outcomes, dry.report.files, dry.report.orders[0]?.calls]).toEqual([
      ["waiting"],
      [],
      ran.report.orders[0]?.calls,
    ]);
  });
}

test("acceptance: approve on a 2024 server waits for the worker, and keeps the backend id", async () => {
  const settings = { acceptance: "approve" };
  await using stage = await openOrders({ generation: "2024", settings, workerDelayMs: 30 });
  const order = place(stage, "Create");
  const ran = await stage.pass();
  expect([ran.outcomes, stage.filesOf(order)]).toEqual([["waiting"], []]);
  await stage.simulator.workerIdle();
  await stage.pass();
  expect([order.state, stage.resourceOf(order).backendId]).toEqual(["done", stage.resourceOf(order).slug]);
});

test.each(["", "yesterday"])("with a date of review of %j the order does not wait", async (date) => {
  await using stage = await openOrders({ generation: "2024" });
  const order = place(stage, "Create");
  order.state = "executing";
  order.providerReviewedAt = date;
  const ran = await stage.pass();
  expect([ran.outcomes, order.state]).toEqual([["done"], "done"]);
});

test.each([
  ["attributes", { attributes: { permissions: "700" } }],
  ["limits", { limits: { storage: 7 } }],
  ["type", { type: "Update" }],
])("an order whose %s changed after the list was read is left for the next run", async (_, change) => {
  await using stage = await openOrders();
  const order = place(stage, "Create");
  stage.once("order", () => Object.assign(order, change));
  const ran = await stage.pass();
  expect([ran.outcomes, stage.requestsOf("POST"), stage.filesOf(order)]).toEqual([["waiting"], [], []]);
});

test("an answer about another order accepts nothing, publishes nothing, and is reported", async () => {
  await using stage = await openOrders();
  const [order, other] = [place(stage, "Create", "one"), place(stage, "Create", "two")];
  stage.once("order", () => {
    order.wire.uuid = other.uuid;
  });
  const ran = await stage.pass();
  expect([ran.outcomes, order.state, stage.filesOf(order)]).toEqual([
    ["failed", "done"],
    "pending-provider",
    [],
  ]);
  expect(ran.report.problems).toMatchObject([
    { order: order.uuid, message: expect.stringContaining(`answered with another order, ${other.uuid}`) },
  ]);
});
