// What `components` records of what it sends: beside the runs, in a file and under a lock of its own, only where runs
// of its user were before, and never at the price of what it is for.

import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { listHistory } from "../../lib/history/reader.ts";
import { historyTable } from "../../lib/history/text.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import type { SimulatorOptions } from "../../lib/simulator/server.ts";
import { type ComponentsHere, openComponents, setUpHere } from "../components-site.ts";
import { listenTo, type Stage } from "../stage.ts";

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

const COMPONENTS = [
  "storage: {label: Space}",
  "inodes: {accounting_type: limit, label: Inodes, measured_unit: k}",
];

/** A site where a run was before. */
async function open(options: SimulatorOptions = {}): Promise<Stage> {
  const stage = await openComponents(COMPONENTS, options);
  stages.push(stage);
  expect((await stage.runHere("sync")).report.exitCode).toBe(0);
  return stage;
}

const stateOf = ({ out }: Stage) => join(out, STATE_DIRECTORY);
const fileOf = (stage: Stage) => join(stateOf(stage), "history-components.jsonl");
const sentOf = ({ out }: Stage) => listHistory([out]).filter(({ mode }) => mode === "components");

async function run(stage: Stage, options: ComponentsHere = {}) {
  const { report } = await setUpHere(stage, options);
  const unwritten = report.notices.filter(({ code }) => code === "history-unwritable");
  return { report, unwritten, code: report.exitCode };
}

const HOLD = `
  const { openState } = await import(process.argv[1] + "/directory.ts");
  const { underLock } = await import(process.argv[1] + "/lock.ts");
  const place = openState({ directory: process.argv[2], requireMount: null, allowShared: false });
  underLock(place, "components", () => {
    require("node:fs").writeSync(1, "held");
    Bun.sleepSync(Number(process.argv[3]));
  });
`;

/** Another process, once it holds the lock. */
async function holdLock({ out }: Stage, ms: number) {
  const lib = join(import.meta.dir, "../../lib/output");
  const child = Bun.spawn([process.execPath, "-e", HOLD, lib, out, String(ms)], { stdout: "pipe" });
  await child.stdout.getReader().read();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** What was done is done, and there is one notice. */
async function expectOneNotice(stage: Stage, words: string) {
  const { code, unwritten } = await run(stage);
  expect([code, stage.world.offering.components.map(({ name }) => name)]).toEqual([0, ["Space", "Inodes"]]);
  expect(unwritten).toMatchObject([
    { message: expect.stringContaining(words), offering: stage.simulator.offeringUuid },
  ]);
}

test("each POST is there with its component, its answer and how long it took, and no order", async () => {
  const stage = await open({ faults: ["500@create_offering_component*1"] });
  await run(stage);
  const nothing = { order: null, resource: null, file: null, path: null, entries: null, answer: null };
  const { offeringUuid: offering } = stage.simulator;
  const each = { ...nothing, offering, event: "sent", at: expect.any(String), ms: expect.any(Number) };
  expect(sentOf(stage) as unknown[]).toEqual([
    {
      ...each,
      ...{ mode: "components", call: "update_offering_component", component: "storage" },
      ...{ status: 200, error: null },
    },
    {
      ...each,
      ...{ mode: "components", call: "create_offering_component", component: "inodes" },
      ...{ status: 500, error: null },
    },
  ]);
  const text = readFileSync(fileOf(stage), "utf8");
  for (const word of [stage.simulator.providerToken, "Space", "http"]) expect(text).not.toContain(word);
});

test("it is recorded before the server sees it", async () => {
  const stage = await open();
  const found: unknown[] = [];
  listenTo(stage.simulator).push(({ method }) => {
    if (method === "POST") found.push(sentOf(stage).at(-1)?.component);
  });
  await run(stage);
  expect(found).toEqual(["storage", "inodes"]);
});

test("the table has it within 80 columns beside the calls on orders, and wider with the offering", async () => {
  const stage = await open();
  await run(stage);
  const [first, ...more] = sentOf(stage);
  if (first === undefined) throw new Error("nothing was recorded");
  const order = { ...first, call: "set_state_executing", order: "f".repeat(32), component: null };
  const lines = historyTable([first, ...more, order], { width: 80, timezone: "UTC" }).split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines[1]).toMatch(/ {2}update_component {5}200 {4,}storage$/);
  expect(historyTable([first], { width: 200, timezone: "UTC" })).toContain(
    `offering ${stage.simulator.offeringUuid}`,
  );
});

test("a dry run and one that has nothing to send write nothing", async () => {
  const stage = await open();
  const before = stage.everything();
  await run(stage, { dryRun: true });
  expect(stage.everything()).toEqual(before);
  await run(stage);
  const [names, text] = [stage.everything(), readFileSync(fileOf(stage), "utf8")];
  await run(stage);
  expect([stage.everything(), readFileSync(fileOf(stage), "utf8")]).toEqual([names, text]);
});

test.each(["nothing", "an output directory"])(
  "where %s is there before the first run it makes none",
  async (what) => {
    const stage = await openComponents(COMPONENTS);
    stages.push(stage);
    if (what === "nothing") Bun.spawnSync(["rmdir", stage.out]);
    const { code, unwritten } = await run(stage);
    expect([code, unwritten]).toEqual([0, []]);
    expect([existsSync(stage.out), existsSync(stateOf(stage))]).toEqual([what !== "nothing", false]);
  },
);

describe("what keeps it from recording is one notice, and changes nothing else:", () => {
  test("a link in the place of the file", async () => {
    const stage = await open();
    symlinkSync("/etc/hostname", fileOf(stage));
    await expectOneNotice(stage, "is a symbolic link");
  });

  test("a directory that everybody can write", async () => {
    const stage = await open();
    chmodSync(stage.out, 0o777);
    await expectOneNotice(stage, "everybody on this machine can write");
    expect(readdirSync(stateOf(stage)).filter((name) => name.includes("components"))).toEqual([]);
  });

  test("a lock that is not a file", async () => {
    const stage = await open();
    mkdirSync(join(stateOf(stage), "lock-components"));
    await expectOneNotice(stage, "lock-components");
    expect(sentOf(stage)).toEqual([]);
  });

  test("another process that has the lock and does not let go", async () => {
    const stage = await open();
    await using _ = await holdLock(stage, 60_000);
    await expectOneNotice(stage, "is locked by another process");
  });
});

test("another process that has the lock for a moment is waited for", async () => {
  const stage = await open();
  await using _ = await holdLock(stage, 200);
  expect((await run(stage)).unwritten).toEqual([]);
  expect(sentOf(stage)).toHaveLength(2);
});

test("what a process that died left half written spoils no line", async () => {
  const stage = await open();
  writeFileSync(fileOf(stage), '{"id":"a.1","at":"2026', { mode: 0o600 });
  await run(stage);
  expect(sentOf(stage)).toHaveLength(2);
});
