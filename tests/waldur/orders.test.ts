// One order of each type, from pending to done, on both generations of servers: which requests are sent in which order,
// what the file says, and that running again changes nothing (docs/contract.md, "Orders").

import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "pathe";
import { GENERATIONS, openOrders, place, stepOf, TYPES, the } from "./orders-stage.ts";

const ENDS = { Create: "OK", Update: "OK", Terminate: "Terminated" } as const;
const STATUS = { Create: "pending", Update: "updating", Terminate: "removing" } as const;

for (const generation of GENERATIONS) {
  const accept = generation === "2024" ? "set_state_executing" : "approve_by_provider";

  describe(`a ${generation} server`, () => {
    for (const type of TYPES) {
      test(`takes a ${type} order to done, reading back after every call`, async () => {
        await using stage = await openOrders({ generation });
        const order = place(stage, type);
        const ran = await stage.pass();
        const backendId = type === "Create" ? ["resource", "set_backend_id", "resource"] : [];
        expect(ran.steps).toEqual([
          ...["offering", "list", "resource", "order", accept, "order"],
          ...backendId,
          ...["set_state_done", "order"],
        ]);
        expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
        expect([order.state, stage.resourceOf(order).state]).toEqual(["done", ENDS[type]]);
        expect(stage.entryOf(order).status).toBe(STATUS[type]);
        expect([stage.receipts("open"), stage.receipts("closed")]).toEqual([0, 1]);
      });

      test(`has the file of a ${type} order in place when it is set done`, async () => {
        await using stage = await openOrders({ generation });
        const order = place(stage, type);
        const there: unknown[] = [];
        stage.on(accept, () => there.push(stage.filesOf(order).length));
        stage.on("set_state_done", () => there.push(stage.documentOf(order).meta.order?.uuid));
        await stage.pass();
        expect(there).toEqual([0, order.uuid]);
      });

      test(`continues with a ${type} order that is executing already`, async () => {
        await using stage = await openOrders({ generation });
        const order = place(stage, type);
        order.state = "executing";
        const ran = await stage.pass();
        expect(ran.steps.slice(2, 4)).toEqual(["resource", "order"]);
        expect(ran.steps).not.toContain(accept);
        expect([ran.code, order.state, stage.filesOf(order).length]).toEqual([0, "done", 1]);
      });
    }

    test("running again sends nothing but two reads and touches nothing but the time of the last successful run", async () => {
      await using stage = await openOrders({ generation });
      for (const type of TYPES) place(stage, type);
      await stage.pass();
      const good = stage.everything().filter((path) => path.includes("/good-orders-"));
      expect(good.map((path) => statSync(join(stage.out, path)).size)).toEqual([0]);
      const others = () => stage.everything().filter((path) => !good.includes(path));
      const seen = () => [good, others().map((path) => pictureOf(join(stage.out, path)))];
      const before = seen();
      const ran = await stage.pass();
      expect([ran.code, ran.steps, ran.report.files]).toEqual([0, ["offering", "list"], []]);
      expect(seen()).toEqual(before);
    });

    test("asks for the open orders of its offering, oldest first, and says that it is an agent", async () => {
      await using stage = await openOrders({ generation });
      place(stage, "Create");
      const ran = await stage.pass();
      const list = the(ran.requests.find((request) => stepOf(request) === "list"));
      const query = new URLSearchParams(list.query);
      expect(query.getAll("state")).toEqual(["pending-provider", "executing"]);
      expect([query.get("offering_uuid"), query.get("o")]).toEqual([stage.simulator.offeringUuid, "created"]);
      expect(query.getAll("field")).toContain("marketplace_resource_uuid");
      expect(ran.requests.every(({ userAgent }) => userAgent.includes("waldur-site-agent"))).toBe(true);
    });

    test("a dry run lists the same calls and documents, and changes nothing", async () => {
      await using stage = await openOrders({ generation });
      const orders = TYPES.map((type) => place(stage, type));
      const before = stage.everything();
      const dry = await stage.pass({ dryRun: true });
      expect(stage.everything()).toEqual(before);
      expect(new Set(dry.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
      expect(dry.requests.some(({ userAgent }) => userAgent.includes("site-agent"))).toBe(false);
      expect(orders.map(({ state }) => state)).toEqual(TYPES.map(() => "pending-provider"));
      const real = await stage.pass();
      expect(dry.report.orders.map(({ calls }) => calls)).toEqual(
        real.report.orders.map(({ calls }) => calls),
      );
      expect(dry.report.files.map(({ sha256 }) => sha256)).toEqual(
        real.report.files.map(({ sha256 }) => sha256),
      );
      expect(dry.outcomes).toEqual(real.outcomes);
    });
  });
}

function pictureOf(path: string): unknown[] {
  const { mtimeNs, ino } = statSync(path, { bigint: true });
  return [path, readFileSync(path, "base64"), mtimeNs, ino];
}

describe("the document", () => {
  test("names the order, and its offering", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    await stage.pass();
    const { meta, status, code } = stage.documentOf(order);
    expect([status, code]).toEqual(["success", 200]);
    expect(meta.offering).toEqual({
      uuid: stage.simulator.offeringUuid,
      slug: the(stage.world.offering.slug),
    });
    expect(meta.order).toEqual({ uuid: order.uuid, type: "create", created: order.created });
  });

  test("of a create has the limits of the order, or else of the resource", async () => {
    await using stage = await openOrders();
    const [own, without] = [place(stage, "Create", "one-own"), place(stage, "Create", "two-without")];
    stage.resourceOf(own).limits = { storage: 999 };
    without.limits = {};
    stage.resourceOf(without).limits = { storage: 7 };
    await stage.pass();
    expect([softTb(stage.entryOf(own).quotas), softTb(stage.entryOf(without).quotas)]).toEqual([4, 7]);
  });

  test("of an update has the old quotas and the new ones", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Update");
    await stage.pass();
    const entry = stage.entryOf(order);
    expect([softTb(entry.oldQuotas), softTb(entry.newQuotas), softTb(entry.quotas)]).toEqual([10, 20, 20]);
    expect(entry.newQuotas).toEqual(entry.quotas);
  });

  test("of an update without limits merges its new options over those of the resource", async () => {
    await using stage = await openOrders();
    const options = { permissions: "770", soft_quota_space: 3 };
    const resource = stage.world.addResource({ name: "opt", backendId: "opt", options });
    const attributes = { new_options: { soft_quota_space: 5, hard_quota_space: 6 } };
    const order = stage.world.addOrder({ type: "Update", resource, limits: {}, attributes });
    await stage.pass();
    const entry = stage.entryOf(order);
    expect(entry.permission?.value).toBe("770");
    expect([softTb(entry.oldQuotas), softTb(entry.newQuotas)]).toEqual([3, 5]);
    expect(entry.newQuotas?.map(({ quota }) => quota).slice(0, 2)).toEqual([5, 6]);
    expect(stage.world.resource(resource.uuid).options).toEqual({
      permissions: "770",
      soft_quota_space: 5,
      hard_quota_space: 6,
    });
  });

  test("of a terminate and of a create has no old quotas; a terminate has those of the resource", async () => {
    await using stage = await openOrders();
    const [create, terminate] = [place(stage, "Create"), place(stage, "Terminate")];
    terminate.limits = { storage: 99 };
    await stage.pass();
    for (const order of [create, terminate]) {
      expect(Object.keys(stage.entryOf(order))).not.toContain("oldQuotas");
      expect(Object.keys(stage.entryOf(order))).not.toContain("newQuotas");
    }
    expect(softTb(stage.entryOf(terminate).quotas)).toBe(10);
  });

  test("takes the slugs from the order where the resource has none", async () => {
    await using stage = await openOrders({ generation: "2024" });
    const order = place(stage, "Create", "ice");
    await stage.pass();
    const { tenant, customer, mountPoint, storageSystem } = stage.entryOf(order);
    const project = the(order.project);
    expect([tenant.key, customer.key]).toEqual([the(project.customer.slug), the(project.slug)]);
    const slug = the(stage.resourceOf(order).slug);
    expect(mountPoint.default).toBe(`/${storageSystem.key}/store/${tenant.key}/${customer.key}/${slug}`);
  });
});

function softTb(quotas: readonly { quota: number }[] | null | undefined): number | undefined {
  return quotas?.[0]?.quota;
}

test("knows its own files in a directory whose name has a backslash", async () => {
  await using stage = await openOrders({
    config: ({ url, token, offering, out }) => `offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${offering}
    order_processing_backend: cscs-hpc-storage
    backend_settings: { output_directory: '${out}/a\\b' }
`,
  });
  place(stage, "Create");
  const ran = await stage.pass();
  expect([ran.code, ran.outcomes, ran.problems]).toEqual([0, ["done"], []]);
  expect(ran.report.files[0]?.path).toStartWith(`${stage.out}/a\\b/`);
});
