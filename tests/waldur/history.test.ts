// What passes and snapshots record of themselves, over real HTTP: every POST with its answer, every file, nothing of
// what a server says, and nothing at all where nothing is done.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "pathe";
import { listHistory } from "../../lib/history/reader.ts";
import { historyFile, historyPath } from "../../lib/history/record.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { GENERATIONS, type OrdersStage, openOrders, place, stepOf, TYPES } from "./orders-stage.ts";

const historyOf = ({ out }: Pick<OrdersStage, "out">) => listHistory([out]);
const linesOf = ({ out }: Pick<OrdersStage, "out">, writer: string) =>
  readFileSync(historyPath(out, historyFile(writer)), "utf8");

for (const generation of GENERATIONS) {
  test(`every POST of a ${generation} server and every file is there, in the order of the pass`, async () => {
    await using stage = await openOrders({ generation });
    const orders = TYPES.map((type) => place(stage, type));
    const pass = await stage.pass();
    const entries = historyOf(stage);
    expect(entries.filter(({ event }) => event === "sent").map(({ call }) => call ?? "")).toEqual(
      pass.requests.filter(({ method }) => method === "POST").map(stepOf),
    );
    for (const order of orders) {
      const own = listHistory([stage.out], { order: order.uuid });
      const [name] = stage.filesOf(order);
      const path = stage.entryOf(order).mountPoint.default;
      expect(own.find(({ event }) => event === "published")).toMatchObject({
        ...{ mode: "orders", offering: stage.simulator.offeringUuid, order: order.uuid },
        ...{ resource: order.resourceUuid, file: name, path, entries: 1, ms: expect.any(Number) },
      });
      const sent = own.filter(({ event }) => event === "sent");
      expect(sent.at(-1)).toMatchObject({ call: "set_state_done", status: 200, error: null });
      expect(sent.every(({ resource, ms }) => resource === order.resourceUuid && ms !== null)).toBe(true);
    }
  });
}

test("a POST is recorded before the server sees it, and before its answer comes", async () => {
  await using stage = await openOrders();
  place(stage, "Create");
  const found: unknown[] = [];
  stage.count((_, request) => {
    if (request.method === "POST") found.push([stepOf(request), historyOf(stage).at(-1)?.call]);
  });
  await stage.pass();
  expect(found).toEqual(
    ["approve_by_provider", "set_backend_id", "set_state_done"].map((step) => [step, step]),
  );
});

test("each kind of failed answer is recorded as what it was", async () => {
  await using stage = await openOrders();
  const answers: unknown[] = [];
  for (const fault of ["500", "409", "403", "404", "404-html", "redirect", "drop", "drop-after-apply"]) {
    const order = place(stage, "Update", `home-${fault}`);
    stage.simulator.setFaults([`${fault}@set_state_done*1`]);
    await stage.pass();
    const [done] = listHistory([stage.out], { order: order.uuid }).filter(
      ({ call }) => call === "set_state_done",
    );
    answers.push([fault, done?.status ?? done?.error]);
    stage.simulator.setFaults([]);
    await stage.pass();
  }
  expect(answers).toEqual([
    ...[
      ["500", 500],
      ["409", 409],
      ["403", 403],
      ["404", 404],
      ["404-html", 404],
    ],
    ...[
      ["redirect", 302],
      ["drop", "no-answer"],
      ["drop-after-apply", "no-answer"],
    ],
  ]);
});

test("neither a token, nor a word of the server or of a person gets into it", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Create", "home-of-somebody");
  stage.world.order(order.uuid).attributes = { permissions: "770", contact: "Ada Lovelace" };
  stage.simulator.setFaults(["409@set_state_done*1"]);
  await stage.pass();
  await stage.runHere("sync");
  const text = `${linesOf(stage, "orders")}${linesOf(stage, "sync")}`;
  const { project } = order;
  for (const word of [stage.simulator.providerToken, "Ada", project?.name ?? "project", "Token", "http"])
    expect(text).not.toContain(word);
  const keys = text.split("\n").flatMap((line) => (line === "" ? [] : Object.keys(JSON.parse(line))));
  expect([...new Set(keys)].sort()).toEqual([
    ...[
      "at",
      "call",
      "done",
      "end",
      "entries",
      "event",
      "file",
      "id",
      "inode",
      "ms",
      "offering",
      "order",
      "path",
    ],
    ...["resource", "status"],
  ]);
});

test("a snapshot is there with its number of resources, and so is the one that it drives out", async () => {
  await using stage = await openOrders({ settings: { keep_snapshots: 1 } });
  stage.world.addResource();
  stage.world.addResource();
  const at = (minute: number) => ({ now: () => new Date(Date.now() - minute * 60_000) });
  const first = (await stage.runHere("sync", at(5))).report.files[0]?.path.split("/").at(-1);
  const second = (await stage.runHere("sync", at(1))).report.files[0]?.path.split("/").at(-1);
  expect(historyOf(stage).map(({ event, file, entries, order }) => [event, file, entries, order])).toEqual([
    ["published", first ?? "", 2, null],
    ["published", second ?? "", 2, null],
    ["removed", first ?? "", null, null],
  ]);
  expect(stage.files()).toEqual([second ?? ""]);
  await stage.runHere("sync", { sync: { ifChanged: true } });
  expect(historyOf(stage)).toHaveLength(3);
});

test("what is done already is not recorded again: an idle pass, a dry run, an order that waits write nothing", async () => {
  await using stage = await openOrders({ settings: { completion: "external" } });
  await stage.pass();
  place(stage, "Create");
  await stage.pass({ dryRun: true });
  await stage.runHere("sync", { dryRun: true });
  expect(stage.everything().filter((path) => path.includes("history"))).toEqual([]);
  await stage.pass();
  const text = linesOf(stage, "orders");
  expect(text).not.toBe("");
  await stage.pass();
  await stage.pass({ dryRun: true });
  expect(linesOf(stage, "orders")).toBe(text);
});

test("an order file that is there already is published once, also in the history", async () => {
  await using stage = await openOrders();
  const order = place(stage, "Update");
  stage.simulator.setFaults(["500@set_state_done*1"]);
  await stage.pass();
  await stage.pass();
  const events = listHistory([stage.out], { order: order.uuid }).map(({ event, call }) => call ?? event);
  expect(events).toEqual(["approve_by_provider", "published", "set_state_done", "set_state_done"]);
});

test("where it cannot be written every order is done all the same, with one notice of the run", async () => {
  await using stage = await openOrders();
  for (const type of TYPES) place(stage, type);
  mkdirSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
  symlinkSync("/dev/null", historyPath(stage.out, historyFile("orders")));
  symlinkSync("/dev/null", historyPath(stage.out, historyFile("sync")));
  const pass = await stage.pass();
  const sync = await stage.runHere("sync");
  expect([pass.code, pass.outcomes, sync.report.exitCode]).toEqual([0, ["done", "done", "done"], 0]);
  for (const { report, lines } of [pass, sync]) {
    expect(report.notices).toMatchObject([{ code: "history-unwritable" }]);
    expect(lines.filter((line) => line.includes("history-unwritable"))).toEqual([
      expect.stringContaining(" warn requests and published files are not recorded: cannot open "),
    ]);
  }
});

test("losing it loses nothing else", async () => {
  await using stage = await openOrders();
  place(stage, "Create");
  stage.simulator.setFaults(["500@set_state_done*1"]);
  await stage.pass();
  const path = historyPath(stage.out, historyFile("orders"));
  await Bun.file(path).delete();
  const pass = await stage.pass();
  expect([pass.outcomes, pass.report.notices, existsSync(path)]).toEqual([["done"], [], true]);
  expect(historyOf(stage).map(({ call }) => call)).toEqual(["set_state_done"]);
});
