// What ends a run from outside: signals, the deadline, another run that holds the lock, a kill. Whatever it is, no file
// is half there, no temporary file stays, and the next run converges.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Stage } from "../stage.ts";
import { leftoversIn, type Running, scriptOn, startOn, until, withStage } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const MODES = ["sync", "orders"] as const;
const SIGNALS = [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const;

/** The end of a run, and how long it took from now. */
async function endOf(running: Running) {
  const startedAt = performance.now();
  const ran = await running.ended;
  return { ...ran, tookMs: performance.now() - startedAt };
}

/** Every published file is a whole document. */
function expectWholeFiles(stage: Stage): void {
  for (const name of stage.files()) expect(stage.read(name).status).toBe("success");
  expect(leftoversIn(stage.out)).toEqual([]);
}

async function expectConverges(stage: Stage): Promise<void> {
  stage.simulator.setFaults([]);
  for (const mode of MODES) expect(await stage.run([mode])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(stage.world.orders.map(({ state }) => state)).toEqual(stage.world.orders.map(() => "done"));
  const orderFiles = stage.files().filter((name) => name.includes("_"));
  expect(orderFiles.map((name) => name.slice(-37, -5)).sort()).toEqual(
    stage.world.orders.map(({ uuid }) => uuid).sort(),
  );
  expectWholeFiles(stage);
}

describe.each(SIGNALS)("%s ends with its code at once", (signal, code) => {
  test.each(MODES)("during a request that hangs, in %s", (mode) =>
    withStage({ orders: 2, faults: ["hang"] }, async (stage) => {
      const run = startOn(stage, [mode]);
      await until(() => stage.simulator.requests.length > 0);
      run.kill(signal);
      const { tookMs, ...ran } = await endOf(run);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: "" });
      expect(ran.stderr).toContain(`error interrupted by ${signal}`);
      expect(ran.stderr.trim().split("\n")).toHaveLength(1);
      expect(tookMs).toBeLessThan(10_000);
      expect(stage.files()).toEqual([]);
      expect(leftoversIn(stage.out)).toEqual([]);
      await expectConverges(stage);
    }),
  );

  test("between two pages, with part of the list written already", () =>
    withStage({ resources: 900, faults: ["hang@page=3"] }, async (stage) => {
      const run = startOn(stage, ["sync", "--json"]);
      await until(() => stage.simulator.requests.some(({ query }) => query.includes("page=3&")));
      run.kill(signal);
      const { stdout, ...ran } = await endOf(run);
      expect(ran.code).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({
        exitCode: code,
        files: [],
        problems: [{ code: "interrupted" }],
      });
      expect(stage.files()).toEqual([]);
      expect(leftoversIn(stage.out)).toEqual([]);
      await expectConverges(stage);
    }));

  test("between two orders, with the first one done", () =>
    withStage({ orders: 4 }, async (stage) => {
      const [, second] = stage.world.orders;
      stage.simulator.setFaults([`hang@marketplace-orders/${second?.uuid}/`]);
      const run = startOn(stage, ["orders", "--json"]);
      await until(() => stage.simulator.requests.some(({ path }) => path.includes(second?.uuid ?? "?")));
      run.kill(signal);
      const { stdout, ...ran } = await endOf(run);
      expect(ran.code).toBe(code);
      expect(JSON.parse(stdout).orders.map((order: { outcome: string }) => order.outcome)[0]).toBe("done");
      expect(stage.world.orders.map(({ state }) => state)).toEqual([
        "done",
        "pending-provider",
        "pending-provider",
        "pending-provider",
      ]);
      expectWholeFiles(stage);
      expect(stage.files()).toHaveLength(1);
      await expectConverges(stage);
    }));

  test("while it waits to try again", () =>
    withStage({ faults: ["429-retry-after"] }, async (stage) => {
      const run = startOn(stage, ["sync", "--retries", "20"]);
      await until(() => stage.simulator.requests.length > 0);
      run.kill(signal);
      expect((await run.ended).code).toBe(code);
      expect(stage.simulator.requests).toHaveLength(1);
      await expectConverges(stage);
    }));

  test("while it sleeps between two passes", () =>
    withStage({ orders: 1 }, async (stage) => {
      const run = startOn(stage, ["orders", "--interval", "3600"]);
      await until(() => stage.world.orders[0]?.state === "done");
      await until(() => existsSync(join(stage.out, ".waldur-cscs-storage", "receipts-expired")));
      run.kill(signal);
      const { tookMs, ...ran } = await endOf(run);
      expect(ran.code).toBe(code);
      expect(tookMs).toBeLessThan(10_000);
      expectWholeFiles(stage);
    }));
});

test("a signal lets the POST on its way end, and sends no other", () =>
  withStage({ orders: 2, latencyMs: 150 }, async (stage) => {
    const run = startOn(stage, ["orders"]);
    await until(() => stage.requestsOf("POST").length === 1);
    run.kill("SIGTERM");
    expect((await run.ended).code).toBe(143);
    expect(stage.requestsOf("POST").map(({ status }) => status)).toEqual([200]);
    expect(stage.world.orders.map(({ state }) => state)).toEqual(["executing", "pending-provider"]);
    expect(leftoversIn(stage.out)).toEqual([]);
    await expectConverges(stage);
  }));

test("a signal waits for a POST that hangs no longer than --timeout", () =>
  withStage({ orders: 2, faults: ["hang@approve_by_provider"] }, async (stage) => {
    const run = startOn(stage, ["orders", "--timeout", "1"]);
    await until(() => stage.requestsOf("POST").length === 1);
    run.kill("SIGTERM");
    const { code, tookMs } = await endOf(run);
    expect(code).toBe(143);
    expect(tookMs).toBeLessThan(10_000);
    expect(stage.requestsOf("POST")).toHaveLength(1);
    await expectConverges(stage);
  }));

test("a signal ends a run whose report is not read", () =>
  withStage({ resources: 2000 }, async (stage) => {
    const script = `mkfifo pipe; exec 3<>pipe
      "$@" sync -nc "$CONFIG" > pipe & pid=$!
      until [ "$(timeout 0.1 head -c1 <&3)" = "{" ]; do :; done
      kill -TERM $pid; wait $pid`;
    const ran = await scriptOn(stage, script);
    expect(ran.code).toBe(143);
  }));

describe("--interval", () => {
  test("repeats, continues after temporary failures, and ends with 78", () =>
    withStage({ orders: 1 }, async (stage) => {
      const text = readFileSync(stage.configPath, "utf8");
      stage.simulator.setFaults(["503"]);
      const run = startOn(stage, ["orders", "--interval", "1", "--retries", "0"]);
      await until(() => stage.simulator.requests.length > 0);
      stage.simulator.setFaults([]);
      await until(() => stage.world.orders[0]?.state === "done");
      writeFileSync(stage.configPath, "offerings: []\n");
      const ran = await run.ended;
      expect(ran.code).toBe(78);
      expect(ran.stderr).toMatch(/was answered with 503[^\n]+\n[^\n]+config\.yaml:1:\d+: offerings/);
      writeFileSync(stage.configPath, text);
      await expectConverges(stage);
    }));

  test("holds the lock only while it works", () =>
    withStage({ orders: 1 }, async (stage) => {
      const run = startOn(stage, ["orders", "--interval", "3600"]);
      await until(() => existsSync(join(stage.out, ".waldur-cscs-storage", "receipts-expired")));
      let beside = await stage.run(["orders"]);
      // The first pass may be closing its directory still.
      if (beside.code === 75) beside = await stage.run(["orders"]);
      expect(beside).toEqual({ code: 0, stdout: "", stderr: "" });
      run.kill("SIGTERM");
      expect((await run.ended).code).toBe(143);
    }));
});

describe("--deadline", () => {
  test.each(MODES)("ends %s with 75, and nothing is published", (mode) =>
    withStage({ orders: 2, faults: ["hang@page="] }, async (stage) => {
      const ran = await stage.run([mode, "--deadline", "1"]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 75, stdout: "" });
      expect(ran.stderr).toContain("the run did not finish within 1 s");
      expect(stage.files()).toEqual([]);
      expect(leftoversIn(stage.out)).toEqual([]);
      await expectConverges(stage);
    }),
  );

  test("bounds the retries as well", () =>
    withStage({ faults: ["503"] }, async (stage) => {
      const ran = await stage.run(["sync", "--deadline", "1", "--retries", "20"]);
      expect(ran.code).toBe(75);
    }));
});

describe("two runs at once", () => {
  /** A run that holds its lock until it is asked to end. */
  async function hold(stage: Stage, mode: string): Promise<Running> {
    stage.simulator.setFaults(["hang@page=1*1"]);
    const asked = stage.simulator.requests.length;
    const run = startOn(stage, [mode]);
    await until(() => stage.simulator.requests.slice(asked).some(({ query }) => /\bpage=1\b/.test(query)));
    return run;
  }

  test.each(MODES)("of %s: the second ends with 75 and does nothing", (mode) =>
    withStage({ orders: 2 }, async (stage) => {
      const first = await hold(stage, mode);
      const asked = stage.simulator.requests.length;
      const second = await stage.run([mode, "-v"]);
      expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 75, stdout: "" });
      expect(second.stderr).toContain(`info another run of ${mode} is working in this directory`);
      expect(stage.simulator.requests).toHaveLength(asked);
      expect(stage.files()).toEqual([]);
      first.kill("SIGTERM");
      expect((await first.ended).code).toBe(143);
      await expectConverges(stage);
    }),
  );

  test("the first that finds the lock held logs no error, the next one does, until a run got it", () =>
    withStage({}, async (stage) => {
      const overlap = async () => {
        const { code, stderr } = await stage.run(["sync"]);
        expect(code).toBe(75);
        return stderr;
      };
      const first = await hold(stage, "sync");
      expect(await overlap()).toBe("");
      for (const _ of [1, 2]) expect(await overlap()).toContain("error another run of sync is still working");
      first.kill("SIGTERM");
      await first.ended;
      const second = await hold(stage, "sync");
      expect(await overlap()).toBe("");
      second.kill("SIGTERM");
      await second.ended;
    }));

  test("of sync and of orders do not lock each other out", () =>
    withStage({ orders: 2 }, async (stage) => {
      const sync = await hold(stage, "sync");
      expect(await stage.run(["orders"])).toEqual({ code: 0, stdout: "", stderr: "" });
      sync.kill("SIGTERM");
      expect((await sync.ended).code).toBe(143);
      const orders = await hold(stage, "orders");
      expect(await stage.run(["sync"])).toEqual({ code: 0, stdout: "", stderr: "" });
      orders.kill("SIGTERM");
      expect((await orders.ended).code).toBe(143);
    }));

  test.each(MODES)("a killed %s frees the lock, and the next removes what it left", (mode) =>
    withStage({ orders: 2 }, async (stage) => {
      const run = await hold(stage, mode);
      run.kill("SIGKILL");
      expect((await run.ended).code).toBe(137);
      if (mode === "sync") expect(leftoversIn(stage.out)).toHaveLength(1);
      expect(stage.files()).toEqual([]);
      await expectConverges(stage);
    }),
  );

  test("five started together: each publishes or ends with 75, and one snapshot is there", () =>
    withStage({ resources: 600, orders: 2 }, async (stage) => {
      for (const mode of MODES) {
        const runs = await Promise.all([1, 2, 3, 4, 5].map(() => stage.run([mode])));
        const codes = runs.map(({ code }) => code);
        expect(codes.every((code) => code === 0 || code === 75)).toBe(true);
        expect(codes).toContain(0);
      }
      expectWholeFiles(stage);
      expect(stage.requestsOf("POST").filter(({ path }) => path.endsWith("set_state_done/"))).toHaveLength(2);
      await expectConverges(stage);
    }));
});

test("a kill at any request of a run of orders is completed by the next run", () =>
  withStage({ orders: 3 }, async (stage) => {
    for (let requests = 1; ; requests++) {
      const before = stage.simulator.requests.length;
      const run = startOn(stage, ["orders"]);
      let isOver = false;
      const ended = run.ended.then(() => {
        isOver = true;
      });
      await until(() => isOver || stage.simulator.requests.length - before >= requests);
      const endedByItself = isOver;
      run.kill("SIGKILL");
      await ended;
      if (endedByItself) break;
    }
    await expectConverges(stage);
    const state = join(stage.out, ".waldur-cscs-storage");
    expect(readdirSync(join(state, "receipts")).filter((name) => name.endsWith(".json"))).toEqual([]);
  }));
