// `history` from outside: needs neither a token nor Waldur, what it prints as JSON has the documented structure, and
// what a run was doing when it was killed is there.

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import * as v from "valibot";
import type { HistoryEntry } from "../../lib/history/reader.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { openStage, type Ran, type Stage, type StageOptions } from "../stage.ts";
import { startOn } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const Uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The structure that docs/operations.md describes. */
export const Entry = v.strictObject({
  at: v.pipe(v.string(), v.isoTimestamp()),
  mode: v.picklist(["sync", "orders", "claims", "components"]),
  event: v.picklist(["sent", "published", "removed", "released", "answered", "rejected"]),
  offering: Uuid,
  order: v.nullable(Uuid),
  resource: v.nullable(Uuid),
  component: v.nullable(v.string()),
  call: v.nullable(v.pipe(v.string(), v.regex(/^[a-z_]+$/))),
  status: v.nullable(Count),
  error: v.nullable(v.pipe(v.string(), v.regex(/^[a-z-]+$/))),
  ms: v.nullable(Count),
  file: v.nullable(v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\d-\d\d-\d\d-\w+\.json$/))),
  path: v.nullable(v.pipe(v.string(), v.startsWith("/"))),
  entries: v.nullable(Count),
  answer: v.nullable(v.string()),
});

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage({
    settings: { mount_point: "/store/{project}", keep_snapshots: 1 },
    ...options,
  });
  stages.push(stage);
  return stage;
}

const history = (stage: Stage, ...args: string[]): Promise<Ran> =>
  stage.run(["history", ...args, "-c", stage.configPath]);

async function entriesOf(stage: Stage, ...args: string[]): Promise<HistoryEntry[]> {
  const { code, stdout, stderr } = await history(stage, "--json", ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return v.parse(v.array(Entry), JSON.parse(stdout));
}

/** Nothing of the token is left, and no server answers. */
async function cutOff(stage: Stage): Promise<void> {
  await stage.simulator.stop();
  const text = readFileSync(stage.configPath, "utf8");
  writeFileSync(stage.configPath, text.replace(/ *waldur_api_token:.*\n/, ""));
}

test("shows nothing of a directory without a file, asks nothing and writes nothing", async () => {
  const stage = await open();
  rmSync(stage.out, { recursive: true });
  expect(await history(stage, "--json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  expect((await history(stage)).stdout).toBe("TIME  WHAT  ANSWER  ABOUT  MS  DETAIL\n");
  expect([existsSync(stage.out), stage.simulator.requests]).toEqual([false, []]);
});

test("shows what a night left, without a token and without Waldur, in 80 columns", async () => {
  const stage = await open();
  const first = stage.world.addOrder({ type: "Create", name: "aa", limits: { storage: 3 } });
  await stage.run(["sync"]);
  await stage.run(["orders"]);
  const second = stage.world.addOrder({ type: "Create", name: "bb", limits: { storage: 3 } });
  stage.simulator.setFaults(["503@set_state_done"]);
  expect((await stage.run(["orders", "--retries", "0"])).code).toBe(75);
  const { path } = JSON.parse(
    (await stage.run(["claims", "list", "--json", "-c", stage.configPath])).stdout,
  )[0];
  stage.simulator.setFaults([]);
  expect((await stage.run(["claims", "release", path, "--force", "-c", stage.configPath])).code).toBe(0);
  await cutOff(stage);
  const entries = await entriesOf(stage);
  expect(entries.map(({ event, call, status }) => [call ?? event, status])).toEqual([
    ["published", null],
    ...[
      ["approve_by_provider", 200],
      ["published", null],
      ["set_backend_id", 200],
      ["set_state_done", 200],
    ],
    ...[
      ["approve_by_provider", 200],
      ["published", null],
      ["set_backend_id", 200],
      ["set_state_done", 503],
    ],
    ["released", null],
  ]);
  expect(entries.at(-1)).toMatchObject({ mode: "claims", resource: first.resourceUuid, path });
  expect((await entriesOf(stage, "--order", second.uuid)).map(({ order }) => order)).toEqual(
    Array.from({ length: 4 }, () => second.uuid),
  );
  expect(await entriesOf(stage, "--since", "1h")).toEqual(entries);
  expect(await entriesOf(stage, "--since", "2100-01-01")).toEqual([]);
  expect(await entriesOf(stage, "--offering-uuid", stage.simulator.offeringUuid)).toEqual(entries);
  const lines = (await history(stage)).stdout.trimEnd().split("\n");
  expect([lines.length, lines.filter((line) => line.length > 80)]).toEqual([entries.length + 1, []]);
  expect(lines.at(-2)).toMatch(
    new RegExp(`^\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  set_state_done +503 +${second.uuid}$`),
  );
});

test("what is neither a time nor a uuid is 64", async () => {
  const stage = await open();
  for (const args of [
    ["--since", "yesterday"],
    ["--order", "1"],
  ]) {
    const { code, stderr } = await history(stage, ...args);
    expect([code, stderr.includes("hint: ")]).toEqual([64, true]);
  }
});

test("a POST that a kill left without an answer is there, and so is the file that has its name", async () => {
  const stage = await open();
  const order = stage.world.addOrder({
    type: "Update",
    resource: stage.world.addResource(),
    limits: { storage: 3 },
  });
  const run = startOn(stage, ["orders"]);
  stage.simulator.setFaults(["hang@set_state_done"]);
  while (!stage.requestsOf("POST").some(({ path }) => path.includes("set_state_done"))) await Bun.sleep(5);
  run.kill("SIGKILL");
  expect((await run.ended).code).toBe(137);
  const entries = await entriesOf(stage, "--order", order.uuid);
  expect(entries.map(({ event, call, status, error }) => [call ?? event, status ?? error])).toEqual([
    ["approve_by_provider", 200],
    ["published", null],
    ["set_state_done", "unknown"],
  ]);
});

test("a damaged or replaced history is shown as far as possible", async () => {
  const stage = await open();
  stage.world.addResource();
  await stage.run(["sync"]);
  const path = join(stage.out, STATE_DIRECTORY, "history-sync.jsonl");
  writeFileSync(path, `${readFileSync(path, "utf8")}\u0000\u0001{"id":`);
  expect(await entriesOf(stage)).toHaveLength(1);
  rmSync(path);
  mkdirSync(path);
  expect(await entriesOf(stage)).toEqual([]);
});
