// Answers and orders that come back: an order that is set executing after its end, or that Waldur did not show for a
// while, acks that are where they were because nothing can be put away, and a dry run of all that (docs/contract.md,
// "Answers").

import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { type Acking, ackPath, openAcking, receiptOf } from "./acks-stage.ts";
import { place } from "./orders-stage.ts";

const NO = { result: "erred", message: "no" };

async function published(stage: Acking, type: "Create" | "Update" = "Create") {
  const order = place(stage, type);
  await stage.pass();
  return order;
}

/** What has the names of the folders lets nothing be moved, for root as well. */
function forbidMoves({ acks }: Acking): void {
  for (const folder of ["processed", "rejected"]) writeFileSync(join(acks, folder), "");
}

describe("an order that was erred and is executing again", () => {
  test("is not erred once more by the same ack, which could not be put away", async () => {
    await using stage = await openAcking();
    const order = await published(stage, "Update");
    forbidMoves(stage);
    stage.answer(order, NO);
    await stage.pass();
    expect([order.state, stage.acksIn(".").length]).toEqual(["erred", 1]);
    order.state = "executing";
    const again = await stage.pass();
    expect([again.code, again.outcomes, again.steps]).toEqual([0, ["published"], ["offering", "list"]]);
    await Bun.sleep(5);
    stage.answer(order, { result: "done" });
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("waits for an answer from then on", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, NO);
    await stage.pass();
    order.state = "executing";
    const now = new Date(Date.now() + 60_000);
    const again = await stage.pass({ now: () => now });
    expect(again.report.offerings[0]?.unanswered).toEqual({ count: 1, oldest: now.toISOString() });
    expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([1, 0]);
  });
});

test("an order that was erred and is executing again is done by a program that ends orders itself by then", async () => {
  await using stage = await openAcking();
  const order = await published(stage, "Update");
  stage.answer(order, NO);
  await stage.pass();
  order.state = "executing";
  stage.setCompletion("on-publish");
  const ran = await stage.pass();
  expect([ran.outcomes, order.state]).toEqual([["done"], "done"]);
});

test("those without an answer are the published ones, and the oldest is the one that waits longest", async () => {
  await using stage = await openAcking();
  const [first, second] = [place(stage, "Create", "a"), place(stage, "Create", "b")];
  await stage.pass();
  const since = receiptOf(stage, second).awaitedSince;
  stage.answer(first, NO);
  await stage.pass();
  first.state = "executing";
  place(stage, "Create", "bad").limits = { storage: -1 };
  await stage.pass({ now: () => new Date(Date.now() + 60_000) });
  const ran = await stage.pass({ now: () => new Date(Date.now() + 61_000) });
  expect(ran.outcomes.toSorted()).toEqual(["left", "published", "published"]);
  expect(ran.report.offerings[0]?.unanswered).toEqual({ count: 2, oldest: since });
});

describe("an answered order that Waldur did not show for a while", () => {
  for (const completion of ["on-ack", "external"]) {
    test(`is ended as it was answered, with ${completion} by then`, async () => {
      await using stage = await openAcking({ faults: ["503@set_state_erred*1"] });
      const order = await published(stage);
      stage.answer(order, NO);
      await stage.pass();
      const at = stage.world.orders.indexOf(order);
      stage.world.orders.splice(at, 1);
      expect((await stage.pass()).problems).toEqual(["answer-overtaken"]);
      expect(receiptOf(stage, order, "receipts/closed").ended.state).toBe("gone");
      stage.world.orders.splice(at, 0, order);
      stage.setCompletion(completion);
      const back = await stage.pass();
      expect([back.code, order.state, order.errorMessage]).toEqual([0, "erred", "no"]);
      expect(receiptOf(stage, order, "receipts/closed").ended.state).toBe("erred");
    });
  }
});

describe("an ack", () => {
  test("stays where it is until its order has ended", async () => {
    await using stage = await openAcking({ faults: ["503@set_state_done*1"] });
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    await stage.pass();
    expect([order.state, stage.acksIn("."), stage.acksIn("processed")]).toEqual([
      "executing",
      [`${order.uuid}.json`],
      [],
    ]);
    await stage.pass();
    expect([order.state, stage.acksIn("."), stage.acksIn("processed").length]).toEqual(["done", [], 1]);
  });

  test("that is broken beside an answer that is under way is reported, and the answer counts", async () => {
    await using stage = await openAcking({ faults: ["503@set_state_done*1"] });
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    await stage.pass();
    stage.answer(order, "{");
    const ran = await stage.pass();
    expect([ran.problems, order.state, stage.acksIn("rejected").length]).toEqual([
      ["ack-invalid"],
      "done",
      1,
    ]);
  });

  test("is found among more others than a pass looks at, of which none can be put away", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    forbidMoves(stage);
    stage.answer(order, { result: "done" });
    // The directory of a file system in memory lists what came last first.
    for (let number = 0; number < 10_000; number++)
      writeFileSync(ackPath(stage.acks, number.toString(16).padStart(32, "0")), "{}");
    const ran = await stage.pass();
    expect([order.state, ran.problems.length, (await stage.pass()).problems]).toEqual(["done", 10_000, []]);
  });

  test("of an order that is in a state that is not known is left for later", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    order.state = "on-hold";
    expect([(await stage.pass()).problems, stage.acksIn(".").length]).toEqual([[], 1]);
    order.state = "executing";
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("of another offering whose receipt is lost is left for that one", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    const [name = ""] = stage.filesOf(order);
    const theirs = "f".repeat(32);
    writeFileSync(
      join(stage.out, name),
      stage.readText(name).replaceAll(stage.simulator.offeringUuid, theirs),
    );
    rmSync(join(stage.out, ".waldur-cscs-storage", "receipts"), { recursive: true });
    order.offeringUuid = theirs;
    stage.answer(order, { result: "done" });
    expect([(await stage.pass()).problems, stage.acksIn(".").length]).toEqual([[], 1]);
  });

  test("with another backend id than the answer is a second one", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    await stage.pass();
    stage.answer(order, { result: "done", backendId: "other" });
    expect((await stage.pass()).problems).toEqual(["ack-second"]);
  });

  test("of an order that ends meanwhile has the same problems in the dry run", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    order.state = "canceled";
    const shown = await stage.pass({ dryRun: true });
    const ran = await stage.pass();
    expect([shown.problems, shown.code]).toEqual([ran.problems, ran.code]);
    expect(ran.problems).toEqual(["order-ended", "ack-late"]);
  });
});

describe("the word of the provisioner", () => {
  test.each(["Create", "Update"] as const)("reactivates no terminated resource: %s", async (type) => {
    await using stage = await openAcking();
    const order = await published(stage, type);
    stage.resourceOf(order).state = "Terminated";
    stage.answer(order, { result: "done" });
    const shown = await stage.pass({ dryRun: true });
    const ran = await stage.pass();
    expect([ran.problems, ran.outcomes, order.state]).toEqual([
      ["resource-terminated"],
      ["left"],
      "executing",
    ]);
    expect([shown.problems, shown.outcomes]).toEqual([ran.problems, ran.outcomes]);
    expect(stage.acksIn(".")).toHaveLength(1);
    expect(stage.requestsOf("POST").filter(({ path }) => path.includes("set_state_done"))).toEqual([]);
    stage.resourceOf(order).state = "OK";
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("is not sent to an order that is not executing any more, nor yet ended", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, NO);
    stage.once("order", () => {
      order.state = "pending-provider";
    });
    const ran = await stage.pass();
    expect([ran.outcomes, ran.steps.includes("set_state_erred")]).toEqual([["waiting"], false]);
    order.state = "executing";
    expect([(await stage.pass()).code, order.state]).toEqual([0, "erred"]);
  });

  test("has a reason also where none was given", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, { result: "erred" });
    await stage.pass();
    expect([order.state, order.errorMessage]).toEqual([
      "erred",
      expect.stringContaining("no reason was given"),
    ]);
  });

  test("is dated when it was read", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.answer(order, { result: "done" });
    const now = new Date(Date.now() + 3_600_000);
    await stage.pass({ now: () => now });
    expect(receiptOf(stage, order, "receipts/closed").answer.at).toBe(now.toISOString());
  });

  test("without a backend id leaves one that was set, and reports nothing", async () => {
    await using stage = await openAcking();
    const order = await published(stage);
    stage.resourceOf(order).backendId = "theirs";
    stage.answer(order, { result: "done" });
    const ran = await stage.pass();
    expect([ran.problems, stage.resourceOf(order).backendId, order.state]).toEqual([[], "theirs", "done"]);
  });
});
