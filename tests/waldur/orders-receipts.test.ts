// Receipts: one name for an order's file however long it takes, whatever is lost, and an end that is reported once for
// orders that vanish or end by another agent (docs/contract.md, "Orders", steps 3 and 10, and "Publishing").

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { GENERATIONS, type OrdersStage, openOrders, place, the } from "./orders-stage.ts";

const MONDAY = { now: () => new Date("2026-03-02T23:58:20Z") };
const TUESDAY = { now: () => new Date("2026-03-03T23:59:00Z") };
const STATE = ".waldur-cscs-storage";

const nameOf = (stamp: string, type: string, { uuid }: { uuid: string }) => `${stamp}-${type}_${uuid}.json`;
const receiptPath = ({ out }: OrdersStage, { uuid }: { uuid: string }, folder = "receipts") =>
  join(out, STATE, folder, `${uuid}.json`);
const loseReceipts = ({ out }: OrdersStage) => rmSync(join(out, STATE), { recursive: true });

describe("the name", () => {
  for (const generation of GENERATIONS) {
    test(`is that of the claim, also when publishing succeeds a day later (${generation})`, async () => {
      await using stage = await openOrders({ generation, faults: ["503@approve*1", "503@executing/*1"] });
      const order = place(stage, "Create");
      expect((await stage.pass(MONDAY)).code).toBe(75);
      expect([order.state, stage.files(), stage.receipts("open")]).toEqual(["pending-provider", [], 1]);
      expect((await stage.pass(TUESDAY)).code).toBe(0);
      expect(stage.files()).toEqual([nameOf("2026-03-02-23-58", "create", order)]);
      expect(stage.documentOf(order).meta.date).toBe("2026-03-03T23:59:00+00:00");
    });
  }

  test("is that of the claim when the time zone is changed meanwhile", async () => {
    await using stage = await openOrders({ faults: ["done-without-effect*2"] });
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    const files = stage.files();
    const text = readFileSync(stage.configPath, "utf8");
    for (const zone of ["Pacific/Auckland", "Europe/Zurich"]) {
      writeFileSync(stage.configPath, `timezone: ${zone}\n${text}`);
      const ran = await stage.pass(MONDAY);
      expect([stage.files(), ran.problems.includes("file-differs")]).toEqual([files, false]);
    }
    expect(order.state).toBe("done");
  });

  test("has the minute of the configured time zone", async () => {
    await using stage = await openOrders();
    const text = readFileSync(stage.configPath, "utf8");
    writeFileSync(stage.configPath, `timezone: Pacific/Auckland\n${text}`);
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    expect(stage.files()).toEqual([nameOf("2026-03-03-12-58", "update", order)]);
    expect(stage.documentOf(order).meta.date).toBe("2026-03-03T12:58:20+13:00");
  });

  test("is claimed on the disk before the order is accepted", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    const seen: unknown[] = [];
    stage.on("approve_by_provider", () =>
      seen.push(JSON.parse(readFileSync(receiptPath(stage, order), "utf8"))),
    );
    await stage.pass(MONDAY);
    expect(seen).toEqual([
      {
        version: 1,
        offering: stage.simulator.offeringUuid,
        order: order.uuid,
        type: "create",
        file: nameOf("2026-03-02-23-58", "create", order),
        resource: order.resourceUuid,
        mountPoint: stage.entryOf(order).mountPoint.default,
        claimedAt: "2026-03-02T23:58:20.000Z",
        published: false,
      },
    ]);
  });

  test("is found in the directory when the receipts are lost", async () => {
    await using stage = await openOrders({ faults: ["done-without-effect*1"] });
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    const before = picture(stage);
    loseReceipts(stage);
    expect([(await stage.pass(TUESDAY)).code, order.state]).toEqual([0, "done"]);
    expect(picture(stage)).toEqual(before);
  });

  test("is the old one when the file is lost and the order is still open", async () => {
    await using stage = await openOrders({ faults: ["done-without-effect*1"] });
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    const [name = ""] = stage.files();
    rmSync(join(stage.out, name));
    await stage.pass(TUESDAY);
    expect([stage.files(), order.state]).toEqual([[name], "done"]);
  });

  for (const broken of ["", "{", "null", '{"version":2}', "file"]) {
    test(`survives a receipt that holds ${JSON.stringify(broken)}`, async () => {
      await using stage = await openOrders({ faults: ["done-without-effect*1"] });
      const order = place(stage, "Update");
      await stage.pass(MONDAY);
      const files = stage.files();
      const path = receiptPath(stage, order);
      const receipt = JSON.parse(readFileSync(path, "utf8"));
      writeFileSync(path, broken === "file" ? JSON.stringify({ ...receipt, file: "../../etc" }) : broken);
      expect([(await stage.pass(TUESDAY)).code, order.state]).toEqual([0, "done"]);
      expect(stage.files()).toEqual(files);
    });
  }
});

test("an order that is executing again is published again under its own name before it is done", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Update");
  await stage.pass(MONDAY);
  expect(stage.receipts("closed")).toBe(1);
  const [name = ""] = stage.files();
  rmSync(join(stage.out, name));
  order.state = "executing";
  const there: string[][] = [];
  stage.on("set_state_done", () => there.push(stage.files()));
  const ran = await stage.pass(TUESDAY);
  expect([ran.code, ran.outcomes, there]).toEqual([0, ["done"], [[name]]]);
  expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
});

for (const generation of GENERATIONS) {
  describe(`an order of a ${generation} server that is no longer open`, () => {
    test("because its consumer deleted it is reported once; nothing is left of it but its resource", async () => {
      await using stage = await openOrders({
        generation,
        faults: ["503@approve", "503@set_state_executing"],
      });
      const order = place(stage, "Create");
      await stage.pass();
      stage.world.deleteOrder(order.uuid);
      const ran = await stage.pass();
      expect([ran.code, ran.problems, ran.steps]).toEqual([
        10,
        ["order-vanished"],
        ["offering", "list", "order"],
      ]);
      expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
      const again = await stage.pass();
      expect([again.code, again.steps, stage.files()]).toEqual([0, ["offering", "list"], []]);
      expect(stage.resourceOf(order).state).toBe("Creating");
    });

    test("because it was deleted after it was listed is reported, and the others continue", async () => {
      await using stage = await openOrders({ generation });
      const [order, other] = [place(stage, "Create", "first"), place(stage, "Create", "second")];
      stage.once("order", () => stage.world.deleteOrder(order.uuid));
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["failed", "done"], ["order-vanished"]]);
      expect([stage.filesOf(order).length, other.state]).toEqual([0, "done"]);
      expect((await stage.pass()).code).toBe(0);
    });

    test("because another agent ended it after publishing is reported once, and its file stays", async () => {
      await using stage = await openOrders({ generation, faults: ["done-without-effect*1"] });
      const order = place(stage, "Update");
      await stage.pass();
      const before = picture(stage);
      order.state = "canceled";
      const ran = await stage.pass();
      expect([ran.code, ran.problems]).toEqual([10, ["order-ended"]]);
      expect([(await stage.pass()).code, picture(stage)]).toEqual([0, before]);
    });

    test("because another agent set it done after publishing is the good end", async () => {
      await using stage = await openOrders({ generation, faults: ["done-without-effect*1"] });
      const order = place(stage, "Update");
      await stage.pass();
      stage.world.setOrderState(order.uuid, "done");
      const ran = await stage.pass();
      expect([ran.code, ran.problems, stage.receipts("closed")]).toEqual([0, [], 1]);
    });

    test("because another agent set it done before publishing gets the file that it is owed", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      order.state = "executing";
      stage.once("order", () => stage.world.setOrderState(order.uuid, "done"));
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
      expect([stage.filesOf(order).length, stage.requestsOf("POST")]).toEqual([1, []]);
      expect((await stage.pass()).steps).toEqual(["offering", "list"]);
    });

    for (const completion of ["on-publish", "external"]) {
      test(`because it became done between two passes gets the file that it is owed (${completion})`, async () => {
        const faults = ["503@approve", "503@set_state_executing"];
        await using stage = await openOrders({ generation, faults, settings: { completion } });
        const order = place(stage, "Update");
        await stage.pass(MONDAY);
        stage.simulator.setFaults([]);
        stage.world.setOrderState(order.uuid, "done");
        const dry = await stage.pass({ ...TUESDAY, dryRun: true });
        const ran = await stage.pass(TUESDAY);
        expect([ran.code, ran.outcomes, ran.problems, ran.steps]).toEqual([
          0,
          ["done"],
          [],
          ["offering", "list", "order", "resource"],
        ]);
        expect(stage.files()).toEqual([nameOf("2026-03-02-23-58", "update", order)]);
        expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
        expect([dry.outcomes, dry.report.files.map(({ sha256 }) => sha256)]).toEqual([
          ran.outcomes,
          ran.report.files.map(({ sha256 }) => sha256),
        ]);
        expect((await stage.pass(TUESDAY)).steps).toEqual(["offering", "list"]);
      });
    }

    test("and is owed its file needs none when its resource is terminated by now", async () => {
      const faults = ["503@approve*1", "503@set_state_executing*1"];
      await using stage = await openOrders({ generation, faults });
      const order = place(stage, "Update");
      await stage.pass();
      stage.world.setOrderState(order.uuid, "done");
      stage.world.terminate(stage.resourceOf(order).uuid);
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, stage.filesOf(order)]).toEqual([0, ["done"], []]);
      expect([stage.receipts("open"), (await stage.pass()).steps]).toEqual([0, ["offering", "list"]]);
    });

    test("and lacks its file gets it before the next order of its resource gets its own", async () => {
      const faults = ["503@approve*1", "503@set_state_executing*1"];
      await using stage = await openOrders({ generation, faults });
      const order = place(stage, "Update");
      await stage.pass();
      stage.world.setOrderState(order.uuid, "done");
      const later = stage.world.addOrder({ type: "Terminate", resource: stage.resourceOf(order) });
      const ran = await stage.pass();
      expect([ran.outcomes, stage.filesOf(order).length, stage.filesOf(later).length]).toEqual([
        ["done", "waiting"],
        1,
        0,
      ]);
      expect([(await stage.pass()).outcomes, later.state]).toEqual([["done"], "done"]);
    });
  });
}

test("a receipt whose order went back to its consumer stays open and costs one read", async () => {
  await using stage = await openOrders({ faults: ["503@approve*1"] });
  const order = place(stage, "Create");
  await stage.pass(MONDAY);
  order.state = "pending-consumer";
  const ran = await stage.pass(MONDAY);
  expect([ran.code, ran.steps, stage.receipts("open")]).toEqual([0, ["offering", "list", "order"], 1]);
  order.state = "pending-provider";
  await stage.pass(TUESDAY);
  expect(stage.files()).toEqual([nameOf("2026-03-02-23-58", "create", order)]);
});

describe("receipts whose orders are no longer listed", () => {
  /** Two orders that were claimed and then ended behind our back, and one that is new. */
  async function twoEnded() {
    const stage = await openOrders({ faults: ["403@approve*2"] });
    const ended = [place(stage, "Create", "first"), place(stage, "Create", "second")];
    await stage.pass();
    for (const { uuid } of ended) stage.world.setOrderState(uuid, "rejected");
    expect(stage.receipts("open")).toBe(2);
    return { stage, ended, fresh: place(stage, "Update") };
  }

  for (const [fault, code] of [
    ["403", "refused"],
    ["400", "answer"],
    ["broken-json", "answer"],
    ["503", "unavailable"],
  ] as const) {
    test(`do not stop the open orders when one of them is answered with ${fault}`, async () => {
      const { stage, ended, fresh } = await twoEnded();
      await using _ = stage;
      stage.simulator.setFaults([`${fault}@${the(ended[0]).uuid}`]);
      const ran = await stage.pass();
      expect([ran.code, fresh.state]).toEqual([fault === "503" ? 75 : 10, "done"]);
      expect(new Set(ran.problems)).toEqual(new Set(["order-ended", code]));
      expect(stage.receipts("open")).toBe(1);
      stage.simulator.setFaults([]);
      expect([(await stage.pass()).problems, stage.receipts("open")]).toEqual([["order-ended"], 0]);
    });
  }
});

test("an order with an open receipt whose row cannot be read is not taken for one that ended", async () => {
  await using stage = await openOrders({ faults: ["503@approve*1"] });
  const order = place(stage, "Create");
  await stage.pass();
  order.wire.limits = 7;
  const ran = await stage.pass();
  expect([ran.problems, ran.steps]).toEqual([["bad-answer"], ["offering", "list"]]);
  expect([order.state, stage.receipts("open")]).toEqual(["pending-provider", 1]);
});

test("closed receipts go after 90 days, open ones stay", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create", "done");
  await stage.pass();
  stage.simulator.setFaults(["503@approve*1"]);
  place(stage, "Create", "open");
  await stage.pass();
  const inDays = (days: number) => ({ now: () => new Date(Date.now() + days * 86_400_000) });
  stage.simulator.setFaults(["503@approve"]);
  await stage.pass(inDays(89));
  expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([1, 1]);
  await stage.pass(inDays(91));
  expect([stage.receipts("open"), stage.receipts("closed"), stage.filesOf(order).length]).toEqual([1, 0, 1]);
});

test("a path outlives the receipt that named it, also where no sync runs", async () => {
  await using stage = await openOrders();
  const first = place(stage, "Create", "a");
  stage.resourceOf(first).slug = "kept";
  await stage.pass();
  stage.resourceOf(first).slug = "renamed";
  const inDays = (days: number) => ({ now: () => new Date(Date.now() + days * 86_400_000) });
  await stage.pass(inDays(91));
  expect(stage.receipts("closed")).toBe(0);
  const second = place(stage, "Create", "b");
  stage.resourceOf(second).slug = "kept";
  expect((await stage.pass(inDays(92))).problems).toEqual(["mount-clash"]);
});

/** Public files with their content and what the file system says of them. */
function picture({ out }: OrdersStage): unknown[] {
  return readdirSync(out)
    .filter((name) => !name.startsWith("."))
    .map((name) => {
      const { mtimeNs, ino } = statSync(join(out, name), { bigint: true });
      return [name, readFileSync(join(out, name), "utf8"), mtimeNs, ino];
    });
}

describe("what a receipt says", () => {
  const receiptOf = (stage: OrdersStage, order: { uuid: string }, folder?: string) =>
    JSON.parse(readFileSync(receiptPath(stage, order, folder), "utf8"));

  test("is that its file is published as soon as it is, and how the order ended", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Update");
    const seen: unknown[] = [];
    stage.on("set_state_done", () => seen.push(receiptOf(stage, order).published));
    await stage.pass(MONDAY);
    expect(seen).toEqual([true]);
    expect(receiptOf(stage, order, "receipts/closed")).toMatchObject({
      published: true,
      closedAt: "2026-03-02T23:58:20.000Z",
      ended: { state: "done", at: "2026-03-02T23:58:20.000Z" },
    });
  });

  test("is that the path is given up when the order ended without a file; another create may have it", async () => {
    await using stage = await openOrders({ faults: ["503@approve*1"] });
    const order = place(stage, "Create", "first");
    await stage.pass(MONDAY);
    stage.world.setOrderState(order.uuid, "erred");
    expect((await stage.pass(MONDAY)).problems).toEqual(["order-ended"]);
    expect(receiptOf(stage, order, "receipts/closed")).toMatchObject({
      published: false,
      ended: { state: "erred" },
    });
    const other = place(stage, "Create", "second");
    stage.resourceOf(other).slug = stage.resourceOf(order).slug;
    expect([(await stage.pass(MONDAY)).problems, other.state]).toEqual([[], "done"]);
  });

  test("fixes the path: a slug that changes after the claim does not move it", async () => {
    await using stage = await openOrders({ faults: ["503@approve*1"] });
    const order = place(stage, "Create");
    await stage.pass(MONDAY);
    const { mountPoint } = receiptOf(stage, order);
    stage.resourceOf(order).slug = "renamed";
    await stage.pass(MONDAY);
    expect([order.state, stage.entryOf(order).mountPoint.default]).toEqual(["done", mountPoint]);
  });

  for (const isPublished of [false, true]) {
    const title = isPublished ? "does not move a published path" : "moves a path that is not published";
    test(`an absolute backend id ${title}`, async () => {
      const fault = isPublished ? "done-without-effect*1" : "503@approve*1";
      await using stage = await openOrders({ faults: [fault] });
      const order = place(stage, "Create");
      await stage.pass(MONDAY);
      const { mountPoint } = receiptOf(stage, order);
      stage.resourceOf(order).backendId = "/moved/here";
      const ran = await stage.pass(MONDAY);
      const path = isPublished ? mountPoint : "/moved/here";
      expect([ran.outcomes, stage.entryOf(order).mountPoint.default]).toEqual([["done"], path]);
      expect(receiptOf(stage, order, "receipts/closed").mountPoint).toBe(path);
    });
  }

  test("is kept where a later version wrote more", async () => {
    await using stage = await openOrders({ faults: ["503@approve*1"] });
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    const more = { answer: { result: "done", at: "2026-03-02T08:00:00Z" }, instance: "one", later: 1 };
    writeFileSync(receiptPath(stage, order), JSON.stringify({ ...receiptOf(stage, order), ...more }));
    await stage.pass(MONDAY);
    expect(receiptOf(stage, order, "receipts/closed")).toMatchObject({ ...more, published: true });
  });

  test("of version 0.1, which did not say that the file is there, is completed from the file", async () => {
    await using stage = await openOrders({ faults: ["done-without-effect*1"] });
    const order = place(stage, "Update");
    await stage.pass(MONDAY);
    const path = receiptPath(stage, order);
    writeFileSync(
      path,
      JSON.stringify({ ...receiptOf(stage, order), published: false, mountPoint: "/other" }),
    );
    stage.world.setOrderState(order.uuid, "done");
    const ran = await stage.pass(TUESDAY);
    expect([ran.code, ran.report.files, ran.report.orders]).toEqual([0, [], []]);
    expect(receiptOf(stage, order, "receipts/closed").published).toBe(true);
  });
});

describe("another completion between two passes", () => {
  const switchTo = ({ configPath }: OrdersStage, completion: string) => {
    const text = readFileSync(configPath, "utf8").replace(/ {6}completion: .*\n/, "");
    writeFileSync(configPath, `${text}      completion: ${completion}\n`);
  };

  test("to external leaves the file, and what it lacks is reported once", async () => {
    await using stage = await openOrders({ faults: ["done-without-effect*1"] });
    const order = place(stage, "Create");
    await stage.pass(MONDAY);
    const before = picture(stage);
    switchTo(stage, "external");
    const dry = await stage.pass({ dryRun: true });
    expect([dry.outcomes, dry.problems]).toEqual([["published"], ["no-actions"]]);
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["published"], ["no-actions"]]);
    expect([ran.steps, picture(stage)]).toEqual([["offering", "list"], before]);
    const again = await stage.pass();
    expect([again.code, again.problems, order.state]).toEqual([0, [], "executing"]);
  });

  test("to on-publish ends the order, and the file with its actions stays", async () => {
    await using stage = await openOrders({ settings: { completion: "external" } });
    const order = place(stage, "Create");
    await stage.pass(MONDAY);
    const before = picture(stage);
    switchTo(stage, "on-publish");
    const ran = await stage.pass(TUESDAY);
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
    expect([order.state, picture(stage)]).toEqual(["done", before]);
  });
});

test("state that is broken counts as missing, and each file of it is reported, while the orders continue", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create");
  mkdirSync(join(stage.out, STATE, "receipts"), { recursive: true, mode: 0o700 });
  const paths = [join(stage.out, STATE, "claims"), join(stage.out, STATE, "failed-orders.json")];
  for (const path of [...paths, receiptPath(stage, order), join(stage.out, STATE, "problems-orders.json")])
    writeFileSync(path, "{\n");
  const { report } = await stage.runHere("orders", MONDAY);
  expect([report.exitCode, order.state]).toEqual([0, "done"]);
  const said = report.notices.map(({ code, message }) => [code, message.split(" ", 1)[0]]);
  expect(said.sort()).toEqual(
    [...paths, receiptPath(stage, order), join(stage.out, STATE, "problems-orders.json")]
      .map((path) => ["state-damaged", path])
      .sort(),
  );
  expect((await stage.runHere("orders", TUESDAY)).report.notices).toEqual([]);
});
