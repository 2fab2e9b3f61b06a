// `completion: on-ack`: the provisioner answers with a file, and the next pass ends the order (docs/contract.md, "Answers").

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { GENERATIONS, openOrders, place, TYPES, the } from "./orders-stage.ts";

const onAck = { settings: { completion: "on-ack" } };

type Stage = Awaited<ReturnType<typeof openOrders>>;

function answer({ out }: Stage, { uuid }: { uuid: string }, ack: unknown): void {
  mkdirSync(join(out, "acks"), { recursive: true });
  writeFileSync(join(out, "acks", `${uuid}.json`), typeof ack === "string" ? ack : JSON.stringify(ack));
}

function acksOf({ out }: Stage, folder: "." | "processed" | "rejected"): string[] {
  try {
    return readdirSync(join(out, "acks", folder)).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    for (const type of TYPES) {
      test(`a ${type} order is executing until the provisioner answers, and then done`, async () => {
        await using stage = await openOrders({ generation, ...onAck });
        const order = place(stage, type);
        const first = await stage.pass();
        expect([first.code, first.outcomes, order.state]).toEqual([0, ["published"], "executing"]);
        const idle = await stage.pass();
        expect([idle.outcomes, idle.steps]).toEqual([["published"], ["offering", "list"]]);
        answer(stage, order, { result: "done" });
        const last = await stage.pass();
        expect([last.code, last.outcomes, last.problems, order.state]).toEqual([0, ["done"], [], "done"]);
        expect([acksOf(stage, "."), acksOf(stage, "processed").length]).toEqual([[], 1]);
        expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
        expect((await stage.pass()).steps).toEqual(["offering", "list"]);
      });
    }

    test("an answer that it failed sets the order erred, right after a read that says executing", async () => {
      await using stage = await openOrders({ generation, ...onAck, mayErr: true });
      const order = place(stage, "Create");
      await stage.pass();
      answer(stage, order, { result: "erred", message: "the disk\nis full\u0007" });
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, order.state, order.errorMessage]).toEqual([
        0,
        ["erred"],
        "erred",
        "the disk is full",
      ]);
      expect(ran.steps.slice(2)).toEqual(["order", "set_state_erred", "order"]);
    });
  });
}

test("the backend id is the one that the provisioner answers, else the configured one", async () => {
  await using stage = await openOrders({ ...onAck });
  const [own, other] = [place(stage, "Create", "home-a"), place(stage, "Create", "home-b")];
  await stage.pass();
  answer(stage, own, { result: "done", backendId: "fs-42" });
  answer(stage, other, { result: "done" });
  await stage.pass();
  expect(stage.resourceOf(own).backendId).toBe("fs-42");
  expect(stage.resourceOf(other).backendId).toBe(the(stage.resourceOf(other).slug));
});
