// Every fault at every step of an order: a request that fails, whichever it is and however it fails, changes no order's
// state wrongly, ends with the exit code that says what to do, and is made up for by the next run alone
// (docs/contract.md, "Orders" and "Exit codes").

import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { EXIT, type ExitCode, InterruptedError } from "../../lib/errors.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { CAN_MOUNT, mountTmpfs, NEEDS_MOUNT } from "../faults/mounts.ts";
import { GENERATIONS, type OrdersStage, openOrders, place, stepOf, the } from "./orders-stage.ts";

/** The requests of a create order from pending to done, in order; the offering and the list come before. */
const STEPS = [
  "offering",
  "list",
  "resource",
  "order",
  "accept",
  "order",
  "resource",
  "set_backend_id",
  "resource",
  "set_state_done",
  "order",
] as const;
const POSTS: ReadonlySet<string> = new Set(["accept", "set_backend_id", "set_state_done"]);

const { problems, answer, endpoint, retryLater, refused, config, ok } = EXIT;

/**
 * What a run ends with, by where the fault strikes: at the offering or the list, at a read about one order, at a POST.
 * The world's own state decides about a POST, so one that had its effect costs nothing.
 */
const FAULTS: Readonly<Record<string, Record<"offering" | "list" | "read" | "post", ExitCode>>> = {
  "500": { offering: retryLater, list: retryLater, read: retryLater, post: retryLater },
  "502": { offering: retryLater, list: retryLater, read: retryLater, post: retryLater },
  hang: { offering: retryLater, list: retryLater, read: retryLater, post: retryLater },
  drop: { offering: retryLater, list: retryLater, read: retryLater, post: retryLater },
  "drop-after-apply": { offering: ok, list: ok, read: ok, post: ok },
  cut: { offering: retryLater, list: retryLater, read: retryLater, post: ok },
  "broken-json": { offering: answer, list: answer, read: problems, post: ok },
  html: { offering: answer, list: answer, read: problems, post: problems },
  "400": { offering: answer, list: answer, read: problems, post: problems },
  "401": { offering: refused, list: refused, read: refused, post: refused },
  "403": { offering: refused, list: refused, read: problems, post: problems },
  "404": { offering: config, list: answer, read: problems, post: problems },
  "404-html": { offering: endpoint, list: endpoint, read: endpoint, post: endpoint },
  "409": { offering: answer, list: answer, read: problems, post: problems },
  redirect: { offering: endpoint, list: endpoint, read: endpoint, post: endpoint },
};

/** These end the offering at once; after any other one the next order is tried. */
const ENDING = new Set<ExitCode>([refused, endpoint]);

for (const generation of GENERATIONS) {
  for (const [fault, codes] of Object.entries(FAULTS)) {
    // It costs its time limit, which must be long for a busy machine, so all wait at once; and it knows no generations.
    if (fault === "hang" && generation === "2024") continue;
    const tryAt = fault === "hang" ? test.concurrent : test;
    describe(`${fault} from a ${generation} server`, () => {
      for (const [number, step] of STEPS.entries()) {
        tryAt(
          `at request ${number + 1}, ${step}`,
          async () => {
            await using stage = await openOrders({ generation });
            const order = place(stage, "Create", "struck");
            const other = place(stage, "Terminate", "bystander");
            strikeAt(stage, number, fault);
            const ran = await stage.pass({ silenceMs: fault === "hang" ? 1000 : 5000 });
            const code = number < 2 ? codes[number === 0 ? "offering" : "list"] : codes[kindOf(step)];
            expect(ran.code).toBe(code);
            expectSound(stage, [order, other]);
            expect(other.state).toBe(number < 2 && code !== ok ? "pending-provider" : afterwards(code));
            await expectConvergence(stage, [order, other]);
          },
          10_000,
        );
      }
    });
  }
}

function kindOf(step: string): "read" | "post" {
  return POSTS.has(step) ? "post" : "read";
}

function afterwards(code: ExitCode): string {
  return ENDING.has(code) ? "pending-provider" : "done";
}

/** Lets the fault strike the request with that number, and its repetitions: Bun sends a dropped GET again by itself. */
function strikeAt(stage: OrdersStage, number: number, fault: string): void {
  let struck: string | null = null;
  stage.count((now, { path }) => {
    if (now === number) struck = path;
    if (now > number && path !== struck) struck = null;
    stage.simulator.setFaults(path === struck ? [fault] : []);
  });
}

/** What holds after every run, good or bad. */
function expectSound(stage: OrdersStage, orders: readonly SimOrder[]): void {
  for (const order of orders) {
    expect(["pending-provider", "executing", "done"]).toContain(order.state);
    const files = stage.filesOf(order);
    expect(files.length).toBeLessThanOrEqual(1);
    if (order.state === "done") expect(files).toHaveLength(1);
    // Whatever is there is whole: it parses, and it is the order's.
    for (const _ of files) expect(stage.documentOf(order).meta.order?.uuid).toBe(order.uuid);
    expect(stage.resourceOf(order).state).not.toBe("Erred");
  }
}

async function expectConvergence(stage: OrdersStage, orders: readonly SimOrder[]): Promise<void> {
  stage.forget();
  stage.simulator.setFaults([]);
  expect((await stage.pass()).code).toBe(ok);
  expectSound(stage, orders);
  expect(orders.map(({ state }) => state)).toEqual(orders.map(() => "done"));
  for (const order of orders) expect(stage.resourceOf(order).backendId).not.toBe("");
  expect(stage.receipts("open")).toBe(0);
  const quiet = await stage.pass();
  expect([quiet.code, quiet.steps]).toEqual([ok, ["offering", "list"]]);
}

describe("two failures in a row", () => {
  for (const [where, fault, step] of [
    ["the resource", "503@resources/", "resource"],
    ["the acceptance", "503@approve", "approve_by_provider"],
    ["setting done", "503@set_state_done", "set_state_done"],
  ] as const) {
    test(`at ${where} end the pass when the offering cannot be read either; the next run converges`, async () => {
      await using stage = await openOrders();
      stage.once(step, () => stage.simulator.setFaults([fault, "503@offerings/"]));
      const orders = ["one", "two", "three"].map((name) => place(stage, "Create", name));
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes]).toEqual([75, ["failed", "failed"]]);
      const third = the(orders[2]);
      expect(ran.requests.some(({ path }) => path.includes(third.uuid))).toBe(false);
      expectSound(stage, orders);
      await expectConvergence(stage, orders);
    });
  }

  for (const generation of GENERATIONS) {
    test(`of a ${generation} server that answers otherwise hold no later order back`, async () => {
      await using stage = await openOrders({ generation });
      const orders = ["one", "two", "three", "four"].map((name) => place(stage, "Create", name));
      stage.simulator.setFaults([0, 1].map((n) => `500@${the(orders[n]).resourceUuid}`));
      const ran = await stage.pass();
      expect([ran.code, ran.outcomes]).toEqual([75, ["failed", "failed", "done", "done"]]);
      expect(ran.steps.filter((step) => step === "offering")).toHaveLength(2);
    });
  }

  test("go last in the next pass, without retries, and in order again once they succeeded", async () => {
    await using stage = await openOrders();
    const bad = place(stage, "Update", "bad");
    const behind = stage.world.addOrder({ type: "Terminate", resource: stage.resourceOf(bad) });
    stage.simulator.setFaults([`500@${bad.resourceUuid}`]);
    const asked = (ran: Awaited<ReturnType<typeof stage.pass>>) =>
      ran.requests.filter(({ path }) => path.includes(bad.resourceUuid ?? "")).length;
    const first = await stage.pass({ retries: 1 });
    expect([first.outcomes, asked(first)]).toEqual([["failed", "waiting"], 2]);
    const fresh = place(stage, "Update", "fresh");
    const second = await stage.pass({ retries: 1 });
    expect(second.report.orders.map(({ uuid }) => uuid)).toEqual([fresh.uuid, bad.uuid, behind.uuid]);
    expect([second.outcomes, asked(second)]).toEqual([["done", "failed", "waiting"], 1]);
    stage.simulator.setFaults([]);
    expect((await stage.pass()).outcomes).toEqual(["done", "waiting"]);
    const last = place(stage, "Update", "last");
    const fourth = await stage.pass();
    expect(fourth.report.orders.map(({ uuid }) => uuid)).toEqual([behind.uuid, last.uuid]);
  }, 20_000);

  test("do not count as two when an order between them succeeded", async () => {
    await using stage = await openOrders();
    const orders = ["one", "two", "three", "four"].map((name) => place(stage, "Create", name));
    stage.simulator.setFaults([0, 2].map((n) => `503@${the(orders[n]).resourceUuid}`));
    const ran = await stage.pass();
    expect([ran.code, ran.outcomes]).toEqual([75, ["failed", "done", "failed", "done"]]);
    await expectConvergence(stage, orders);
  });
});

test("a refused token ends the pass after one request; nothing changes", async () => {
  await using stage = await openOrders({ faults: ["401"], orders: 3 });
  const ran = await stage.pass({ retries: 4 });
  expect([ran.code, ran.steps, stage.files()]).toEqual([77, ["offering"], []]);
});

test("a request that fails once is tried again, a POST is not", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create");
  stage.count((number) =>
    stage.simulator.setFaults([0, 2, 4, 6].includes(number) ? ["503"] : ["503@set_state_done*1"]),
  );
  const ran = await stage.pass({ retries: 2 });
  expect([ran.code, order.state]).toEqual([75, "executing"]);
  expect(ran.steps.filter((step) => step === "set_state_done")).toHaveLength(1);
  await expectConvergence(stage, [order]);
});

/** Page by page to the last byte, so that no file fits any more. */
function fill(out: string): void {
  try {
    for (let n = 0; n < FILLERS; n++) writeFileSync(join(out, `filler-${n}`), new Uint8Array(4096));
  } catch {
    return;
  }
  throw new Error(`${out} does not fill up`);
}

const FILLERS = 100;

function free(out: string): void {
  for (let n = 0; n < FILLERS; n++) rmSync(join(out, `filler-${n}`), { force: true });
}

function umount(out: string): boolean {
  return Bun.spawnSync(["umount", out], { stderr: "ignore" }).exitCode === 0;
}

/** A small file system of its own for the directory, until the test ends. */
function mountSmall(out: string): Disposable {
  mountTmpfs(out, "size=256k");
  return {
    [Symbol.dispose]() {
      while (umount(out));
    },
  };
}

/** Leaves room for one more file of a page. */
function nearlyFill(out: string): void {
  fill(out);
  rmSync(join(out, "filler-0"));
}

describe("a disk that fails", () => {
  for (const [what, fail, repair, ends] of [
    ["full", fill, free, { list: [0, 0], approve_by_provider: [1, 0] }],
    ["nearly full", nearlyFill, free, { list: [0, 0] }],
  ] as const) {
    for (const [step, [files, leftovers]] of Object.entries(ends)) {
      const state = step === "list" ? "pending-provider" : "executing";
      const title = `(${what}) at ${step} leaves the order ${state}, ends with 73, and is made up for`;
      test.skipIf(!CAN_MOUNT)(`${title}${NEEDS_MOUNT}`, async () => {
        await using stage = await openOrders();
        using _ = mountSmall(stage.out);
        const [order, later] = [place(stage, "Create", "one"), place(stage, "Create", "two")];
        stage.once(step, () => fail(stage.out));
        const ran = await stage.pass();
        expect([ran.code, order.state, later.state]).toEqual([73, state, "pending-provider"]);
        expect([stage.filesOf(order).length, stage.filesOf(later).length]).toEqual([files, 0]);
        expect(stage.everything().filter((path) => path.includes("tmp-"))).toHaveLength(leftovers);
        repair(stage.out);
        const again = await stage.pass();
        expect([again.code, order.state, later.state]).toEqual([0, "done", "done"]);
        expect([stage.filesOf(order).length, stage.filesOf(later).length]).toEqual([1, 1]);
      });
    }
  }

  test("(replaced by another directory) after the acceptance ends with 73; nothing is published elsewhere", async () => {
    await using stage = await openOrders();
    const order = place(stage, "Create");
    const aside = `${stage.out}-aside`;
    stage.once("approve_by_provider", () => {
      renameSync(stage.out, aside);
      mkdirSync(stage.out);
    });
    const ran = await stage.pass();
    expect([ran.code, order.state, stage.everything()]).toEqual([73, "executing", []]);
    rmSync(stage.out, { recursive: true });
    renameSync(aside, stage.out);
    await expectConvergence(stage, [order]);
  });
});

describe("a run that is interrupted", () => {
  for (const [number, step] of STEPS.entries()) {
    test(`at request ${number + 1}, ${step}, ends with 143, and the next run converges`, async () => {
      await using stage = await openOrders();
      const orders = [place(stage, "Create", "one"), place(stage, "Terminate", "two")];
      const controller = new AbortController();
      stage.count((now) => {
        if (now === number) controller.abort(new InterruptedError("SIGTERM"));
      });
      const ran = await stage.pass({ interrupted: controller.signal });
      expect(ran.code).toBe(143);
      // A POST on its way is waited for; no other one begins.
      const posts = ran.requests.filter(({ method }) => method === "POST").map(stepOf);
      expect(posts).toEqual(POSTED.slice(0, STEPS.slice(0, number + 1).filter((s) => POSTS.has(s)).length));
      expectSound(stage, orders);
      await expectConvergence(stage, orders);
    });
  }
});

const POSTED = ["approve_by_provider", "set_backend_id", "set_state_done"];
