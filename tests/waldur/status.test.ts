// What `status` says of runs, orders and problems, against what was brought about.

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "pathe";
import { takeLock } from "../../lib/output/lock.ts";
import { LATE_AFTER_MS } from "../../lib/status/status.ts";
import { statusText } from "../../lib/status/text.ts";
import type { StageOptions } from "../stage.ts";
import { askStatus } from "../status.ts";
import { type OrdersStage, openOrders } from "./orders-stage.ts";

const HOUR = 3_600_000;

async function only(stage: OrdersStage, asking: Parameters<typeof askStatus>[1] = {}) {
  const status = await askStatus(stage, asking);
  const [offering] = status.offerings;
  if (offering === undefined) throw new Error("no offering");
  return { ...offering, exitCode: status.exitCode, status };
}

/** Both modes ran well. */
async function openCalm(options: StageOptions = {}) {
  const stage = await openOrders({ resources: 3, ...options });
  await stage.runHere("sync");
  await stage.pass();
  return stage;
}

test("a site without problems needs no attention", async () => {
  await using stage = await openCalm();
  const { runs, orders, problems, error, exitCode } = await only(stage);
  expect({ orders, problems, error, exitCode }).toEqual({
    orders: [],
    problems: [],
    error: null,
    exitCode: 0,
  });
  expect(runs).toMatchObject([
    { mode: "orders", isLate: false, failed: null, running: null },
    { mode: "sync", isLate: false, failed: null, running: null },
  ]);
});

test("a mode without a success for long needs attention, and so does one that never ran", async () => {
  await using stage = await openCalm();
  for (const mode of ["orders", "sync"] as const) {
    const at = (ms: number) => only(stage, { now: new Date(Date.now() + ms) });
    const lateIn = async (ms: number) => (await at(ms)).runs.find((run) => run.mode === mode)?.isLate;
    expect(await lateIn(LATE_AFTER_MS[mode] - HOUR / 60)).toBe(false);
    expect(await lateIn(LATE_AFTER_MS[mode] + HOUR / 60)).toBe(true);
  }
  expect((await only(stage, { now: new Date(Date.now() + 2 * HOUR) })).exitCode).toBe(10);
  rmSync(join(stage.out, ".waldur-cscs-storage"), { recursive: true });
  expect(await only(stage)).toMatchObject({ exitCode: 10, runs: [{ lastGood: null, isLate: true }, {}] });
});

test("a run that failed is shown with its message until one succeeds", async () => {
  await using stage = await openCalm();
  stage.simulator.setFaults(["401"]);
  await stage.pass();
  stage.simulator.setFaults([]);
  const failed = await only(stage);
  expect(failed.exitCode).toBe(10);
  expect(failed.runs[0]).toMatchObject({ failed: { exitCode: 77, message: expect.stringContaining("401") } });
  expect(failed.runs[1]?.failed).toBeNull();
  await stage.pass();
  expect(await only(stage)).toMatchObject({ exitCode: 0, runs: [{ failed: null }, {}] });
});

test("an order with a problem is named, with its problem and since when; the one behind it waits for it", async () => {
  await using stage = await openCalm();
  const bad = stage.world.addOrder({ type: "Create", limits: { storage: -1 } });
  const later = stage.world.addOrder({
    type: "Update",
    limits: { storage: 5 },
    resource: bad.resourceUuid ?? "",
  });
  expect((await only(stage)).orders.map(({ waits }) => waits.for)).toEqual(["next-pass", "behind"]);
  const since = new Date();
  await stage.pass({ now: () => since });
  await stage.pass({ now: () => new Date(since.getTime() + HOUR) });
  const { orders, problems, exitCode } = await only(stage);
  expect(orders).toMatchObject([
    {
      ...{ uuid: bad.uuid, type: "Create", state: "pending-provider", resourceName: bad.resourceName },
      waits: { for: "problem", detail: expect.stringContaining("bad-limit: limits.storage is negative") },
    },
    { uuid: later.uuid, waits: { for: "behind", detail: expect.stringContaining(bad.uuid) } },
  ]);
  expect(problems).toMatchObject([
    {
      ...{ mode: "orders", code: "bad-limit", order: bad.uuid, resourceName: bad.resourceName },
      since: since.toISOString(),
    },
  ]);
  expect(exitCode).toBe(10);
});

test("a published order is the provisioner's, with its path and file", async () => {
  await using stage = await openCalm({ settings: { completion: "external" } });
  const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  await stage.pass();
  const path = stage.entryOf(order).mountPoint.default;
  const [file = ""] = stage.filesOf(order);
  const expected = { uuid: order.uuid, path, file, waits: { for: "provisioner" } };
  expect(await only(stage)).toMatchObject({ exitCode: 0, orders: [{ ...expected, state: "executing" }] });
  const local = await only(stage, { isLocal: true });
  expect(local).toMatchObject({ exitCode: 0, orders: [{ ...expected, type: "Create", state: null }] });
});

test("an order whose path is not free yet says until when", async () => {
  await using stage = await openCalm();
  const first = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  await stage.pass();
  const { slug } = stage.resourceOf(first);
  stage.world.addOrder({ type: "Terminate", limits: {}, resource: first.resourceUuid ?? "" });
  await stage.pass();
  const next = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  stage.resourceOf(next).slug = slug;
  await stage.pass();
  const { orders, exitCode } = await only(stage);
  expect(orders).toMatchObject([{ uuid: next.uuid, waits: { for: "path" } }]);
  expect(exitCode).toBe(0);
});

test("on a server of 2024 an approved order is with Waldur's worker", async () => {
  await using stage = await openCalm({ generation: "2024", workerDelayMs: 60_000 });
  const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  // By another agent.
  order.state = "executing";
  order.providerReviewedAt = new Date().toISOString();
  expect((await stage.pass()).outcomes).toEqual(["waiting"]);
  expect((await only(stage)).orders).toMatchObject([{ uuid: order.uuid, waits: { for: "worker" } }]);
});

test("an order that failed with the network is tried again by the next pass", async () => {
  await using stage = await openCalm();
  const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  stage.simulator.setFaults(["503@marketplace-provider-resources/"]);
  expect((await stage.pass()).code).toBe(75);
  stage.simulator.setFaults([]);
  const { orders, exitCode, runs } = await only(stage);
  expect(orders).toMatchObject([{ uuid: order.uuid, waits: { for: "unavailable" } }]);
  expect([exitCode, runs[0]?.failed?.exitCode]).toEqual([10, 75]);
});

test("if Waldur does not answer, the local state is shown, and the exit code is that of the failure", async () => {
  await using stage = await openCalm({ settings: { completion: "external" } });
  const order = stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
  await stage.pass();
  stage.simulator.setFaults(["503"]);
  const { orders, error, exitCode } = await only(stage);
  expect(orders).toMatchObject([{ uuid: order.uuid, state: null }]);
  expect([error?.exitCode, exitCode]).toEqual([75, 75]);
});

test("the holder of a lock is shown, and no lock is taken to find out", async () => {
  await using stage = await openCalm();
  const statePath = join(stage.out, ".waldur-cscs-storage");
  const lock = takeLock({ statePath, mode: "sync", warn: () => undefined });
  try {
    const { runs } = await only(stage);
    expect(runs.map(({ running }) => running)).toEqual([
      null,
      { pid: process.pid, host: hostname(), since: null, seen: null },
    ]);
  } finally {
    lock.release();
  }
  expect((await only(stage)).runs.map(({ running }) => running)).toEqual([null, null]);
});

test("a run running on another node is shown as it noted itself, until it stops doing so", async () => {
  await using stage = await openCalm();
  const path = join(stage.out, ".waldur-cscs-storage", "running-sync.json");
  const now = new Date("2026-11-27T08:00:00Z");
  const note = {
    ...{ version: 1, host: "gw2\u001b[31m", pid: 77, boot: "another kernel" },
    ...{ since: "2026-11-27T07:48:00.000Z", seen: "2026-11-27T07:59:20.000Z" },
  };
  const { host, pid, since, seen } = note;
  const runningOf = async (change: object) => {
    writeFileSync(path, JSON.stringify({ ...note, ...change }));
    return (await only(stage, { now })).runs.map(({ running }) => running);
  };
  expect(await runningOf({})).toEqual([null, { host, pid, since, seen }]);
  expect(statusText((await only(stage, { now })).status, 80)).toContain(
    "  sync    running: pid 77 on gw2 [31m for 12 min, as noted 40 s ago\n",
  );
  // One that was killed says nothing any more; one of this node would have the lock; a broken note says nothing.
  for (const change of [
    { seen: "2026-11-27T07:56:00.000Z" },
    { boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() },
    ...[{ pid: "77" }, { host: 5 }, { since: "yesterday" }, { version: 2 }],
  ])
    expect(await runningOf(change)).toEqual([null, null]);
  // The next run has the lock, so the one that wrote it is over.
  await stage.runHere("orders");
  expect(existsSync(path)).toBe(true);
  await stage.runHere("sync");
  expect(existsSync(path)).toBe(false);
});

test("nothing is written, also where there is nothing yet", async () => {
  await using stage = await openOrders({ resources: 3, isNew: true });
  const before = stage.everything();
  expect((await only(stage)).exitCode).toBe(10);
  expect([stage.everything(), readdirSync(stage.out)]).toEqual([before, []]);
});

test("state that is broken says nothing, and stops nothing", async () => {
  await using stage = await openCalm();
  for (const name of readdirSync(join(stage.out, ".waldur-cscs-storage")))
    if (/^(?:problems|failed|good|snapshot|claims)/.test(name))
      writeFileSync(join(stage.out, ".waldur-cscs-storage", name), "{");
  expect((await only(stage)).problems).toEqual([]);
});

test("the tables fit 80 columns, use a wider terminal, and show no control characters", async () => {
  await using stage = await openCalm();
  const bad = stage.world.addOrder({ type: "Create", limits: { storage: -1 } });
  bad.resourceName =
    "a name \x1b[31m that is much longer than any column of a table for people would like to have it";
  for (let n = 0; n < 3; n++) stage.world.addOrder({ type: "Create", limits: { storage: -1 } });
  await stage.pass();
  stage.simulator.setFaults(["503"]);
  await stage.pass();
  stage.simulator.setFaults([]);
  const { status } = await only(stage);
  const narrow = statusText(status, 80);
  const lines = narrow.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(narrow).toContain("4 open orders");
  expect(narrow).toContain("4 problems");
  expect(narrow).toMatch(/failed \d+ s ago \(75\): GET/);
  expect(narrow).not.toContain("\x1b");
  expect(narrow).not.toContain(bad.uuid);
  const wide = statusText(status, 400);
  expect(wide).toContain(bad.uuid);
  expect(wide).toContain("problem: bad-limit: limits.storage is negative: -1");
});

test("an order without an answer for longer than ack_warn_after needs attention", async () => {
  await using stage = await openCalm({ settings: { completion: "on-ack", ack_warn_after: "2h" } });
  const order = stage.world.addOrder({ type: "Create", limits: { storage: 4 } });
  await stage.pass();
  const at = (hours: number, asking = {}) =>
    only(stage, { now: new Date(Date.now() + hours * HOUR), ...asking });
  const fresh = await at(0);
  expect([fresh.exitCode, fresh.orders[0]?.waits]).toEqual([
    0,
    { for: "provisioner", detail: "published; the provisioner has not answered yet" },
  ]);
  for (const isLocal of [false, true]) {
    const late = await at(2.1, { isLocal });
    expect(late.exitCode).toBe(10);
    expect(late.orders).toMatchObject([{ uuid: order.uuid, waits: { for: "provisioner", isLate: true } }]);
    expect(statusText(late.status, 80)).toContain("provisioner, late");
  }
  await stage.runHere("orders", { now: () => new Date(Date.now() + 1.9 * HOUR) });
  expect((await at(1.95)).orders[0]?.waits.isLate).toBeUndefined();
});

test("an order that was answered waits for the next pass", async () => {
  await using stage = await openCalm({
    settings: { completion: "on-ack", ack_warn_after: "1s" },
    faults: ["503@set_state_done"],
  });
  const order = stage.world.addOrder({
    type: "Update",
    resource: stage.world.addResource({ limits: { storage: 1 } }),
  });
  await stage.pass();
  writeFileSync(join(stage.out, "acks", `${order.uuid}.json`), '{"result":"done"}');
  await stage.pass();
  const { orders } = await only(stage, { now: new Date(Date.now() + HOUR / 2) });
  expect(orders[0]?.waits.for).toBe("unavailable");
});
