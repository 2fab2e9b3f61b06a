// What `check` says of metrics files that belong to a mode already: a run of the other mode refuses them (73), so a
// check that says nothing is one after which it does not.

import { afterEach, describe, expect, test } from "bun:test";
import { join } from "pathe";
import { type MetricsOwner, renderMetrics } from "../../lib/report/metrics.ts";
import { inspectMetrics, writeMetrics } from "../../lib/report/metrics-file.ts";
import { checkHere, statusesOf, wordsOf } from "../check-here.ts";
import { openStage, type Stage } from "../stage.ts";

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

type Mode = MetricsOwner["mode"];

async function open(only?: Mode): Promise<Stage> {
  const other = only === "sync" ? "order_processing_backend" : "backend_type";
  const stage = await openStage({ inMemory: true });
  stages.push(stage);
  if (only !== undefined) {
    const text = await Bun.file(stage.configPath).text();
    await Bun.write(stage.configPath, text.replace(new RegExp(`^ +${other}: .*\n`, "m"), ""));
  }
  return stage;
}

const ownerOf = ({ configPath }: Stage, mode: Mode): MetricsOwner => ({ mode, config: configPath, only: [] });

/** As a run of that mode leaves it. */
async function leave(stage: Stage, mode: Mode, name: string): Promise<string> {
  const path = join(stage.directory, name);
  const { report } = await stage.runHere(mode);
  writeMetrics(path, report, ownerOf(stage, mode));
  return path;
}

const check = (stage: Stage, ...metricsFiles: string[]) => checkHere(stage.configPath, { metricsFiles });

describe("a file of the other mode", () => {
  test.each([
    ["sync", "orders"],
    ["orders", "sync"],
  ] as const)("fails where only %s is set up, in the words of the run", async (mode, other) => {
    const path = await leave(await open(), other, "m.prom");
    const stage = await open(mode);
    const report = await check(stage, path);
    expect([report.exitCode, statusesOf(report, "metrics-file")]).toEqual([73, ["fail"]]);
    let refusal = "";
    try {
      inspectMetrics(path, ownerOf(stage, mode));
    } catch (error) {
      refusal = error instanceof Error ? error.message : "";
    }
    expect(refusal).toContain(`has the metrics of ${other}`);
    expect(wordsOf(report, "metrics-file")).toContain(`fail ${refusal} hint: give ${mode} another file`);
  });

  test("is a warning where both modes are set up and one file was given, because its run is not known", async () => {
    const stage = await open();
    const path = await leave(stage, "orders", "m.prom");
    const report = await check(stage, path);
    expect([report.exitCode, statusesOf(report, "metrics-file")]).toEqual([0, ["warn"]]);
    expect(wordsOf(report, "metrics-file")).toContain(
      `the metrics file ${path} has the metrics of orders: sync needs a separate one`,
    );
  });

  test("fails where all that were given are of one mode", async () => {
    const stage = await open();
    const paths = [await leave(stage, "sync", "a.prom"), await leave(stage, "sync", "b.prom")];
    const report = await check(stage, ...paths);
    expect([report.exitCode, statusesOf(report, "metrics-file")]).toEqual([73, ["fail", "fail"]]);
  });
});

test("one file that is given for two runs fails, also before the first of them", async () => {
  const stage = await open();
  const path = join(stage.directory, "m.prom");
  const report = await check(stage, path, path);
  expect([report.exitCode, statusesOf(report, "metrics-file")]).toEqual([73, ["fail"]]);
  expect(wordsOf(report, "metrics-file")).toContain("use a separate file for each mode");
});

test.each(["before the runs", "after the runs", "after one run"])(
  "each mode with its own is right %s",
  async (when) => {
    const stage = await open();
    const paths = ["sync.prom", "orders.prom"].map((name) => join(stage.directory, name));
    if (when !== "before the runs") await leave(stage, "sync", "sync.prom");
    if (when === "after the runs") await leave(stage, "orders", "orders.prom");
    const report = await check(stage, ...paths);
    expect([report.exitCode, statusesOf(report, "metrics-file")]).toEqual([0, ["ok", "ok"]]);
  },
);

test("what a run replaces with a warning is the same warning", async () => {
  const stage = await open("sync");
  const path = join(stage.directory, "m.prom");
  const { report } = await stage.runHere("sync");
  await Bun.write(path, renderMetrics(report, { mode: "sync", config: "/etc/other.yaml", only: [] }));
  const warning = inspectMetrics(path, ownerOf(stage, "sync"));
  expect(wordsOf(await check(stage, path), "metrics-file")).toContain(`warn ${warning}`);
});
