// Orders that are left as they are, alone: what cannot be mapped, what has no file, what would take another's mount
// point (docs/contract.md, "Orders" and "The document").

import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { SimOrder, SimResource } from "../../lib/simulator/model.ts";
import type { StageOptions } from "../stage.ts";
import { GENERATIONS, type OrdersStage, openOrders, place, the } from "./orders-stage.ts";

type Spoil = (order: SimOrder, stage: OrdersStage) => void;

const withOrder =
  (change: Partial<SimOrder>): Spoil =>
  (order) =>
    void Object.assign(order, change);
const withResource =
  (change: Partial<SimResource>): Spoil =>
  (order, stage) =>
    void Object.assign(stage.resourceOf(order), change);

/** Spoils an order that is otherwise fine; the code of the problem that it becomes. */
const SPOILT: readonly [what: string, code: string, spoil: Spoil][] = [
  ["a slug that leads elsewhere", "bad-slug", withResource({ slug: "../../etc" })],
  ["no slug", "bad-slug", withResource({ slug: "" })],
  ["negative limits", "bad-limit", withOrder({ limits: { storage: -1 } })],
  ["limits in words", "bad-limit", withOrder({ limits: { storage: "much" } })],
  ["huge limits", "bad-limit", withOrder({ limits: { storage: 1e30 } })],
  ["permissions that are none", "bad-permissions", withResource({ attributes: { permissions: "rwx" } })],
  ["a backend id that leads elsewhere", "bad-backend-id", withResource({ backendId: "/a/../b" })],
  ["type Restore", "unsupported-order", withOrder({ type: "Restore" })],
  ["an unknown type", "unsupported-order", withOrder({ type: "constructor" })],
  ["no resource yet", "no-resource", withOrder({ resourceUuid: null })],
  ["a resource that is gone", "no-resource", withOrder({ resourceUuid: "0".repeat(32) })],
  ["limits that are a list", "bad-answer", withOrder({ limits: [1] })],
  ["a date that is none", "bad-answer", withOrder({ created: "yesterday" })],
];

for (const generation of GENERATIONS) {
  describe(`one bad order on a ${generation} server`, () => {
    for (const [what, code, spoil] of SPOILT) {
      test(`with ${what} is left and reported; the others are done`, async () => {
        await using stage = await openOrders({ generation });
        const [before, bad, after] = [
          place(stage, "Update", "alpha"),
          place(stage, "Create", "beta"),
          place(stage, "Create", "gamma"),
        ];
        spoil(bad, stage);
        const ran = await stage.pass();
        expect([ran.code, new Set(ran.problems)]).toEqual([10, new Set([code])]);
        expect([before.state, bad.state, after.state]).toEqual(["done", "pending-provider", "done"]);
        expect(stage.files()).toHaveLength(2);
        expect(ran.report.problems[0]).toMatchObject({
          order: bad.uuid,
          offering: stage.simulator.offeringUuid,
        });
        expect(stage.requestsOf("POST").some(({ path }) => path.includes(bad.uuid))).toBe(false);
        expect((await stage.pass({ dryRun: true })).code).toBe(10);
      });
    }

    test("that is executing already is left executing", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      order.state = "executing";
      order.limits = { storage: -1 };
      expect([(await stage.pass()).code, order.state, stage.files()]).toEqual([10, "executing", []]);
    });

    test("continues as soon as it is fixed", async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      order.limits = { storage: -1 };
      await stage.pass();
      order.limits = { storage: 1 };
      expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
    });
  });
}

for (const type of ["Create", "Update"] as const) {
  test(`a ${type} order of a terminated resource is left, because setting it done would reactivate the resource`, async () => {
    await using stage = await openOrders();
    const order = place(stage, type);
    stage.world.terminate(stage.resourceOf(order).uuid);
    const ran = await stage.pass();
    expect([ran.code, ran.problems, stage.files()]).toEqual([10, ["resource-terminated"], []]);
    expect([order.state, stage.requestsOf("POST")]).toEqual(["pending-provider", []]);
  });
}

test("a state that is listed although it was not requested gets nothing sent", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create");
  order.wire.state = "pending-project";
  const ran = await stage.pass();
  expect([ran.code, ran.problems, stage.requestsOf("POST")]).toEqual([10, ["order-ended"], []]);
});

test("a problem is a warning once, then information, and again a warning after a day", async () => {
  await using stage = await openOrders();
  place(stage, "Create").limits = { storage: -1 };
  const levelAt = async (hours: number) => {
    const { lines, code } = await stage.pass({ now: () => new Date(Date.UTC(2026, 2, 1, hours)) });
    const line = the(lines.find((one) => one.includes("bad-limit")));
    return `${/ (warn|info) /.exec(line)?.[1]} ${code}`;
  };
  expect([await levelAt(0), await levelAt(1), await levelAt(23.9), await levelAt(24)]).toEqual([
    "warn 10",
    "info 10",
    "info 10",
    "warn 10",
  ]);
});

describe("a mount point of another resource", () => {
  /** A slug is no identifier: staff can give the same one to two resources. */
  async function twoOfOneSlug(
    type: "Create" | "Terminate" | "Update",
    settings: StageOptions["settings"] = {},
  ) {
    const stage = await openOrders({ settings });
    const holder = stage.world.addResource({ name: "held", slug: "held-1", backendId: "held-1" });
    await stage.runHere("sync");
    const order = place(stage, type, "other");
    stage.resourceOf(order).slug = "held-1";
    return { stage, holder, order };
  }

  for (const type of ["Create", "Update", "Terminate"] as const) {
    test(`in the newest snapshot leaves a ${type} order alone`, async () => {
      const { stage, holder, order } = await twoOfOneSlug(type);
      await using _ = stage;
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["left"], ["mount-clash"]]);
      expect(ran.report.problems[0]?.message).toContain(holder.uuid);
      expect([stage.requestsOf("POST"), stage.filesOf(order)]).toEqual([[], []]);
      expect(order.state).toBe("pending-provider");
    });
  }

  test("does not stop an order of the holder itself", async () => {
    await using stage = await openOrders();
    const resource = stage.world.addResource({ name: "held", backendId: "held" });
    await stage.runHere("sync");
    const order = stage.world.addOrder({ type: "Terminate", resource });
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("that a create of the same pass has taken leaves the later one", async () => {
    await using stage = await openOrders();
    const [first, second] = [place(stage, "Create", "one"), place(stage, "Create", "two")];
    stage.resourceOf(second).slug = stage.resourceOf(first).slug;
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes, ran.problems]).toEqual([10, ["done", "left"], ["mount-clash"]]);
    expect([first.state, second.state]).toEqual(["done", "pending-provider"]);
  });

  for (const snapshot of [true, false]) {
    test(`that a create published since ${snapshot ? "the snapshot" : "ever"} has taken leaves a terminate`, async () => {
      await using stage = await openOrders();
      stage.world.addResource({ name: "bystander" });
      if (snapshot) await stage.runHere("sync");
      const create = place(stage, "Create", "fresh");
      await stage.pass();
      const resource = stage.world.addResource({ name: "old", slug: stage.resourceOf(create).slug });
      const terminate = stage.world.addOrder({ type: "Terminate", resource });
      const ran = await stage.pass();
      expect([ran.code, ran.problems, terminate.state]).toEqual([10, ["mount-clash"], "pending-provider"]);
      expect(stage.filesOf(terminate)).toEqual([]);
    });
  }

  const AT = Date.parse("2026-11-27T12:00:00Z");
  const DAY = 86_400_000;

  for (const finder of ["orders", "sync"] as const) {
    test(`of a terminated resource waits for its days, from when ${finder} found it terminated`, async () => {
      const { stage, holder, order } = await twoOfOneSlug("Create");
      await using _ = stage;
      stage.world.terminate(holder.uuid);
      const passAt = (ms: number) => stage.pass({ now: () => new Date(AT + ms) });
      if (finder === "sync")
        await stage.runHere("sync", { now: () => new Date(AT), sync: { allowShrink: true } });
      const first = await passAt(finder === "sync" ? DAY : 0);
      expect([first.code, first.outcomes, stage.requestsOf("POST")]).toEqual([0, ["waiting"], []]);
      expect(first.report.notices).toMatchObject([{ code: "mount-waiting", order: order.uuid }]);
      expect(first.report.notices[0]?.message).toContain("until 2026-12-04 12:00 UTC");
      expect((await passAt(7 * DAY - 1)).outcomes).toEqual(["waiting"]);
      expect([(await passAt(7 * DAY)).code, order.state]).toEqual([0, "done"]);
    });
  }

  test("of a terminated resource is free at once with path_reuse_after_days: 0", async () => {
    const { stage, holder, order } = await twoOfOneSlug("Create", { path_reuse_after_days: 0 });
    await using _ = stage;
    stage.world.terminate(holder.uuid);
    expect([(await stage.pass()).code, order.state]).toEqual([0, "done"]);
  });

  test("of a resource that Waldur does not know any more is not free", async () => {
    const { stage, holder, order } = await twoOfOneSlug("Create", { path_reuse_after_days: 0 });
    await using _ = stage;
    stage.world.terminate(holder.uuid);
    const unknown = "f".repeat(32);
    const [snapshot = ""] = stage.files();
    writeFileSync(join(stage.out, snapshot), stage.readText(snapshot).replaceAll(holder.uuid, unknown));
    rmSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
    const ran = await stage.pass();
    expect(ran.report.problems[0]?.message).toContain(unknown);
    expect([ran.problems, order.state]).toEqual([["mount-clash"], "pending-provider"]);
    expect(ran.report.problems[0]?.hint).toContain("claims release");
  });

  test("is not taken by a template: two backend ids of one path clash as well", async () => {
    await using stage = await openOrders();
    stage.world.addResource({ name: "held", backendId: "/store/same" });
    await stage.runHere("sync");
    const order = place(stage, "Terminate", "other");
    stage.resourceOf(order).backendId = "/store/same";
    expect((await stage.pass()).problems).toEqual(["mount-clash"]);
  });
});

describe("two offerings that share a directory", () => {
  /** Both in one configuration file, with the same output directory. */
  const config = ({ url, token, offering, out }: Record<"url" | "token" | "offering" | "out", string>) => {
    const one = (name: string, uuid: string) => `  - name: ${name}
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${uuid}
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
`;
    return `offerings:\n${one("Cold", offering)}${one("Warm", OTHER)}`;
  };
  /** The uuid of the second offering, which the simulator makes from its seed. */
  let OTHER = "";

  async function openTwo() {
    OTHER = (await probe()).uuid;
    const stage = await openOrders({ config });
    const other = stage.world.otherOffering;
    expect(other.uuid).toBe(OTHER);
    const cold = place(stage, "Create", "cold");
    const warm = stage.world.addOrder({ type: "Create", name: "warm", offeringUuid: other.uuid });
    return { stage, cold, warm, other };
  }

  async function probe() {
    await using stage = await openOrders();
    return stage.world.otherOffering;
  }

  test("each publishes its own orders, under its own name in the file", async () => {
    const { stage, cold, warm, other } = await openTwo();
    await using _ = stage;
    const ran = await stage.pass();
    expect([ran.code, cold.state, warm.state]).toEqual([0, "done", "done"]);
    expect(stage.documentOf(cold).meta.offering.uuid).toBe(stage.simulator.offeringUuid);
    expect(stage.documentOf(warm).meta.offering.uuid).toBe(other.uuid);
  });

  test("each reads its own list before its first order, also after the other", async () => {
    const { stage, warm, other } = await openTwo();
    await using _ = stage;
    const offering = { offeringUuid: other.uuid };
    const { project } = stage.resourceOf(warm);
    const held = stage.world.addResource({ name: "held", slug: "home", project, ...offering });
    const late = stage.world.addOrder({ type: "Create", name: "late", ...offering });
    Object.assign(stage.resourceOf(late), { slug: held.slug, project });
    const ran = await stage.pass();
    expect([ran.problems, late.state]).toEqual([["mount-clash"], "pending-provider"]);
    expect(ran.report.problems[0]?.message).toContain(held.uuid);
  });

  test("neither touches the receipts of the other", async () => {
    const { stage, cold, warm, other } = await openTwo();
    await using _ = stage;
    stage.simulator.setFaults(["503@approve"]);
    await stage.pass();
    expect(stage.receipts("open")).toBe(2);
    stage.simulator.setFaults([]);
    stage.world.deleteOrder(cold.uuid);
    stage.world.deleteOrder(warm.uuid);
    const ran = await stage.pass({ offeringUuids: [other.uuid] });
    expect(ran.report.problems.map(({ order }) => order)).toEqual([warm.uuid]);
    expect(ran.requests.some(({ path }) => path.includes(cold.uuid))).toBe(false);
    expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([1, 1]);
    expect((await stage.pass()).report.problems.map(({ order }) => order)).toEqual([cold.uuid]);
  });

  test("a mount point that a create of one has taken is taken for the other", async () => {
    const { stage, cold, warm } = await openTwo();
    await using _ = stage;
    stage.resourceOf(warm).backendId = "/store/same";
    stage.resourceOf(cold).backendId = "/store/same";
    const ran = await stage.pass();
    expect([ran.code, ran.problems, warm.state]).toEqual([10, ["mount-clash"], "pending-provider"]);
  });

  test("a failure of one does not stop the other", async () => {
    const { stage, cold, warm } = await openTwo();
    await using _ = stage;
    stage.simulator.setFaults([`403@offering_uuid=${stage.simulator.offeringUuid}`]);
    const ran = await stage.pass();
    expect([ran.code, cold.state, warm.state]).toEqual([77, "pending-provider", "done"]);
  });

  test("the problems of both are warned of once", async () => {
    const { stage, cold, warm } = await openTwo();
    await using _ = stage;
    for (const order of [cold, warm]) order.limits = { storage: -1 };
    const warnings = async () => {
      const { lines } = await stage.pass();
      return lines.filter((line) => / warn .*bad-limit/.test(line)).length;
    };
    expect([await warnings(), await warnings(), await warnings()]).toEqual([2, 0, 0]);
    cold.limits = { storage: 1 };
    expect([await warnings(), await warnings()]).toEqual([0, 0]);
  });
});
