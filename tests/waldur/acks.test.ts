// `completion: on-ack`: the provisioner answers with a file, and the next pass ends the order (docs/contract.md,
// "Answers").

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { ackPath, openAcking, receiptOf } from "./acks-stage.ts";
import { GENERATIONS, place, TYPES, the } from "./orders-stage.ts";

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    for (const type of TYPES) {
      test(`a ${type} order is executing until the provisioner answers, and then done`, async () => {
        await using stage = await openAcking({ generation });
        const order = place(stage, type);
        const first = await stage.pass();
        expect([first.code, first.outcomes, order.state]).toEqual([0, ["published"], "executing"]);
        const idle = await stage.pass();
        expect([idle.outcomes, idle.steps]).toEqual([["published"], ["offering", "list"]]);
        stage.answer(order, { result: "done" });
        const shown = await stage.pass({ dryRun: true });
        expect([stage.acksIn("."), stage.acksIn("processed")]).toEqual([[`${order.uuid}.json`], []]);
        const last = await stage.pass();
        expect([last.code, last.outcomes, last.problems, order.state]).toEqual([0, ["done"], [], "done"]);
        expect(last.report.orders[0]?.calls).toEqual(the(shown.report.orders[0]).calls);
        expect([stage.acksIn("."), stage.acksIn("processed").length]).toEqual([[], 1]);
        expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
        expect(stage.filesOf(order)).toHaveLength(1);
        expect((await stage.pass()).steps).toEqual(["offering", "list"]);
      });

      test(`a ${type} order that failed is set erred, right after a read that says executing`, async () => {
        // There only the worker behind approval makes it possible to err a Terminate order.
        const acceptance = type === "Terminate" ? "approve" : "auto";
        await using stage = await openAcking({ generation, settings: { acceptance }, workerDelayMs: 0 });
        const order = place(stage, type);
        for (let pass = 0; pass < 2; pass++) await stage.pass();
        expect(stage.filesOf(order)).toHaveLength(1);
        stage.answer(order, { result: "erred", message: "the disk\nis full\u0007" });
        const shown = await stage.pass({ dryRun: true });
        const ran = await stage.pass();
        expect([ran.code, ran.outcomes, shown.outcomes]).toEqual([0, ["erred"], ["erred"]]);
        expect([order.state, order.errorMessage]).toEqual(["erred", "the disk is full"]);
        expect(the(shown.report.orders[0]).calls).toEqual(the(ran.report.orders[0]).calls);
        const at = ran.steps.indexOf("set_state_erred");
        expect([ran.steps.slice(at - 1), ran.steps.includes("set_backend_id")]).toEqual([
          ["order", "set_state_erred", "order"],
          false,
        ]);
        expect([stage.acksIn("processed").length, stage.filesOf(order).length]).toEqual([1, 1]);
      });
    }

    test("an order is set erred only when it still says executing", async () => {
      await using stage = await openAcking({ generation });
      const order = place(stage, "Create");
      await stage.pass();
      stage.answer(order, { result: "erred" });
      stage.once("list", () => undefined);
      stage.count((number) => {
        if (number === 2) order.state = "done";
      });
      const ran = await stage.pass();
      expect([ran.problems, ran.steps.includes("set_state_erred")]).toEqual([["answer-overtaken"], false]);
      expect([ran.code, order.state, stage.receipts("closed")]).toEqual([10, "done", 1]);
    });

    test("a lost answer to set_state_erred is read back, and is reported to Waldur once", async () => {
      await using stage = await openAcking({ generation, faults: ["drop-after-apply@set_state_erred"] });
      const order = place(stage, "Create");
      await stage.pass();
      stage.answer(order, { result: "erred", message: "no" });
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, order.state]).toEqual([0, ["erred"], "erred"]);
      await stage.pass();
      expect(stage.requestsOf("POST").filter(({ path }) => path.includes("erred"))).toHaveLength(1);
    });

    test("one that was lost on its way is sent by the next pass, after a read", async () => {
      await using stage = await openAcking({ generation, faults: ["drop@set_state_erred*1"] });
      const order = place(stage, "Create");
      await stage.pass();
      stage.answer(order, { result: "erred", message: "no" });
      expect((await stage.pass({ retries: 3 })).code).toBe(75);
      expect([order.state, stage.acksIn(".").length]).toEqual(["executing", 1]);
      const again = await stage.pass();
      expect(again.steps.slice(2)).toEqual(["order", "set_state_erred", "order"]);
      expect([order.state, stage.acksIn("processed").length]).toEqual(["erred", 1]);
    });
  });
}

test("a Terminate order that a server of 2024 cannot set erred stays executing, and nothing is sent", async () => {
  await using stage = await openAcking({ generation: "2024" });
  const order = place(stage, "Terminate");
  await stage.pass();
  stage.answer(order, { result: "erred", message: "busy" });
  const ran = await stage.pass();
  expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["cannot-err"]]);
  expect([order.state, ran.steps.includes("set_state_erred")]).toEqual(["executing", false]);
});

describe("the backend id", () => {
  test("is the one that the provisioner answers, else the configured one", async () => {
    await using stage = await openAcking();
    const [own, other] = [place(stage, "Create", "home-a"), place(stage, "Create", "home-b")];
    await stage.pass();
    stage.answer(own, { result: "done", backendId: " fs-42 " });
    stage.answer(other, { result: "done", backendId: "" });
    const { steps } = await stage.pass();
    expect(stage.resourceOf(own).backendId).toBe("fs-42");
    expect(stage.resourceOf(other).backendId).toBe(the(stage.resourceOf(other).slug));
    const at = steps.indexOf("set_backend_id");
    expect([steps[at - 1], steps[at + 1]]).toEqual(["resource", "resource"]);
  });

  test("may be the published path, and no other one with a slash", async () => {
    await using stage = await openAcking();
    const [good, bad] = [place(stage, "Create", "home-a"), place(stage, "Create", "home-b")];
    await stage.pass();
    const path = stage.entryOf(good).mountPoint.default;
    stage.answer(good, { result: "done", backendId: path });
    stage.answer(bad, { result: "done", backendId: path });
    const ran = await stage.pass();
    expect([ran.problems, good.state, bad.state]).toEqual([["ack-invalid"], "done", "executing"]);
    expect([stage.resourceOf(good).backendId, stage.resourceOf(bad).backendId]).toEqual([path, ""]);
  });

  test("that another agent has set stays, and is reported when the answer says another", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Create");
    await stage.pass();
    stage.resourceOf(order).backendId = "theirs";
    stage.answer(order, { result: "done", backendId: "ours" });
    const ran = await stage.pass();
    expect([ran.problems, order.state]).toEqual([["backend-id-differs"], "done"]);
    expect(stage.resourceOf(order).backendId).toBe("theirs");
  });

  test("of an Update order is left alone", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Update");
    await stage.pass();
    stage.answer(order, { result: "done", backendId: "other" });
    const ran = await stage.pass();
    expect([ran.code, order.state, ran.steps.includes("set_backend_id")]).toEqual([0, "done", false]);
  });
});

describe("what was answered", () => {
  test("is in the receipt before anything is sent, and counts when the ack is lost", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Create");
    await stage.pass();
    stage.answer(order, { result: "erred", message: "no space" });
    let said: unknown;
    stage.once("set_state_erred", () => {
      said = receiptOf(stage, order).answer;
    });
    stage.simulator.setFaults(["503@set_state_erred*1"]);
    await stage.pass();
    expect(said).toMatchObject({ result: "erred", message: "no space" });
    rmSync(stage.acks, { recursive: true });
    await stage.pass();
    expect([order.state, order.errorMessage]).toEqual(["erred", "no space"]);
  });

  for (const completion of ["on-publish", "external"]) {
    test(`counts also when the completion is ${completion} by now`, async () => {
      await using stage = await openAcking({ faults: ["503@set_state_erred*1"] });
      const order = place(stage, "Create");
      await stage.pass();
      stage.answer(order, { result: "erred", message: "no" });
      await stage.pass();
      expect(order.state).toBe("executing");
      const config = readFileSync(stage.configPath, "utf8").replace('"on-ack"', completion);
      writeFileSync(stage.configPath, config);
      const ran = await stage.pass();
      expect([ran.code, order.state, stage.filesOf(order).length]).toEqual([0, "erred", 1]);
    });
  }

  test("is not the answer from before the order was set executing again", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Update");
    await stage.pass();
    stage.answer(order, { result: "erred", message: "no" });
    await stage.pass();
    order.state = "executing";
    const again = await stage.pass();
    expect([again.outcomes, again.steps]).toEqual([["published"], ["offering", "list"]]);
    stage.answer(order, { result: "done" });
    expect([(await stage.pass()).code, order.state, stage.receipts("open")]).toEqual([0, "done", 0]);
    expect(receiptOf(stage, order, "receipts/closed").answer.result).toBe("done");
  });

  test("is in the history, without its message", async () => {
    await using stage = await openAcking();
    const order = place(stage, "Update");
    await stage.pass();
    stage.answer(order, { result: "erred", message: "secret words" });
    await stage.pass();
    const text = readFileSync(join(stage.out, ".waldur-cscs-storage", "history-orders.jsonl"), "utf8");
    expect([text.includes('"event":"answered"'), text.includes("secret words")]).toEqual([true, false]);
  });
});

describe("another completion between two passes", () => {
  test.each([
    ["on-publish", "done"],
    ["external", "executing"],
  ])("from on-ack to %s leaves the file and makes the order %s", async (completion, state) => {
    await using stage = await openAcking();
    const order = place(stage, "Update");
    await stage.pass();
    const [name = ""] = stage.filesOf(order);
    const before = stage.readText(name);
    writeFileSync(stage.configPath, readFileSync(stage.configPath, "utf8").replace('"on-ack"', completion));
    await stage.pass();
    expect([order.state, stage.readText(name), stage.filesOf(order)]).toEqual([state, before, [name]]);
  });

  test("to on-ack makes a published order wait for its answer", async () => {
    await using stage = await openAcking({ settings: { completion: "external" } });
    const order = place(stage, "Update");
    await stage.pass();
    writeFileSync(stage.configPath, readFileSync(stage.configPath, "utf8").replace('"external"', "on-ack"));
    stage.answer(order, { result: "done" });
    const ran = await stage.pass();
    expect([ran.code, order.state, stage.filesOf(order).length]).toEqual([0, "done", 1]);
  });
});

describe("an Update order that changes only options", () => {
  const options = (stage: { world: Awaited<ReturnType<typeof openAcking>>["world"] }) => {
    const resource = stage.world.addResource({ name: "home", backendId: "home", limits: { storage: 10 } });
    const attributes = { old_options: {}, new_options: { soft_quota_space: 5 } };
    return stage.world.addOrder({ type: "Update", resource, limits: {}, attributes });
  };

  for (const completion of ["on-publish", "on-ack", "external"]) {
    test(`that a current Waldur ends at once gets its file with ${completion}, and no further request`, async () => {
      await using stage = await openAcking({ settings: { completion }, workerDelayMs: 0 });
      const order = options(stage);
      const first = await stage.pass();
      expect([first.code, first.problems, order.state]).toEqual([0, [], "done"]);
      expect([stage.filesOf(order).length, stage.receipts("closed")]).toEqual([1, 1]);
      const posts = stage.requestsOf("POST").map(({ path }) => path.split("/").at(-2));
      expect(posts).toEqual(["approve_by_provider"]);
      stage.answer(order, { result: "done" });
      const second = await stage.pass();
      expect([second.code, second.problems, stage.filesOf(order).length]).toEqual([0, [], 1]);
      if (completion === "on-ack") expect(stage.acksIn("processed")).toHaveLength(1);
    });

    test(`that it ends a moment after publication is no problem with ${completion}`, async () => {
      await using stage = await openAcking({ settings: { completion }, workerDelayMs: 40 });
      const order = options(stage);
      const first = await stage.pass();
      expect([first.code, first.problems, stage.filesOf(order).length]).toEqual([0, [], 1]);
      await Bun.sleep(60);
      stage.answer(order, { result: "done" });
      const second = await stage.pass();
      expect([second.code, second.problems, order.state]).toEqual([0, [], "done"]);
      expect([stage.filesOf(order).length, stage.receipts("open")]).toEqual([1, 0]);
      const isSaid = second.lines.some((line) => line.includes("Waldur itself has set the order done"));
      expect(isSaid).toBe(completion !== "on-publish");
    });
  }

  test("that the provisioner could not do is reported once", async () => {
    await using stage = await openAcking({ workerDelayMs: 0 });
    const order = options(stage);
    await stage.pass();
    stage.answer(order, { result: "erred", message: "no" });
    const ran = await stage.pass();
    expect([ran.code, ran.problems, stage.acksIn("rejected").length]).toEqual([10, ["ack-late"], 1]);
    expect((await stage.pass()).code).toBe(0);
  });

  test("waits for the answer on a server of 2024, where nothing but set_state_done ends it", async () => {
    await using stage = await openAcking({ generation: "2024" });
    const order = options(stage);
    await stage.pass();
    expect(order.state).toBe("executing");
    stage.answer(order, { result: "done" });
    await stage.pass();
    expect(order.state).toBe("done");
  });
});

test("an order that a person ended is information", async () => {
  await using stage = await openAcking();
  const orders = [place(stage, "Create", "home-a"), place(stage, "Create", "home-b")] as const;
  await stage.pass();
  orders[0].state = "done";
  orders[1].state = "erred";
  const ran = await stage.pass();
  expect([ran.code, ran.problems, stage.receipts("closed")]).toEqual([0, [], 2]);
});

test("the report and the metrics know how many wait, and since when the oldest does", async () => {
  await using stage = await openAcking();
  place(stage, "Create", "home-a");
  await stage.pass({ now: () => new Date("2026-03-01T12:00:00Z") });
  place(stage, "Create", "home-b");
  const { report } = await stage.pass({ now: () => new Date("2026-03-01T13:00:00Z") });
  expect(report.offerings[0]?.unanswered).toEqual({ count: 2, oldest: "2026-03-01T12:00:00.000Z" });
  await stage.pass();
});

test("processed acks are removed after 90 days", async () => {
  await using stage = await openAcking();
  const order = place(stage, "Update");
  await stage.pass();
  stage.answer(order, { result: "done" });
  await stage.pass();
  const later = (days: number) => ({ now: () => new Date(Date.now() + days * 86_400_000) });
  await stage.pass(later(89));
  expect(stage.acksIn("processed")).toHaveLength(1);
  await stage.pass(later(91));
  expect(stage.acksIn("processed")).toEqual([]);
});

test("the directory of acks may be anywhere", async () => {
  await using stage = await openAcking();
  const elsewhere = join(stage.directory, "answers");
  writeFileSync(
    stage.configPath,
    `${readFileSync(stage.configPath, "utf8")}      acks_directory: ${elsewhere}\n`,
  );
  const order = place(stage, "Update");
  const first = await stage.pass();
  expect([first.code, first.problems, first.outcomes]).toEqual([10, ["acks-unusable"], ["published"]]);
  mkdirSync(elsewhere);
  writeFileSync(ackPath(elsewhere, order.uuid), '{"result":"done"}');
  stage.answer(order, { result: "erred" });
  await stage.pass();
  expect(order.state).toBe("done");
  unlinkSync(ackPath(stage.acks, order.uuid));
});
