// Unexpected behaviour of a real Waldur of October 2024, one case after the other: first what happens to a client that
// takes it at its word, by plain requests, then what the program makes of it (docs/waldur.md).

import { describe, expect, test } from "bun:test";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Simulator } from "../../lib/simulator/server.ts";
import { openOrders, place, the } from "./orders-stage.ts";
import { act, call, column, start } from "./simulator-calls.ts";

const generation = "2024";
const RESOURCES = "marketplace-provider-resources/";
const live = (simulator: Simulator, query = "") =>
  call(simulator, `${RESOURCES}?offering_uuid=${simulator.offeringUuid}&state=OK${query}`);

/** What an agent does that trusts its answers. */
async function naively(simulator: Simulator, order: SimOrder): Promise<number[]> {
  const path = `${RESOURCES}${order.resourceUuid}/set_backend_id/`;
  const answers = [await act(simulator, order.uuid, "approve_by_provider")];
  if (order.type === "Create")
    answers.push(await call(simulator, path, { method: "POST", body: { backend_id: "x" } }));
  answers.push(await act(simulator, order.uuid, "set_state_done"));
  await simulator.workerIdle();
  return answers.map(({ status }) => status);
}

describe("approving an update errs it", () => {
  test("the naive client gets 200 three times and an erred order", async () => {
    const simulator = start({ generation, workerDelayMs: 20 });
    const order = place(simulator, "Update");
    expect(await naively(simulator, order)).toEqual([200, 200]);
    expect(order.state).toBe("erred");
  });

  test("slower than the worker, it gets a 409", async () => {
    const simulator = start({ generation, workerDelayMs: 0 });
    const order = place(simulator, "Update");
    expect(await naively(simulator, order)).toEqual([200, 409]);
    expect(order.state).toBe("erred");
  });

  test("the program gets its update through", async () => {
    await using stage = await openOrders({ generation, workerDelayMs: 20 });
    const order = place(stage, "Update");
    expect((await stage.pass()).code).toBe(0);
    await stage.simulator.workerIdle();
    expect([order.state, stage.resourceOf(order).limits]).toEqual(["done", { storage: 20 }]);
  });
});

describe("set_state_executing is a weapon", () => {
  for (const state of ["pending-consumer", "erred"]) {
    test(`the naive client runs over an order that is ${state}`, async () => {
      const simulator = start({ generation });
      const order = simulator.world.addOrder({ type: "Create", state });
      expect((await act(simulator, order.uuid, "set_state_executing")).status).toBe(200);
      expect((await act(simulator, order.uuid, "set_state_done")).status).toBe(200);
      expect(order.state).toBe("done");
    });

    test(`the program leaves one alone, also when it becomes ${state} after it was listed`, async () => {
      await using stage = await openOrders({ generation });
      const [early, late] = [place(stage, "Create", "early"), place(stage, "Create", "late")];
      early.state = state;
      stage.once("order", () => {
        late.state = state;
      });
      expect((await stage.pass()).code).toBe(10);
      expect([early.state, late.state, stage.requestsOf("POST"), stage.files()]).toEqual([
        state,
        state,
        [],
        [],
      ]);
    });
  }
});

describe("the worker takes back a backend id", () => {
  test("the naive client gets 200 three times and an empty backend id", async () => {
    const simulator = start({ generation, workerDelayMs: 30 });
    const order = place(simulator, "Create");
    expect(await naively(simulator, order)).toEqual([200, 200, 200]);
    expect(simulator.world.resource(the(order.resourceUuid)).backendId).toBe("");
  });

  for (const acceptance of ["auto", "approve"]) {
    test(`the program keeps it (acceptance: ${acceptance})`, async () => {
      await using stage = await openOrders({ generation, workerDelayMs: 30, settings: { acceptance } });
      const order = place(stage, "Create");
      await stage.pass();
      await stage.simulator.workerIdle();
      await stage.pass();
      expect([order.state, stage.resourceOf(order).backendId]).toEqual([
        "done",
        the(stage.resourceOf(order).slug),
      ]);
    });
  }
});

describe("a late worker undoes what is done", () => {
  test("the naive client has a terminated resource come back, and a done update err", async () => {
    const simulator = start({ generation, faults: ["late-worker"] });
    const [terminate, update] = [place(simulator, "Terminate"), place(simulator, "Update")];
    expect(await naively(simulator, terminate)).toEqual([200, 200]);
    expect(await naively(simulator, update)).toEqual([200, 200]);
    const { state } = simulator.world.resource(the(terminate.resourceUuid));
    expect([state, update.state]).toEqual(["Terminating", "erred"]);
  });

  test("the program wakes no worker", async () => {
    await using stage = await openOrders({ generation, faults: ["late-worker"] });
    const [terminate, update] = [place(stage, "Terminate"), place(stage, "Update")];
    await stage.pass();
    await stage.simulator.workerIdle();
    expect([stage.resourceOf(terminate).state, update.state]).toEqual(["Terminated", "done"]);
  });
});

describe("one token means one request at a time", () => {
  test("four pages in parallel take as long as one after the other", async () => {
    const simulator = start({ generation, resources: 40, latencyMs: 15 });
    const began = performance.now();
    await Promise.all([1, 2, 3, 4].map((page) => live(simulator, `&page=${page}`)));
    expect(performance.now() - began).toBeGreaterThan(4 * 15 - 5);
  });

  test("the program never has two requests on their way", async () => {
    await using stage = await openOrders({ generation, resources: 650, orders: 4, latencyMs: 2 });
    const { requests } = stage.simulator;
    let overlapping = 0;
    stage.count(() => {
      if (requests.at(-1)?.status === 0) overlapping++;
    });
    await stage.pass();
    const { report } = await stage.runHere("sync");
    expect([report.exitCode, overlapping]).toEqual([0, 0]);
    expect(requests.filter(({ query }) => query.includes("page_size=300")).length).toBeGreaterThan(3);
  });
});

describe("the cost of a row depends on its fields", () => {
  test("without field= the naive client gets five times the bytes, and names of people", async () => {
    const simulator = start({ generation, resources: 10 });
    const all = JSON.stringify((await live(simulator)).body);
    const few = JSON.stringify((await live(simulator, "&field=uuid&field=slug&field=limits")).body);
    expect(all.length / few.length).toBeGreaterThan(5);
  });

  test("the program names the fields in every list and every read", async () => {
    await using stage = await openOrders({ generation, resources: 10, orders: 4 });
    await stage.pass();
    await stage.runHere("sync");
    const without = stage.requestsOf("GET").filter(({ query }) => !query.includes("field="));
    expect(without.map(({ path }) => path)).toEqual([]);
    const fields = stage.requestsOf("GET").flatMap(({ query }) => new URLSearchParams(query).getAll("field"));
    expect(fields.filter((name) => /username|full_name|email|civil|can_terminate|usage/.test(name))).toEqual(
      [],
    );
  });
});

describe("resources carry no slugs of their project and customer", () => {
  test("the naive client requests them and gets none, without an error", async () => {
    const simulator = start({ generation, resources: 1 });
    const got = await live(
      simulator,
      "&field=uuid&field=project_slug&field=customer_slug&field=offering_slug",
    );
    expect([got.status, Object.keys(the(Array.isArray(got.body) ? got.body[0] : null))]).toEqual([
      200,
      ["uuid"],
    ]);
  });

  for (const which of ["2024", "current"] as const) {
    test(`the program makes paths of them all the same (${which})`, async () => {
      await using stage = await openOrders({ generation: which });
      const [home, ...others] = stage.world.projects;
      for (const [n, project] of others.entries()) stage.world.addResource({ name: `r${n}`, project });
      const order = stage.world.addOrder({ type: "Create", name: "fresh", project: the(home) });
      await stage.pass();
      await stage.runHere("sync");
      const snapshot = stage.read(the(stage.files().find((name) => name.endsWith("-all.json"))));
      const paths = snapshot.result.storageResources.map(({ mountPoint }) => mountPoint.default);
      const { slug } = stage.world.offering;
      expect(paths).toEqual(
        stage.world
          .resources()
          .map(
            ({ project, slug: own }) => `/${slug}/store/${project?.customer.slug}/${project?.slug}/${own}`,
          ),
      );
      expect(paths).toContain(stage.entryOf(order).mountPoint.default);
      expect(paths).toHaveLength(6);
    });
  }

  test("the provider's projects have them, with one request for all", async () => {
    await using stage = await openOrders({ generation, resources: 30 });
    await stage.runHere("sync");
    const lists = stage.requestsOf("GET").filter(({ path }) => path.endsWith("/projects/"));
    expect(lists).toHaveLength(1);
    const { customer_slug, slug } = the(await firstProject(stage.simulator));
    const project = the(stage.world.projects[0]);
    expect([slug, customer_slug]).toEqual([project.slug, project.customer.slug]);
  });
});

async function firstProject(simulator: Simulator): Promise<Record<string, unknown> | undefined> {
  const path = `marketplace-service-providers/${simulator.providerUuid}/projects/?field=slug&field=customer_slug`;
  const { body } = await call(simulator, path);
  return Array.isArray(body) ? body[0] : undefined;
}

describe("slugs identify nothing", () => {
  test("the naive client gives two resources one path", async () => {
    const simulator = start({ generation });
    for (const name of ["one", "two"]) simulator.world.addResource({ name, slug: "same" });
    expect(column(await live(simulator), "slug")).toEqual(["same", "same"]);
  });

  test("the program gives it to the older, and reports the other", async () => {
    await using stage = await openOrders({ generation });
    const [older, younger] = ["one", "two"].map((name) => stage.world.addResource({ name, slug: "same" }));
    const { report } = await stage.runHere("sync");
    const entries = stage.read(the(stage.files()[0])).result.storageResources;
    expect([report.exitCode, entries.map(({ itemId }) => itemId)]).toEqual([10, [the(older).uuid]]);
    expect(report.problems[0]?.message).toContain(the(younger).uuid);
  });

  for (const slug of ["-200", "--", "Glacier--1", "-10000"]) {
    test(`the program takes ${slug} for what it is`, async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      stage.resourceOf(order).slug = slug;
      expect((await stage.pass()).code).toBe(0);
      expect(stage.entryOf(order).mountPoint.default.endsWith(`/${slug}`)).toBe(true);
      expect(stage.resourceOf(order).backendId).toBe(slug);
    });
  }
});

describe("set_state_erred", () => {
  test("breaks for the naive client without a body, and hits a resource whose order is done with one", async () => {
    const simulator = start({ generation });
    const order = simulator.world.addOrder({ type: "Create", state: "done" });
    expect((await act(simulator, order.uuid, "set_state_erred")).status).toBe(500);
    const body = { error_message: "x", error_traceback: "" };
    expect((await act(simulator, order.uuid, "set_state_erred", body)).status).toBe(200);
    expect([order.state, simulator.world.resource(the(order.resourceUuid)).state]).toEqual(["done", "Erred"]);
  });

  test("is never sent by the program, whatever fails", async () => {
    await using stage = await openOrders({
      generation,
      faults: ["503@set_backend_id", "done-without-effect"],
    });
    for (const type of ["Create", "Update", "Terminate"] as const) place(stage, type);
    await stage.pass();
    await stage.pass();
    const erred = stage.requestsOf("POST").filter(({ path }) => path.includes("set_state_erred"));
    expect(erred).toEqual([]);
  });
});

describe("unknown filters are ignored", () => {
  test("the naive client gets the resources of everybody", async () => {
    const simulator = start({ generation, resources: 2 });
    const { otherOffering } = simulator.world;
    simulator.world.addResource({ offeringUuid: otherOffering.uuid });
    const got = await call(simulator, `${RESOURCES}?offering_slug=${otherOffering.slug}`);
    expect([got.status, column(got, "uuid").length]).toEqual([200, 3]);
  });

  test("the program refuses a list whose rows are not of its offering", async () => {
    await using stage = await openOrders({ generation, faults: ["ignored-filter"] });
    const { world } = stage;
    world.addResource({ name: "theirs", offeringUuid: world.otherOffering.uuid });
    world.addOrder({ type: "Create", name: "order", offeringUuid: world.otherOffering.uuid });
    const { report } = await stage.runHere("sync");
    expect([report.exitCode, (await stage.pass()).code, stage.files()]).toEqual([65, 65, []]);
    expect(stage.requestsOf("POST")).toEqual([]);
  });
});

describe("a page that moves hides rows", () => {
  test("the naive client loses a live resource when another one is terminated", async () => {
    const simulator = start({ generation, resources: 20, faults: ["shrinking-list*1"] });
    const seen: unknown[] = [];
    for (const page of [1, 2]) seen.push(...column(await live(simulator, `&page=${page}`), "uuid"));
    const lost = simulator.world
      .resources()
      .filter(({ uuid, state }) => state === "OK" && !seen.includes(uuid));
    expect(lost).toHaveLength(1);
  });

  test("the program reads again until it has them all", async () => {
    await using stage = await openOrders({ generation, resources: 320, faults: ["shrinking-list*1"] });
    const { report } = await stage.runHere("sync");
    const entries = stage.read(the(stage.files()[0])).result.storageResources;
    const alive = stage.world.resources().filter(({ state }) => state === "OK");
    expect([report.exitCode, alive.length]).toEqual([0, 319]);
    expect(entries.map(({ itemId }) => itemId)).toEqual(alive.map(({ uuid }) => uuid));
  });
});

describe("consumers delete pending orders", () => {
  const deleteAsConsumer = (simulator: Simulator, { uuid }: SimOrder) => {
    const token = simulator.consumerToken;
    return call(simulator, `marketplace-orders/${uuid}/`, { method: "DELETE", token });
  };

  test("the naive client finds nothing where the order was, and a resource in Creating for ever", async () => {
    const simulator = start({ generation });
    const order = place(simulator, "Create");
    expect((await deleteAsConsumer(simulator, order)).status).toBe(204);
    expect((await act(simulator, order.uuid, "approve_by_provider")).status).toBe(404);
    expect(simulator.world.resource(the(order.resourceUuid)).state).toBe("Creating");
  });

  test("the program reports it once, and continues with the others", async () => {
    await using stage = await openOrders({ generation, faults: ["503@set_state_executing*1"] });
    const order = place(stage, "Create", "deleted");
    await stage.pass();
    await deleteAsConsumer(stage.simulator, order);
    const other = place(stage, "Create", "kept");
    const ran = await stage.pass();
    expect([ran.problems, other.state]).toEqual([["order-vanished"], "done"]);
    expect((await stage.pass()).code).toBe(0);
  });
});

describe("orders can hold anything", () => {
  test("the naive client gets a 500 about an order that exists", async () => {
    const simulator = start({ generation });
    const offering = `${simulator.url}marketplace-public-offerings/${simulator.offeringUuid}/`;
    const project = `${simulator.url}projects/${simulator.projectUuid}/`;
    const body = { offering, project, attributes: { name: "big\nname" }, limits: { storage: 1e30 } };
    const token = simulator.consumerToken;
    expect((await call(simulator, "marketplace-orders/", { method: "POST", token, body })).status).toBe(500);
    expect(simulator.world.orders).toMatchObject([{ state: "pending-provider", limits: { storage: 1e30 } }]);
  });

  test("the program leaves what makes no sense, and takes what is only odd", async () => {
    await using stage = await openOrders({ generation });
    const { world } = stage;
    const huge = world.addOrder({ type: "Create", name: "huge", limits: { storage: 1e30 } });
    const negative = world.addOrder({ type: "Create", name: "negative", limits: { storage: -5 } });
    const bare = world.addOrder({ type: "Create", name: "bare", limits: {}, hasPlan: false });
    const odd = world.addOrder({ type: "Create", name: " \n", limits: { storage: "3" } });
    const ran = await stage.pass();
    expect([ran.code, ran.problems]).toEqual([10, ["bad-limit", "bad-limit"]]);
    expect([huge, negative, bare, odd].map(({ state }) => state)).toEqual([
      "pending-provider",
      "pending-provider",
      "done",
      "done",
    ]);
    expect([stage.entryOf(bare).quotas, stage.entryOf(odd).quotas?.[0]?.quota]).toEqual([null, 3]);
  });
});

describe("a missing endpoint is HTML, a missing order JSON", () => {
  test("the naive client sees two 404", async () => {
    const simulator = start({ generation });
    const order = await call(simulator, `marketplace-orders/${"0".repeat(32)}/`);
    const endpoint = await call(simulator, `marketplace-orders/${"0".repeat(32)}/set_backend_id/`);
    expect([order.status, endpoint.status]).toEqual([404, 404]);
    expect([order.type, endpoint.type]).toEqual(["application/json", "text/html; charset=utf-8"]);
  });

  for (const [fault, code, problem] of [
    ["404", 10, "order-vanished"],
    ["404-html", 69, "endpoint"],
  ] as const) {
    test(`the program reports ${problem} for ${fault}`, async () => {
      await using stage = await openOrders({ generation });
      const order = place(stage, "Create");
      stage.simulator.setFaults([`${fault}@marketplace-orders/${order.uuid}`]);
      const ran = await stage.pass();
      expect([ran.code, ran.problems]).toEqual([code, [problem]]);
    });
  }
});
