// Sizes that a stranger may choose: however large or many the orders are that cannot be handled, the others are
// (docs/contract.md, "Orders").

import { describe, expect, test } from "bun:test";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { GENERATIONS, openOrders, place, the } from "./orders-stage.ts";

const MIB = 1024 * 1024;
const text = (mib: number) => "x".repeat(mib * MIB);

function addNote(order: SimOrder, note: unknown): void {
  order.attributes = Object.assign({}, order.attributes, { note });
}

/** Lists in lists, one for each level. */
function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    test("10 orders of 2 MB each and a small one are all handled, in both kinds of runs", async () => {
      await using stage = await openOrders({ generation });
      const orders = Array.from({ length: 10 }, (_, n) => place(stage, "Create", `large-${n}`));
      for (const order of orders) addNote(order, text(2));
      orders.push(place(stage, "Create", "honest"));
      const dry = await stage.pass({ dryRun: true });
      expect([dry.code, dry.outcomes]).toEqual([0, orders.map(() => "done")]);
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes]).toEqual([0, orders.map(() => "done")]);
      expect(orders.map(({ state }) => state)).toEqual(orders.map(() => "done"));
    }, 30_000);

    for (const [name, note, words] of [
      ["5 MB of attributes", text(5), "is larger than 4 MiB"],
      ["300 levels of attributes", nested(300), "is nested more than 128 levels deep"],
    ] as const) {
      test(`an order with ${name} is a problem, and holds back those of its resource only`, async () => {
        await using stage = await openOrders({ generation });
        const large = place(stage, "Update", "large");
        addNote(large, note);
        const behind = stage.world.addOrder({ type: "Terminate", resource: stage.resourceOf(large) });
        const honest = place(stage, "Create", "honest");
        const ran = await stage.pass();
        expect([ran.code, ran.outcomes]).toEqual([10, ["waiting", "done"]]);
        expect(ran.report.problems).toMatchObject([
          { code: "bad-answer", order: large.uuid, resource: large.resourceUuid, field: "(row)" },
        ]);
        expect(ran.report.problems[0]?.message).toBe(
          `Waldur's answer about order ${large.uuid} is unusable: (row) ${words}; it stays as it is`,
        );
        expect([large.state, behind.state, honest.state]).toEqual([
          "pending-provider",
          "pending-provider",
          "done",
        ]);
      });
    }

    test("an order whose resource is too large is left, the next one is not", async () => {
      await using stage = await openOrders({ generation });
      const large = place(stage, "Update", "large");
      stage.resourceOf(large).attributes = { note: text(5) };
      const honest = place(stage, "Create", "honest");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, honest.state]).toEqual([10, ["failed", "done"], "done"]);
      expect(ran.report.problems).toMatchObject([
        { code: "too-large", order: large.uuid, resource: large.resourceUuid },
      ]);
    });
  });
}

test("an order that is no longer open when its turn comes is left to the next pass", async () => {
  await using stage = await openOrders();
  const orders = Array.from({ length: 6 }, (_, n) => place(stage, "Create", `large-${n}`));
  for (const order of orders) addNote(order, text(2));
  const last = the(orders.at(-1));
  stage.once("order", () => {
    last.state = "canceled";
  });
  const ran = await stage.pass();
  expect([ran.code, ran.outcomes]).toEqual([0, ["done", "done", "done", "done", "done", "waiting"]]);
  expect(stage.filesOf(last)).toEqual([]);
});

test("orders that cannot be mapped keep a good one waiting for a few passes at most, however little time there is", async () => {
  await using stage = await openOrders({ latencyMs: 2 });
  const BAD = 400;
  for (let n = 0; n < BAD; n++) {
    const order = place(stage, "Update", `bad-${n}`);
    stage.resourceOf(order).slug = "..";
  }
  const good = place(stage, "Create", "good");
  const looked: number[] = [];
  while (good.state !== "done" && looked.length < 8) {
    const ran = await stage.pass({ deadlineMs: 700 });
    looked.push(ran.steps.filter((step) => step === "resource").length);
  }
  // The deadline ends each pass before it has seen all of them.
  expect(Math.max(...looked)).toBeLessThan(BAD);
  expect([good.state, looked.length < 8]).toEqual(["done", true]);
}, 30_000);

test("500 orders that cannot be mapped do not stop a good one after them", async () => {
  await using stage = await openOrders();
  for (let n = 0; n < 500; n++) place(stage, "Create", `bad-${n}`).limits = { storage: -1 };
  const good = place(stage, "Create", "good");
  const ran = await stage.pass();
  expect([ran.code, ran.problems.length, good.state]).toEqual([10, 500, "done"]);
  const lines = ran.lines.filter((line) => line.includes("code=bad-limit"));
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toMatch(/warn and 400 more; `--json` lists all code=bad-limit offering=\w+$/);
}, 60_000);
