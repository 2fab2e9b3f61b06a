// Every fault at every request of both modes, on the compiled binary: the exit code, what is on the disk, what became
// of the orders, that the token is nowhere, and that a run without the fault sets everything right.

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "pathe";
import type { ExitCode } from "../../lib/errors.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { readSnapshotState } from "../../lib/output/state.ts";
import type { Concern } from "../../lib/simulator/exchange.ts";
import { FAULTS, type Fault } from "../../lib/simulator/faults.ts";
import type { Ran, Stage } from "../stage.ts";
import { idsIn, liveIds, onArrival } from "../waldur/sync-stage.ts";
import { codeFor } from "./network-codes.ts";
import { firstOrder, OLD, SCENES, type Scene, type Step } from "./network-steps.ts";

type FaultName = keyof typeof FAULTS;
type Cell = { fault: FaultName; scene: Scene; step: Step };

/** Faults that end by the time limit alone; the processor has nothing to do meanwhile. */
const WAITED: ReadonlySet<FaultName> = new Set(["hang", "slow-body"]);
const cells = (await Promise.all(SCENES.map(cellsOf))).flat();

/** They concern requests of sources of GIDs, whose tests play them. */
const ELSEWHERE: readonly FaultName[] = ["project-groups-off", "gid-pool-without-range"];

test("every fault meets a request that it concerns, and every request meets twelve faults at least", () => {
  expect(new Set(cells.map(({ fault }) => fault)).size).toBe(Object.keys(FAULTS).length - ELSEWHERE.length);
  for (const scene of SCENES) {
    for (const name of new Set(cells.filter((cell) => cell.scene === scene).map(({ step }) => step.name))) {
      const met = cells.filter((cell) => cell.scene === scene && cell.step.name === name);
      expect([name, met.length >= 12]).toEqual([name, true]);
    }
  }
});

for (const fault of faultNames().filter((name) => !ELSEWHERE.includes(name))) {
  const mine = cells.filter((cell) => cell.fault === fault);
  const title = `${fault}: ${FAULTS[fault].summary}, at ${mine.length} requests`;
  test(title, () => inPool(mine, WAITED.has(fault) ? 16 : 5), 30_000);
}

function faultNames(): FaultName[] {
  return Object.keys(FAULTS).filter((name): name is FaultName => Object.hasOwn(FAULTS, name));
}

/** Every step of a run with every fault that concerns its request, as a run without faults shows it. */
async function cellsOf(scene: Scene): Promise<Cell[]> {
  const stage = await scene.open();
  try {
    const steps = scene.steps(stage);
    expect((await stage.runHere(scene.mode)).report.exitCode).toBe(0);
    return steps.flatMap((step) => {
      const request = requestOf(step, stage);
      return faultNames()
        .filter((fault) => concerns(FAULTS[fault], request) && !isTooLate(fault, step))
        .map((fault) => ({ fault, scene, step }));
    });
  } finally {
    await stage.close();
  }
}

/** A resource that is created while the list is read is in the next one. */
function isTooLate(fault: FaultName, { name }: Step): boolean {
  return fault === "growing-list" && name === "page 2 again";
}

function requestOf({ name, where, after }: Step, { simulator }: Stage): Concern {
  const textOf = ({ path, query }: { path: string; query: string }) => `${path}?${query}`;
  const { requests } = simulator;
  const from = after === undefined ? 0 : requests.findIndex((request) => textOf(request).includes(after)) + 1;
  const found = requests.slice(from).find((request) => textOf(request).includes(where));
  if (found === undefined) throw new Error(`no request is the step ${name}`);
  return { method: found.method, path: found.path, query: new URLSearchParams(found.query) };
}

function concerns(fault: Fault, request: Concern): boolean {
  return fault.concerns === undefined || fault.concerns(request);
}

async function inPool(all: readonly Cell[], atOnce: number): Promise<void> {
  const waiting = all.values();
  const work = async () => {
    for (const cell of waiting) await playCell(cell);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** One run with the fault, one without, and what must hold after each. */
async function playCell(cell: Cell): Promise<void> {
  const { fault, scene, step } = cell;
  const stage = await scene.open();
  try {
    arm(stage, cell);
    const code = codeFor(fault, step);
    const before = scene.mode === "sync" ? stage.readText(OLD) : "";
    const remembered = rowsFile(stage);
    const ran = await stage.run([scene.mode, ...argumentsFor(cell)]);
    const place = `${fault} at ${scene.mode} ${scene.generation}, ${step.name}`;
    expect({ place, code: ran.code, stderr: ran.stderr }).toEqual({ place, code, stderr: ran.stderr });
    expectNoToken(stage, ran);
    if (scene.mode === "sync") expectSnapshots(stage, { before, code });
    else expectOrders(stage, { cell, code });

    stage.simulator.requests.push = Array.prototype.push;
    stage.simulator.setFaults([]);
    if (scene.isRemembering === true && code !== 0 && code !== 10) expect(rowsFile(stage)).toBe(remembered);
    if (scene.isRemembering === true && code === 0) await expectFullReading(stage);
    await expectConverged(stage, cell);
    if (scene.isRemembering === true && code !== 0) await expectFullReading(stage);
  } finally {
    await stage.close();
  }
}

/**
 * Puts the fault at the step's request, from the start or from the arrival of another one on, and takes it away again.
 */
function arm(stage: Stage, { fault, step }: Cell): void {
  const { where, after, until } = step;
  const strike = () => stage.simulator.setFaults([`${fault}@${where}`]);
  if (after === undefined) strike();
  onArrival(stage, ({ path }) => {
    if (after !== undefined && path.includes(after)) strike();
    if (until !== undefined && path.includes(until)) stage.simulator.setFaults([]);
  });
}

/** Verbose, so that a token would have every chance to be seen. A short body may drip to its end. */
function argumentsFor({ fault, step }: Cell): string[] {
  const isWaited = WAITED.has(fault) && codeFor(fault, step) !== 0;
  return ["--json", "--verbose", "--retries", "0", "--timeout", isWaited ? "1" : "5"];
}

function expectNoToken(stage: Stage, ran: Ran): void {
  const { providerToken } = stage.simulator;
  const written = stage.everything().map((name) => readFileSync(join(stage.out, name), "latin1"));
  expect([ran.stdout, ran.stderr, ...written].some((text) => text.includes(providerToken))).toBeFalse();
  expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: ran.code });
  expect(stage.everything().filter((name) => name.includes("tmp-"))).toEqual([]);
}

/** The old snapshot is as it was; a new one is complete, or there is none. */
function expectSnapshots(stage: Stage, { before, code }: { before: string; code: ExitCode }): void {
  expect(stage.readText(OLD)).toBe(before);
  const added = stage.files().filter((name) => name !== OLD);
  expect(added).toHaveLength(code === 0 || code === 10 ? 1 : 0);
  for (const name of added) {
    const text = stage.readText(name);
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    if (code === 0) expect(idsIn(stage, name)).toEqual(liveIds(stage));
    else expect(idsIn(stage, name)).toEqual(expect.arrayContaining(idsIn(stage, OLD)));
  }
}

function rowsFile({ out, simulator }: Stage): string {
  const path = join(out, STATE_DIRECTORY, `rows-${simulator.offeringUuid}`);
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}

/** The newest snapshot holds what a run holds that believes nothing of what is remembered. */
async function expectFullReading(stage: Stage): Promise<void> {
  const { report } = await stage.runHere("sync", { dryRun: true, sync: { full: true, allowShrink: true } });
  const { storageResources } = stage.read(readSnapshotState(stage.out)?.file ?? "").result;
  expect(report.files[0]?.document).toMatchObject({ result: { storageResources } });
}

/** Until which step an order that goes no further has come. */
const STATES: Readonly<Record<string, string>> = {
  accept: "pending-provider",
  "order after accept": "executing",
  "backend id": "executing",
  "resource after backend id": "executing",
  done: "executing",
  "order after done": "done",
};

function expectOrders(stage: Stage, { cell, code }: { cell: Cell; code: ExitCode }): void {
  const { fault, step } = cell;
  const [first, ...others] = stage.world.orders;
  const stopped = fault === "erred-after-approve" ? "erred" : (STATES[step.name] ?? "pending-provider");
  // An empty list of orders is a list of no orders.
  const isOver = code === 0 && !(fault === "empty-list");
  expect(first?.state).toBe(isOver ? "done" : stopped);
  const goesOn = isOver || (step.kind !== "list" && (code === 10 || code === 75));
  for (const order of others) expect(order.state).toBe(goesOn ? "done" : "pending-provider");
  for (const { uuid, state } of stage.world.orders) {
    const files = stage.files().filter((name) => name.endsWith(`_${uuid}.json`));
    if (state === "done") expect(files).toHaveLength(1);
    if (state === "pending-provider" || state === "erred") expect(files).toEqual([]);
    for (const name of files) expect(stage.read(name).meta.order?.uuid).toBe(uuid);
  }
}

/** A run without the fault ends well, and the disk says what Waldur says. */
async function expectConverged(stage: Stage, { fault, scene }: Cell): Promise<void> {
  const { report } = await stage.runHere(scene.mode);
  expect([report.exitCode, report.problems]).toEqual([0, []]);
  expect(stage.simulator.requests.filter(({ path }) => path.includes("set_state_erred"))).toEqual([]);
  if (scene.mode === "sync") {
    expect(idsIn(stage, readSnapshotState(stage.out)?.file ?? "")).toEqual(liveIds(stage));
    return;
  }
  const ended = stage.world.orders.filter(({ state }) => state === "done");
  expect(ended).toHaveLength(fault === "erred-after-approve" ? 2 : 3);
  expect(stage.files()).toHaveLength(ended.length);
  expect(stage.everything().filter((name) => /receipts\/[^/]+\.json$/.test(name))).toEqual([]);
  if (fault !== "erred-after-approve")
    expect(stage.world.resource(firstOrder(stage).resourceUuid ?? "").backendId).not.toBe("");
}
