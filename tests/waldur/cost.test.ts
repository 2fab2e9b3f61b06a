// What a run asks of Waldur, counted exactly and without a clock: requests of a sync by pages, of an order by type, of
// an idle pass, and the bytes of a row. A number that grows here must be worth it (docs/benchmark.md).

import { describe, expect, test } from "bun:test";
import { readPage } from "../pages.ts";
import { GENERATIONS, openOrders, place, TYPES } from "./orders-stage.ts";
import { open } from "./sync-stage.ts";

/** The requests that every sync sends beside its pages, and those that join the slugs of projects and customers. */
const FIXED = [
  "marketplace-provider-offerings/{uuid}/",
  "marketplace-orders/",
  "marketplace-provider-resources/ one row",
  "marketplace-provider-resources/ count of Terminated",
  "marketplace-provider-resources/ count of Terminated",
];
const JOIN = ["marketplace-service-providers/", "marketplace-service-providers/{uuid}/projects/"];
/** A create's resource is read once more, so that a backend id that another agent set is not overwritten. */
const OF_ORDER = { Create: 9, Update: 6, Terminate: 6 };

type Asked = { path: string; query: string };

/** A request by what it is for. */
function purposeOf({ path, query }: Asked): string {
  const shape = path.replace(/[0-9a-f]{32}/g, "{uuid}");
  if (shape !== "marketplace-provider-resources/") return shape;
  if (query.includes("page=")) return `${shape} page`;
  return query.includes("state=Terminated") ? `${shape} count of Terminated` : `${shape} one row`;
}

async function asksOf(options: Parameters<typeof open>[0], settings: Record<string, number> = {}) {
  const stage = await open({ ...options, settings });
  const { report } = await stage.runHere("sync");
  expect(report.exitCode).toBe(0);
  return { stage, requests: stage.simulator.requests };
}

for (const generation of GENERATIONS) {
  const fixed = [...FIXED, ...JOIN];

  describe(`a ${generation} server`, () => {
    for (const [resources, pages] of [
      [1, 1],
      [300, 1],
      [301, 2],
      [1500, 5],
    ] as const) {
      test(`a sync of ${resources} resources asks for ${pages} pages and ${fixed.length} things more`, async () => {
        const { requests } = await asksOf({ generation, resources });
        const pageRequests = Array.from({ length: pages }, () => "marketplace-provider-resources/ page");
        expect(requests.map(purposeOf).sort()).toEqual([...fixed, ...pageRequests].sort());
      });
    }

    test("asking for pages side by side asks for no more of them", async () => {
      const one = await asksOf({ generation, resources: 2500 });
      const eight = await asksOf({ generation, resources: 2500 }, { parallel_requests: 8 });
      expect(eight.requests.length).toBe(one.requests.length);
    });

    test("a second sync asks for as much as the first", async () => {
      const { stage, requests } = await asksOf({ generation, resources: 700 });
      const first = requests.splice(0).map(purposeOf);
      await stage.runHere("sync");
      expect(requests.map(purposeOf)).toEqual(first);
    });

    test("an idle pass asks for the offering and for its orders", async () => {
      await using stage = await openOrders({ generation, resources: 500 });
      const ran = await stage.pass();
      expect(ran.steps).toEqual(["offering", "list"]);
    });

    for (const type of TYPES) {
      const each = OF_ORDER[type];
      test(`a ${type} order costs ${each} requests, however many there are`, async () => {
        await using stage = await openOrders({ generation });
        for (let n = 0; n < 3; n++) place(stage, type);
        const ran = await stage.pass();
        expect(ran.outcomes).toEqual(["done", "done", "done"]);
        expect(ran.requests.length).toBe(2 + 3 * each);
      });
    }

    test("301 open orders are listed in two requests", async () => {
      await using stage = await openOrders({ generation, resources: 400, orders: 301 });
      await stage.pass({ dryRun: true });
      const lists = stage.simulator.requests.filter(({ path }) => path === "marketplace-orders/");
      expect(lists.length).toBe(2);
    });
  });
}

test("docs/benchmark.md has these numbers", () => {
  const { text, table } = readPage("docs/benchmark.md");
  const rows = table("## Requests").map(([what, ...numbers]) => [what, ...new Set(numbers)]);
  expect(rows).toEqual([
    ["of a sync, beside its pages and resources that changed", `${FIXED.length + JOIN.length}`],
    ["of a pass of orders without orders", "2"],
    ["of a create order", `${OF_ORDER.Create}`],
    ["of an update or terminate order", `${OF_ORDER.Update}`],
  ]);
  expect(text.replaceAll("\n", " ")).toContain("has 351 bytes, 347 on a server of 2024: a sixth of");
});

describe("bytes", () => {
  /** Of the first page of a sync, 300 rows, asked for again as the run asked for it; and with all fields. */
  async function pageBytes(generation: (typeof GENERATIONS)[number]) {
    const { stage, requests } = await asksOf({ generation, resources: 300 });
    const { simulator } = stage;
    const asked = requests.find((request) => purposeOf(request).endsWith(" page"));
    const bytesOf = async (query: URLSearchParams) => {
      const answer = await fetch(`${simulator.url}${asked?.path}?${query}`, {
        headers: { Authorization: `Token ${simulator.providerToken}` },
      });
      return (await answer.bytes()).length;
    };
    const query = new URLSearchParams(asked?.query);
    const asRun = await bytesOf(query);
    query.delete("field");
    return { asRun, whole: await bytesOf(query) };
  }

  test("a row of a current server is asked for in 351 bytes, a sixth of the whole", async () => {
    const { asRun, whole } = await pageBytes("current");
    expect(asRun).toBe(105_171);
    expect(whole).toBeGreaterThan(6 * asRun);
  });

  test("a row of a server of 2024, whose slugs are joined, in 347 bytes, a sixth", async () => {
    const { asRun, whole } = await pageBytes("2024");
    expect(asRun).toBe(104_035);
    expect(whole).toBeGreaterThan(6 * asRun);
  });

  test("an order is asked for without anything that is not mapped", async () => {
    await using stage = await openOrders();
    place(stage, "Create");
    await stage.pass();
    const fields = stage.simulator.requests
      .filter(({ path }) => path.startsWith("marketplace-orders/"))
      .filter(({ method }) => method === "GET")
      .map(({ query }) => new URLSearchParams(query).getAll("field").length);
    expect(new Set(fields)).toEqual(new Set([17]));
  });
});
