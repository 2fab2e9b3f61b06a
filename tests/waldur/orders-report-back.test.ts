// After publishing: the backend id, set done, and what is done when Waldur's 200 was no proof
// (docs/contract.md, "Orders", steps 7 to 10).

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { GENERATIONS, openOrders, place, the } from "./orders-stage.ts";

const AT = new Date("2026-03-01T12:30:00Z");
const now = () => AT;

describe("the backend id", () => {
  for (const generation of GENERATIONS) {
    test(`of a new resource becomes its slug on a ${generation} server`, async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      await stage.pass();
      expect(stage.resourceOf(order).backendId).toBe(the(stage.resourceOf(order).slug));
    });

    test(`becomes the mount point on a ${generation} server when that is configured`, async () => {
      await using stage = await openOrders({ generation, settings: { backend_id: "mount_point" } });
      const order = place(stage, "Create");
      await stage.pass();
      expect(stage.resourceOf(order).backendId).toBe(stage.entryOf(order).mountPoint.default);
    });

    test(`that is lost on a ${generation} server keeps the order open, and the next run sets it again`, async () => {
      await using stage = await openOrders({ generation, faults: ["lost-backend-id*1"] });
      const order = place(stage, "Create");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["backend-id-lost"]]);
      expect([order.state, ran.steps.at(-1)]).toEqual(["executing", "resource"]);
      const again = await stage.pass();
      expect([again.code, again.steps.slice(4)]).toEqual([
        0,
        ["resource", "set_backend_id", "resource", "set_state_done", "order"],
      ]);
      expect(stage.resourceOf(order).backendId).not.toBe("");
    });
  }

  test("that is there already is not set, also when it is a path", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    stage.resourceOf(order).backendId = "/old/place";
    const ran = await stage.pass();
    expect(ran.steps).not.toContain("set_backend_id");
    expect([ran.code, order.state]).toEqual([0, "done"]);
    expect(stage.entryOf(order).mountPoint.default).toBe("/old/place");
  });

  for (const step of ["approve_by_provider", "order"]) {
    test(`that is set at ${step}, before the file is published, is not overwritten`, async () => {
      await using stage = await openOrders();
      const order = place(stage, "Create");
      stage.once(step, () => {
        stage.resourceOf(order).backendId = "theirs";
      });
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["done"], ["backend-id-differs"]]);
      expect([stage.resourceOf(order).backendId, ran.steps.includes("set_backend_id")]).toEqual([
        "theirs",
        false,
      ]);
    });
  }

  test("that becomes a path while the order is accepted moves the file, which the next run publishes", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    stage.once("approve_by_provider", () => {
      stage.resourceOf(order).backendId = "/moved/here";
    });
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, stage.filesOf(order)]).toEqual([0, ["waiting"], []]);
    expect((await stage.pass()).outcomes).toEqual(["done"]);
    expect(stage.entryOf(order).mountPoint.default).toBe("/moved/here");
  });

  test("is set with no request after the read that says it is empty", async () => {
    await using stage = await openOrders();
    place(stage, "Create");
    const { steps, requests } = await stage.pass();
    const at = steps.indexOf("set_backend_id");
    expect(requests[at]?.path).toBe(`${requests[at - 1]?.path}set_backend_id/`);
  });

  test("that another agent sets meanwhile stays, is reported, and does not stop the order", async () => {
    await using stage = await openOrders({ faults: ["lost-backend-id"] });
    const order = place(stage, "Create");
    stage.once("set_backend_id", () => {
      stage.resourceOf(order).backendId = "another";
    });
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["done"], ["backend-id-differs"]]);
    expect([order.state, stage.resourceOf(order).backendId]).toEqual(["done", "another"]);
    expect((await stage.pass()).code).toBe(0);
  });

  for (const type of ["Update", "Terminate"] as const) {
    test(`is never set by ${type} orders, also where it is empty`, async () => {
      await using stage = await openOrders();
      const order = place(stage, type);
      stage.resourceOf(order).backendId = "";
      const ran = await stage.pass();
      expect([ran.code, ran.steps.includes("set_backend_id")]).toEqual([0, false]);
    });
  }
});

describe("done", () => {
  for (const generation of GENERATIONS) {
    test(`without effect on a ${generation} server leaves the order, and the next run tries again`, async () => {
      await using stage = await openOrders({ generation, faults: ["done-without-effect*1"] });
      const order = place(stage, "Update");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["no-effect"]]);
      expect([order.state, stage.receipts("open")]).toEqual(["executing", 1]);
      const files = stage.files();
      expect([(await stage.pass()).code, order.state, stage.files()]).toEqual([0, "done", files]);
    });
  }

  test("by another agent, answered with 409, is success", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    stage.once("set_state_done", () => {
      order.state = "done";
    });
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.requests.at(-2)?.status]).toEqual([0, ["done"], 409]);
    expect(stage.receipts("closed")).toBe(1);
  });

  test("refused with a 409 because the order was ended is reported", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    stage.once("set_state_done", () => {
      order.state = "canceled";
    });
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["failed"], ["order-ended"]]);
    expect(stage.filesOf(order)).toHaveLength(1);
  });
});

for (const step of ["approve_by_provider", "set_backend_id", "set_state_done"]) {
  test(`a lost answer to ${step} costs nothing: the effect is read back`, async () => {
    await using stage = await openOrders({ faults: [`drop-after-apply@${step}`] });
    const order = place(stage, "Create");
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
    expect(stage.requestsOf("POST")).toHaveLength(3);
    expect(stage.resourceOf(order).backendId).not.toBe("");
  });

  test(`${step} lost on its way is not sent twice in a run, and is sent by the next one`, async () => {
    await using stage = await openOrders({ faults: [`drop@${step}*1`] });
    const order = place(stage, "Create");
    const ran = await stage.pass({ retries: 3 });
    expect([ran.code, ran.outcomes]).toEqual([75, ["failed"]]);
    expect(ran.steps.filter((one) => one === step)).toHaveLength(1);
    expect(order.state).not.toBe("done");
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    expect(stage.filesOf(order)).toHaveLength(1);
  });
}

describe("an existing file with the order's name", () => {
  /** The name that the run will claim. */
  const nameOf = (uuid: string) => `2026-03-01-12-30-update_${uuid}.json`;

  test("with another content stays, is reported, and the order continues", async () => {
    await using stage = await openOrders({
      settings: { file_mode: "0600" },
      faults: ["done-without-effect*1"],
    });
    const order = place(stage, "Update");
    await stage.pass({ now });
    const [name = ""] = stage.filesOf(order);
    expect(name).toBe(nameOf(order.uuid));
    const before = stage.readText(name);
    order.limits = { storage: 50 };
    const ran = await stage.pass({ now });
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["done"], ["file-differs"]]);
    expect(stage.readText(name)).toBe(before);
    expect(stage.filesOf(order)).toEqual([name]);
  });

  for (const [what, text] of [
    ["no JSON", "not ours"],
    ["empty", ""],
    ["of another order", JSON.stringify({ meta: { order: { uuid: "0".repeat(32) } } })],
    ["a list", "[]"],
  ] as const) {
    test(`that is ${what} is left alone, and so is the order until it is moved away`, async () => {
      await using stage = await openOrders();
      const order = place(stage, "Update");
      const path = join(stage.out, nameOf(order.uuid));
      writeFileSync(path, text);
      const ran = await stage.pass({ now });
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["foreign-file"]]);
      expect([readFileSync(path, "utf8"), order.state]).toEqual([text, "pending-provider"]);
      expect(stage.requestsOf("POST")).toEqual([]);
      expect(ran.steps).not.toContain("set_state_done");
      await Bun.file(path).delete();
      expect([(await stage.pass({ now })).code, order.state]).toEqual([0, "done"]);
    });
  }

  test("that is a directory or a symlink is left alone", async () => {
    await using stage = await openOrders();
    const [one, two] = [place(stage, "Update", "one"), place(stage, "Update", "two")];
    mkdirSync(join(stage.out, nameOf(one.uuid)));
    const elsewhere = join(stage.directory, "elsewhere.json");
    symlinkSync(elsewhere, join(stage.out, nameOf(two.uuid)));
    const ran = await stage.pass({ now });
    expect([ran.code, ran.problems]).toEqual([10, ["foreign-file", "foreign-file"]]);
    expect(await Bun.file(elsewhere).exists()).toBe(false);
    expect([one.state, two.state]).toEqual(["pending-provider", "pending-provider"]);
  });
});

describe("completion: external", () => {
  const settings = { completion: "external" };

  for (const generation of GENERATIONS) {
    test(`publishes once and leaves the order executing on a ${generation} server`, async () => {
      await using stage = await openOrders({ generation, settings });
      const order = place(stage, "Create");
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, stage.requestsOf("POST").length]).toEqual([0, ["published"], 1]);
      expect([order.state, stage.resourceOf(order).backendId]).toEqual(["executing", ""]);
      const files = stage.files();
      const again = await stage.pass();
      expect([again.code, again.outcomes, again.steps]).toEqual([0, ["published"], ["offering", "list"]]);
      expect(stage.files()).toEqual(files);
    });
  }

  test("gives the provisioner the URLs, and they work", async () => {
    await using stage = await openOrders({ settings });
    const order = place(stage, "Create");
    await stage.pass();
    const actions = the(stage.documentOf(order).meta.order?.actions);
    const { url } = stage.simulator;
    expect(actions).toEqual({
      done: `${url}marketplace-orders/${order.uuid}/set_state_done/`,
      erred: `${url}marketplace-orders/${order.uuid}/set_state_erred/`,
      backendId: `${url}marketplace-provider-resources/${order.resourceUuid}/set_backend_id/`,
    });
    await post(stage.simulator.providerToken, actions.backendId, { backend_id: "theirs" });
    await post(stage.simulator.providerToken, actions.done);
    expect([order.state, stage.resourceOf(order).backendId]).toEqual(["done", "theirs"]);
    const ran = await stage.pass();
    expect([ran.code, ran.problems]).toEqual([0, []]);
    expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
  });

  for (const state of ["done", "erred"]) {
    for (const fetched of [true, false]) {
      const file = fetched ? "after it fetched the file" : "and left the file";
      test(`an order that the provisioner set ${state} ${file} is information`, async () => {
        await using stage = await openOrders({ settings });
        const order = place(stage, "Create");
        await stage.pass();
        const names = stage.filesOf(order);
        for (const name of fetched ? names : []) rmSync(join(stage.out, name));
        order.state = state;
        const ran = await stage.pass();
        expect([ran.code, ran.problems]).toEqual([0, []]);
        expect(
          ran.lines.filter((line) => line.includes(`the provisioner has set the order ${state}`)),
        ).toHaveLength(1);
        const again = await stage.pass();
        expect([again.steps, stage.filesOf(order)]).toEqual([["offering", "list"], fetched ? [] : names]);
      });
    }
  }

  for (const state of ["canceled", "rejected"]) {
    test(`an order that became ${state} is reported once`, async () => {
      await using stage = await openOrders({ settings });
      const order = place(stage, "Create");
      await stage.pass();
      order.state = state;
      expect((await stage.pass()).problems).toEqual(["order-ended"]);
      expect([(await stage.pass()).code, stage.filesOf(order).length]).toEqual([0, 1]);
    });
  }

  test("an order that erred before it had a file is reported: no provisioner has seen it", async () => {
    await using stage = await openOrders({ settings, faults: ["erred-after-approve"] });
    place(stage, "Update");
    expect((await stage.pass()).problems).toEqual(["order-ended"]);
  });

  test("later orders of the resource wait until it is finished", async () => {
    await using stage = await openOrders({ settings });
    const order = place(stage, "Create");
    const resource = stage.resourceOf(order);
    const later = stage.world.addOrder({ type: "Update", resource, limits: { storage: 9 } });
    expect((await stage.pass()).outcomes).toEqual(["published", "waiting"]);
    expect((await stage.pass()).outcomes).toEqual(["published", "waiting"]);
    stage.world.setOrderState(order.uuid, "done");
    expect((await stage.pass()).outcomes).toEqual(["published"]);
    expect(stage.filesOf(later)).toHaveLength(1);
  });
});

async function post(token: string, url: string, body?: unknown): Promise<void> {
  const headers = { Authorization: `Token ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(url, {
    method: "POST",
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(answer.status).toBe(200);
}
