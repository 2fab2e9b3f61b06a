// What the program asks of Waldur: every request of a run, with its fields, for each mode and each generation of
// server. The lists in tests/fixtures/traffic are read like code, because each field costs a real server queries for
// each row (docs/waldur.md, "Lists"); they are rewritten only with UPDATE_GOLDEN=1. One request or field more, or less,
// fails.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Generation } from "../../lib/simulator/model.ts";
import { type HereOptions, openStage, type Stage, type StageOptions } from "../stage.ts";

const GOLDEN = join(import.meta.dir, "../fixtures/traffic");
const GENERATIONS: readonly Generation[] = ["current", "2024"];
const ORDER_TYPES = ["Create", "Update", "Terminate"] as const;

type Request = { method: string; path: string; query: Readonly<Record<string, readonly string[]>> };
type Traffic = { userAgent: readonly string[]; requests: readonly Request[] };

for (const generation of GENERATIONS) {
  describe(`a ${generation} server`, () => {
    test("is asked by sync, for a list of two pages, what the golden list says", async () => {
      expectGolden(
        `sync-${generation}`,
        await trafficOf("sync", { generation, resources: 310, terminated: 1 }),
      );
    });

    test("is asked the same by a dry run of sync", async () => {
      const options = { generation, resources: 310, terminated: 1 };
      const real = await trafficOf("sync", options);
      expect(await trafficOf("sync", options, { dryRun: true })).toEqual(real);
    });

    test("is asked by orders, for one order of each type, what the golden list says", async () => {
      expectGolden(`orders-${generation}`, await trafficOf("orders", { generation }));
    });

    test("is asked by a dry run of orders what the golden list says, and sent nothing", async () => {
      const traffic = await trafficOf("orders", { generation }, { dryRun: true });
      expectGolden(`orders-dry-${generation}`, traffic);
      expect(traffic.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    });

    test("is asked by orders with completion: external what the golden list says", async () => {
      const settings = { completion: "external" };
      expectGolden(`orders-external-${generation}`, await trafficOf("orders", { generation, settings }));
    });
  });
}

test("orders that are done cost the next run two requests", async () => {
  const stage = await stageWithOrders({});
  try {
    await stage.runHere("orders");
    const before = stage.simulator.requests.length;
    await stage.runHere("orders");
    expect(stage.simulator.requests.slice(before).map(({ path }) => path.split("/")[0])).toEqual([
      "marketplace-provider-offerings",
      "marketplace-orders",
    ]);
  } finally {
    await stage.close();
  }
});

async function stageWithOrders(options: StageOptions): Promise<Stage> {
  const stage = await openStage(options);
  for (const type of ORDER_TYPES) {
    const resource = type === "Create" ? undefined : stage.world.addResource({ name: type, backendId: type });
    stage.world.addOrder({ type, name: type, ...(resource && { resource, limits: { storage: 20 } }) });
  }
  return stage;
}

/** All requests of one run that succeeds. */
async function trafficOf(
  mode: "sync" | "orders",
  options: StageOptions,
  more: HereOptions = {},
): Promise<Traffic> {
  const stage = mode === "sync" ? await openStage(options) : await stageWithOrders(options);
  try {
    const { report } = await stage.runHere(mode, more);
    expect(report.exitCode).toBe(0);
    const { requests } = stage.simulator;
    expect(requests.filter(({ status, authorised }) => status !== 200 || !authorised)).toEqual([]);
    const named = namesOf(stage);
    return {
      userAgent: [...new Set(requests.map(({ userAgent }) => userAgent))],
      requests: requests.map(({ method, path, query }) => ({
        method,
        path: named(path),
        query: tableOf(named(query)),
      })),
    };
  } finally {
    await stage.close();
  }
}

function tableOf(query: string): Request["query"] {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}

/** Names in place of uuids, so that the list can be read. */
function namesOf({ world }: Stage): (text: string) => string {
  const names = new Map([
    [world.offering.uuid, "{offering}"],
    [world.provider.uuid, "{organisation}"],
    [world.providerUuid, "{provider}"],
  ]);
  for (const { uuid, type, resourceUuid } of world.orders) {
    names.set(uuid, `{${type.toLowerCase()}}`);
    names.set(resourceUuid ?? "", `{${type.toLowerCase()}-resource}`);
  }
  return (text) => text.replace(/[0-9a-f]{32}/g, (uuid) => names.get(uuid) ?? uuid);
}

function expectGolden(name: string, traffic: Traffic): void {
  const path = join(GOLDEN, `${name}.json`);
  const text = `${JSON.stringify(traffic, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, text);
  if (!existsSync(path)) throw new Error(`no ${path}; UPDATE_GOLDEN=1 writes it`);
  expect(text).toBe(readFileSync(path, "utf8"));
}
