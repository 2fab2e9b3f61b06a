// `show` from outside: by order, resource and path, with Waldur and without, and what it says when Waldur does not.

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import type { Shown } from "../../lib/show/show.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import { openStage, type Ran, type Stage, type StageOptions } from "../stage.ts";
import { listingOf, runOnTerminal } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const Uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Path = v.pipe(v.string(), v.startsWith("/"));
const Named = { offering: Uuid, resource: Uuid, path: Path };
const Type = v.picklist(["create", "update", "terminate"]);

/** The structure that docs/operations.md describes. */
const Schema = v.strictObject({
  what: v.string(),
  found: v.boolean(),
  places: v.array(
    v.strictObject({
      directory: Path,
      entries: v.array(
        v.strictObject({
          ...{ ...Named, file: v.string(), date: Time, status: v.string(), isDirectory: v.boolean() },
          entry: v.looseObject({ itemId: Uuid }),
        }),
      ),
      files: v.array(v.strictObject({ ...Named, file: v.string(), order: Uuid, type: Type, date: Time })),
      receipts: v.array(
        v.strictObject({
          ...{ ...Named, order: Uuid, type: Type, file: v.string(), claimedAt: Time },
          ...{ open: v.boolean(), published: v.boolean() },
          ...{ ended: v.nullable(v.string()), closedAt: v.nullable(Time) },
          answer: v.nullable(v.looseObject({ result: v.picklist(["done", "erred"]), at: Time })),
        }),
      ),
      claims: v.array(
        v.strictObject({
          ...{ ...Named, since: Time, file: v.nullable(v.string()) },
          ...{ present: v.boolean(), named: v.boolean(), freeFrom: v.nullable(Time) },
        }),
      ),
      history: v.array(v.looseObject({ at: Time })),
    }),
  ),
  waldur: v.nullable(
    v.array(
      v.strictObject({
        ...{ kind: v.picklist(["order", "resource"]), uuid: Uuid },
        answer: v.picklist(["found", "unknown", "failed"]),
        ...{ state: v.nullable(v.string()), type: v.nullable(v.string()), name: v.nullable(v.string()) },
        ...{
          backendId: v.nullable(v.string()),
          project: v.nullable(v.string()),
          error: v.nullable(v.string()),
        },
      }),
    ),
  ),
});

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

/** A site with a resource that was ordered, and an order that Waldur would not have set done. */
async function open(options: StageOptions = {}): Promise<Stage & { done: SimOrder; waiting: SimOrder }> {
  const stage = await openStage({ settings: { mount_point: "/store/{project}" }, ...options });
  stages.push(stage);
  const done = stage.world.addOrder({ type: "Create", name: "aa", limits: { storage: 3 } });
  await stage.run(["orders"]);
  await stage.run(["sync"]);
  const waiting = stage.world.addOrder({ type: "Create", name: "bb", limits: { storage: 3 } });
  stage.simulator.setFaults(["503@set_state_done"]);
  await stage.run(["orders", "--retries", "0"]);
  stage.simulator.setFaults([]);
  return { ...stage, done, waiting };
}

const show = (stage: Stage, what: string, ...args: string[]): Promise<Ran> =>
  stage.run(["show", what, "-c", stage.configPath, "--retries", "0", ...args]);

async function shownOf(stage: Stage, what: string, ...args: string[]): Promise<Shown> {
  const { code, stdout, stderr } = await show(stage, what, "--json", ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return v.parse(Schema, JSON.parse(stdout)) as unknown as Shown;
}

const pathOf = (stage: Stage, { uuid }: SimOrder): string => {
  const [name = ""] = stage.files().filter((one) => one.includes(uuid));
  return stage.read(name).result.storageResources[0]?.mountPoint.default ?? "";
};

test("of an order, with its receipt, file, claim, history and state; with dashes or without", async () => {
  const stage = await open();
  const { uuid, resourceUuid } = stage.done;
  const shown = await shownOf(stage, uuid);
  const [place] = shown.places;
  expect(shown.places).toHaveLength(1);
  expect(place?.entries).toMatchObject([
    { resource: resourceUuid, path: pathOf(stage, stage.done), status: "active" },
  ]);
  expect(place?.files).toMatchObject([{ order: uuid, type: "create", resource: resourceUuid }]);
  expect(place?.receipts).toMatchObject([{ order: uuid, open: false, published: true, ended: "done" }]);
  expect(place?.claims).toMatchObject([{ resource: resourceUuid, present: true, named: true }]);
  expect(place?.history.map(({ call, event }) => call ?? event)).toEqual([
    ...["approve_by_provider", "published", "set_backend_id", "set_state_done"],
  ]);
  expect(shown.waldur).toMatchObject([
    { kind: "order", uuid, answer: "found", state: "done", type: "Create" },
    { kind: "resource", uuid: resourceUuid, answer: "found", state: "OK", name: "aa" },
  ]);
  const dashed = uuid.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
  expect(await shownOf(stage, dashed)).toEqual(shown);
});

test("of a resource and of its path, with the orders that are not through", async () => {
  const stage = await open();
  const { uuid, resourceUuid } = stage.waiting;
  for (const what of [resourceUuid ?? "", pathOf(stage, stage.waiting), `${pathOf(stage, stage.waiting)}/`]) {
    const shown = await shownOf(stage, what);
    const [place] = shown.places;
    expect(place?.entries).toEqual([]);
    expect(place?.receipts).toMatchObject([{ order: uuid, open: true, published: true, ended: null }]);
    expect(place?.history.map(({ status }) => status)).toEqual([200, null, 200, 503]);
    expect(shown.waldur).toMatchObject([
      { kind: "order", uuid, state: "executing" },
      { kind: "resource", uuid: resourceUuid, state: "Creating" },
    ]);
  }
});

test("an order that only Waldur knows is shown, what is not known is 10, what is neither a uuid nor a path 64", async () => {
  const stage = await open();
  const placed = stage.world.addOrder({ type: "Create", name: "cc" });
  expect(await shownOf(stage, placed.uuid)).toMatchObject({
    ...{ found: true, places: [] },
    waldur: [{ kind: "order", answer: "found", state: "pending-provider" }],
  });
  for (const what of ["1".repeat(32), "/nobody/has/it"]) {
    const { code, stdout } = await show(stage, what);
    expect([code, stdout.split("\n")[0]]).toEqual([10, `nothing is known of ${what}`]);
  }
  expect((await show(stage, placed.uuid, "--local")).code).toBe(10);
  const { code, stderr } = await show(stage, "aa");
  expect([code, stderr.includes("neither a uuid nor an absolute path")]).toEqual([64, true]);
});

test("--local asks nothing and needs no token, and nothing is ever written", async () => {
  const stage = await open();
  const before = listingOf(stage.out);
  const asked = stage.simulator.requests.length;
  const shown = await shownOf(stage, stage.done.uuid);
  const config = readFileSync(stage.configPath, "utf8");
  writeFileSync(stage.configPath, config.replace(/ *waldur_api_token:.*\n/, ""));
  const from = stage.simulator.requests.length;
  const local = await shownOf(stage, stage.done.uuid, "--local");
  expect([local.waldur, local.places]).toEqual([null, shown.places]);
  expect([from - asked, stage.simulator.requests.length]).toEqual([2, from]);
  expect(listingOf(stage.out)).toEqual(before);
});

test.each([
  ["403", "403"],
  ["401", "401"],
  ["404", null],
  ["404-html", "no such endpoint"],
  ["500", "500"],
  ["html", "JSON"],
  ["drop", "did not answer in full"],
])("Waldur's %s hides nothing of what is known here", async (fault, error) => {
  const stage = await open();
  const local = await shownOf(stage, stage.done.uuid, "--local");
  stage.simulator.setFaults([fault]);
  const shown = await shownOf(stage, stage.done.uuid);
  expect(shown.places).toEqual(local.places);
  for (const one of shown.waldur ?? []) {
    expect(one.answer).toBe(error === null ? "unknown" : "failed");
    if (error !== null) expect(one.error).toContain(error);
  }
});

test("without a token what is known here is shown, and why Waldur was not asked", async () => {
  const stage = await open();
  const config = readFileSync(stage.configPath, "utf8");
  writeFileSync(stage.configPath, config.replace(/ *waldur_api_token:.*\n/, ""));
  const { code, stdout } = await show(stage, stage.done.uuid);
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("there is no token");
  expect(stdout).toContain("closed ");
});

test("80 columns hold all but paths, and no control character reaches the terminal", async () => {
  const stage = await open();
  const resource = stage.world.resource(stage.done.resourceUuid ?? "");
  resource.backendId = "a\u001b[31m\u0085b";
  for (const what of [stage.done.uuid, stage.waiting.uuid, pathOf(stage, stage.done)]) {
    const { stdout } = await show(stage, what);
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.length > 80 && !line.trim().startsWith("/"))).toEqual([]);
    for (const part of ["Last snapshot", "Claims", "Order files", "Receipts", "History", "Waldur"])
      expect(lines).toContain(part);
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  }
  const { code, shown } = await runOnTerminal(`"$@" show ${stage.done.uuid} -c "$CONFIG"`, stage, {
    columns: 160,
  });
  expect([code, shown.includes("MS")]).toEqual([0, true]);
});
