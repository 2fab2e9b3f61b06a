// The simulator's lists, filters, roles and errors, as a client meets them.

import { describe, expect, test } from "bun:test";
import { act, call, column, start } from "./simulator-calls.ts";

const RESOURCES = "marketplace-provider-resources/";
const ORDERS = "marketplace-orders/";

describe("paging", () => {
  test("gives ten rows unless asked otherwise, and never more than 300", async () => {
    const simulator = start({ resources: 400 });
    for (const [size, rows] of [
      ["", 10],
      ["?page_size=0", 10],
      ["?page_size=-1", 10],
      ["?page_size=abc", 10],
      ["?page_size=7", 7],
      ["?page_size=1000", 300],
    ] as const) {
      const got = await call(simulator, RESOURCES + size);
      expect([size, column(got, "uuid").length]).toEqual([size, rows]);
      expect(got.headers.get("x-result-count")).toBe("400");
    }
  });

  test("knows no page 0 and none past the end, but a last one", async () => {
    const simulator = start({ resources: 21 });
    for (const page of ["0", "4", "-1", "x"]) {
      const got = await call(simulator, `${RESOURCES}?page=${page}`);
      expect(got).toMatchObject({ status: 404, body: { detail: "Invalid page." } });
    }
    expect(column(await call(simulator, `${RESOURCES}?page=last`), "uuid")).toHaveLength(1);
  });

  test("an empty list has one page", async () => {
    const simulator = start();
    expect(await call(simulator, RESOURCES)).toMatchObject({ status: 200, body: [] });
    expect((await call(simulator, `${RESOURCES}?page=2`)).status).toBe(404);
  });

  test("pages together are every row once, oldest first", async () => {
    const simulator = start({ resources: 95, terminated: 3 });
    simulator.world.addResource({ name: "youngest" });
    const created: unknown[] = [];
    const uuids = new Set<unknown>();
    for (let page = 1; page <= 10; page++) {
      const got = await call(simulator, `${RESOURCES}?page=${page}`);
      created.push(...column(got, "created"));
      for (const uuid of column(got, "uuid")) uuids.add(uuid);
    }
    expect(uuids.size).toBe(99);
    expect(created).toEqual(created.toSorted());
  });

  test("HEAD gives the count without a body", async () => {
    const simulator = start({ resources: 12 });
    const got = await call(simulator, RESOURCES, { method: "HEAD" });
    expect([got.status, got.headers.get("x-result-count"), got.body]).toEqual([200, "12", ""]);
  });
});

describe("filters", () => {
  test("by state keeps track of rows that change", async () => {
    const simulator = start({ resources: 20, terminated: 5 });
    const { world } = simulator;
    const live = world.resources().filter(({ state }) => state === "OK");
    world.terminate(live[3]?.uuid ?? "");
    world.resource(live[7]?.uuid ?? "").state = "Erred";
    const revived = world.resources()[1];
    world.resource(revived?.uuid ?? "").state = "OK";
    const added = world.addResource();
    const ok = await call(simulator, `${RESOURCES}?state=OK&page_size=300`);
    expect(column(ok, "uuid")).toEqual([
      revived?.uuid,
      ...live.filter((_, n) => n !== 3 && n !== 7).map(({ uuid }) => uuid),
      added.uuid,
    ]);
    const count = async (query: string) =>
      (await call(simulator, `${RESOURCES}?${query}`)).headers.get("x-result-count");
    expect(await count("state=Terminated")).toBe("5");
    expect(await count("state=Erred&state=OK")).toBe("21");
    expect(await count("state=Updating")).toBe("0");
    expect(await count("")).toBe("26");
  });

  test("by offering, in any form of a uuid; of a repeated one the last counts", async () => {
    const simulator = start({ resources: 3 });
    const { otherOffering } = simulator.world;
    const other = simulator.world.addResource({ offeringUuid: otherOffering.uuid });
    const dashed = otherOffering.uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
    for (const form of [otherOffering.uuid, dashed, `{${dashed}}`, `urn:uuid:${dashed}`]) {
      const got = await call(
        simulator,
        `${RESOURCES}?offering_uuid=${simulator.offeringUuid}&offering_uuid=${form}`,
      );
      expect(column(got, "uuid")).toEqual([other.uuid]);
    }
    const bad = await call(simulator, `${RESOURCES}?offering_uuid=x`);
    expect(bad).toMatchObject({ status: 400, body: { offering_uuid: ["Enter a valid UUID."] } });
    expect((await call(simulator, `${RESOURCES}?offering_uuid=${"0".repeat(32)}`)).body).toEqual([]);
  });

  test("several offerings with commas are for newer servers", async () => {
    for (const [generation, status] of [
      ["2024", 400],
      ["current", 200],
    ] as const) {
      const simulator = start({ generation, resources: 2 });
      const both = `${simulator.offeringUuid},${simulator.world.otherOffering.uuid}`;
      expect((await call(simulator, `${RESOURCES}?offering_uuid=${both}`)).status).toBe(status);
    }
  });

  test("unknown ones are ignored without a word", async () => {
    const simulator = start({ resources: 2 });
    expect(column(await call(simulator, `${RESOURCES}?offering_slug=x&colour=red`), "uuid")).toHaveLength(2);
  });

  test("ordering by created and name, both ways, and by nothing else", async () => {
    const simulator = start({ generation: "2024", resources: 30 });
    const names = async (o: string) =>
      column(await call(simulator, `${RESOURCES}?page_size=50&o=${o}`), "name");
    const oldest = await names("created");
    expect(await names("-created")).toEqual(oldest.toReversed());
    expect(await names("name")).toEqual(oldest.toSorted());
    expect((await call(simulator, `${RESOURCES}?o=modified`)).status).toBe(400);
  });

  test("a newer state in a list of orders is a 400 on an old server only", async () => {
    const path = `${ORDERS}?state=pending-provider&state=pending-start-date`;
    expect((await call(start({ generation: "2024" }), path)).status).toBe(400);
    expect((await call(start(), path)).status).toBe(200);
  });

  test("field= picks, drops unknown names, and gives everything when none is left", async () => {
    const simulator = start({ generation: "2024", resources: 1 });
    const first = async (query: string) => {
      const { body } = await call(simulator, RESOURCES + query);
      return Array.isArray(body) ? Object.keys(body[0]) : [];
    };
    expect(await first("?field=slug&field=uuid&field=project_slug")).toEqual(["uuid", "slug"]);
    expect((await first("?field=project_slug")).length).toBeGreaterThan(50);
  });

  test("slugs on resources are for newer servers, on orders for all", async () => {
    for (const [generation, has] of [
      ["2024", false],
      ["current", true],
    ] as const) {
      const simulator = start({ generation, resources: 1, orders: 1 });
      const [resource] = column(await call(simulator, RESOURCES), "project_slug");
      expect(typeof resource).toBe(has ? "string" : "undefined");
      const [order] = column(await call(simulator, ORDERS), "project_slug");
      expect(typeof order).toBe("string");
    }
  });
});

describe("roles", () => {
  test("a provider sees nothing on the consumers' endpoint, a consumer nothing on the providers'", async () => {
    const simulator = start({ resources: 30 });
    const count = async (path: string, token: string) =>
      Number((await call(simulator, path, { token })).headers.get("x-result-count"));
    expect(await count("marketplace-resources/", simulator.providerToken)).toBe(0);
    expect(await count(RESOURCES, simulator.consumerToken)).toBe(0);
    const own = await count("marketplace-resources/", simulator.consumerToken);
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(30);
    expect(await count("marketplace-resources/", simulator.staffToken)).toBe(30);
    expect(await count(RESOURCES, simulator.strangerToken)).toBe(0);
  });

  test("the offering is there for its provider and for staff only", async () => {
    const simulator = start();
    const status = async (token: string) => {
      return (await call(simulator, `marketplace-provider-offerings/${simulator.offeringUuid}/`, { token }))
        .status;
    };
    const { providerToken, staffToken, consumerToken, strangerToken } = simulator;
    expect(await Promise.all([providerToken, staffToken, consumerToken, strangerToken].map(status))).toEqual([
      200, 200, 404, 404,
    ]);
  });

  test("the provider finds the projects it serves, with their slugs", async () => {
    const simulator = start({ generation: "2024", resources: 100 });
    const { provider } = simulator.world;
    const [uuid] = column(
      await call(simulator, `marketplace-service-providers/?customer_uuid=${provider.uuid}`),
      "uuid",
    );
    expect(uuid).toBe(simulator.providerUuid);
    const got = await call(
      simulator,
      `marketplace-service-providers/${uuid}/projects/?field=slug&field=customer_slug`,
    );
    expect(got.body).toContainEqual({ slug: "ice-core-1", customer_slug: "glacier--1" });
  });
});

describe("errors before any endpoint", () => {
  test("a missing endpoint is HTML, a missing object JSON", async () => {
    const simulator = start();
    const endpoint = await call(simulator, "marketplace-site-agent-identities/");
    expect([endpoint.status, endpoint.type]).toEqual([404, "text/html; charset=utf-8"]);
    const object = await call(simulator, `${RESOURCES}${"0".repeat(32)}/`);
    expect(object).toMatchObject({ status: 404, body: { detail: "No Resource matches the given query." } });
    expect((await call(simulator, `${RESOURCES}constructor/toString/`)).type).toStartWith("text/html");
  });

  test("the scheme is Token in any case; Bearer and spaces are refused", async () => {
    const simulator = start();
    const detail = async (authorization: string) => {
      const answer = await fetch(simulator.url + ORDERS, { headers: { Authorization: authorization } });
      return answer.status === 200 ? 200 : ((await answer.json()) as { detail: string }).detail;
    };
    expect(await detail(`token ${simulator.providerToken}`)).toBe(200);
    expect(await detail(`Bearer ${simulator.providerToken}`)).toBe(
      "Authentication credentials were not provided.",
    );
    expect(await detail("Token a b")).toBe("Invalid token. Token string should not contain spaces.");
    expect(await detail("Token a")).toBe("Invalid token.");
  });

  test("methods, formats and broken JSON are refused", async () => {
    const simulator = start();
    expect(await call(simulator, ORDERS, { method: "PUT" })).toMatchObject({
      status: 405,
      body: { detail: 'Method "PUT" not allowed.' },
    });
    const post = (headers: Record<string, string>, body: string) =>
      fetch(simulator.url + ORDERS, {
        method: "POST",
        headers: { Authorization: `Token ${simulator.consumerToken}`, ...headers },
        body,
      });
    expect((await post({ "Content-Type": "application/json" }, "{")).status).toBe(400);
    expect((await post({ "Content-Type": "text/plain" }, "{}")).status).toBe(415);
    expect((await post({ Accept: "text/html" }, "")).status).toBe(406);
  });
});

describe("the world", () => {
  test("is the same for a seed, and another for another", () => {
    const [one, same, other] = [5, 5, 6].map((seed) => start({ seed, resources: 40, orders: 4 }));
    expect(same?.world.resources()).toEqual(one?.world.resources() ?? []);
    expect(same?.world.orders).toEqual(one?.world.orders ?? []);
    expect(same?.providerToken).toBe(one?.providerToken ?? "");
    expect(other?.offeringUuid).not.toBe(one?.offeringUuid ?? "");
  });

  test("of a million resources is there at once, and any of them is found by its uuid", async () => {
    const simulator = start({ resources: 1_000_000, terminated: 50_000 });
    const got = await call(simulator, `${RESOURCES}?state=OK&page_size=300&page=3333&field=uuid&field=slug`);
    expect(got.headers.get("x-result-count")).toBe("1000000");
    const [uuid] = column(got, "uuid");
    const detail = await call(simulator, `${RESOURCES}${uuid}/?field=slug`);
    expect(detail.body).toEqual({ slug: column(got, "slug")[0] });
  });

  test("gives seeded rows mount points of their own", () => {
    for (const generation of ["2024", "current"] as const) {
      const rows = start({ generation, resources: 5000 }).world.resources();
      const places = rows.map(({ project, slug }) => `${project?.customer.slug}/${project?.slug}/${slug}`);
      expect(new Set(places).size).toBe(5000);
    }
  });

  test("shows whatever a test writes into it", async () => {
    const simulator = start({ resources: 2 });
    const [first] = simulator.world.resources();
    Object.assign(simulator.world.resource(first?.uuid ?? ""), {
      slug: "--",
      limits: null,
      project: null,
      wire: { backend_id: 7, options: undefined },
    });
    const { body } = await call(simulator, `${RESOURCES}${first?.uuid}/`);
    expect(body).toMatchObject({ slug: "--", limits: null, project: null, backend_id: 7 });
    expect(body).not.toHaveProperty("project_uuid");
    expect(body).not.toHaveProperty("options");
  });

  test("makes slugs by the rule of its generation", () => {
    const old = start({ generation: "2024" }).world;
    expect([
      old.addResource({ name: "Ünïcödé & Co" }).slug,
      old.addResource({ name: "unicode, too" }).slug,
    ]).toEqual(["unicode--1", "unicode--2"]);
    expect(old.addResource({ name: "日本語" }).slug).toBe("-3");
    const current = start().world;
    expect([current.addResource({ name: "Data" }).slug, current.addResource({ name: "data" }).slug]).toEqual([
      "data",
      "data-2",
    ]);
  });

  test("logs requests as they were answered", async () => {
    const simulator = start({ orders: 1 });
    await call(simulator, `${ORDERS}?page_size=1`, { token: "nobody" });
    await act(simulator, simulator.world.orders[0]?.uuid ?? "", "set_state_done");
    expect(simulator.requests).toMatchObject([
      { method: "GET", path: ORDERS, query: "page_size=1", status: 401, authorised: false },
      { method: "POST", status: 409, authorised: true },
    ]);
  });

  test("lets requests of one token wait for each other where the server does", async () => {
    const timed = async (serializePerToken: boolean) => {
      const simulator = start({ serializePerToken, latencyMs: 60 });
      const startedAt = performance.now();
      await Promise.all([1, 2, 3].map(() => call(simulator, ORDERS)));
      return performance.now() - startedAt;
    };
    const [inTurns, together] = [await timed(true), await timed(false)];
    expect(inTurns).toBeGreaterThan(170);
    expect(together).toBeLessThan(inTurns);
  });

  test("compresses when asked to", async () => {
    const simulator = start({ gzip: true, resources: 3 });
    const answer = await fetch(simulator.url + RESOURCES, {
      headers: { Authorization: `Token ${simulator.providerToken}`, "Accept-Encoding": "gzip" },
    });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(await answer.json()).toHaveLength(3);
  });
});
