// What docs/operations.md says besides its commands: alerts, several gateways, lost state, and sizes.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { renderMetrics } from "../../lib/report/metrics.ts";
import type { Report } from "../../lib/report/report.ts";
import { readPage } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";
import { BINARY, listPublic, openStage, runCommand, type Stage } from "../stage.ts";

const page = readPage("docs/operations.md");
const open: Stage[] = [];

afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function start(options: Parameters<typeof openStage>[0]): Promise<Stage> {
  const stage = await openStage(options);
  open.push(stage);
  return stage;
}

describe("metrics and alerts", () => {
  const report: Report = {
    mode: "orders",
    dryRun: false,
    version: "0.0.0",
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:00:01Z",
    offerings: [
      {
        ...{ uuid: "1", name: "Storage", outcome: "published", resources: 1, carriedOver: 0, exitCode: 10 },
        open: { states: { executing: 1 }, oldest: "2026-01-01T00:00:00Z" },
        unanswered: { count: 1, oldest: "2026-01-01T00:00:00Z" },
      },
    ],
    files: [],
    orders: [
      { offering: "1", uuid: "2", type: "Create", state: "done", resource: null, outcome: "done", calls: [] },
    ],
    problems: [{ code: "bad-slug", message: "", offering: "1" }],
    notices: [],
    omitted: [],
    exitCode: 10,
  };
  const textOf = (mode: Report["mode"]) =>
    renderMetrics({ ...report, mode }, { mode, config: "/c", only: [] });
  const seriesOf = (mode: Report["mode"]) => {
    return [...textOf(mode).matchAll(/^(waldur_\w+)\{(.*?)\}/gm)].map(([, name = "", labels = ""]) => [
      name,
      [...labels.matchAll(/(\w+)=/g)].map(([, label]) => label).join(", "),
    ]);
  };
  // A snapshot has one series that a pass over orders has not.
  const series = seriesOf("sync").filter(
    ([name], at, all) => at === all.findIndex(([other]) => other === name),
  );

  test("the table has every series with its labels", () => {
    const rows = page.table(
      "    --metrics-file /var/lib/prometheus/node-exporter/waldur-storage-orders.prom\n```",
    );
    expect(rows.map(([name, labels]) => [name, labels])).toEqual(series as string[][]);
  });

  test("the alerts ask only for series that there are", () => {
    const rules = page.blocks("yaml").find((block) => block.startsWith("groups:")) ?? "";
    const asked = [...rules.matchAll(/waldur_cscs_storage_\w+/g)].map(([name]) => name);
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((name) => !series.some(([known]) => known === name))).toEqual([]);
  });

  const hasPromtool = Bun.which("promtool") !== null;
  test.skipIf(!hasPromtool)(
    `Prometheus accepts the metrics and the rules, and they fire when they should${hasPromtool ? "" : " (needs promtool)"}`,
    async () => {
      const directory = scratchDirectory("alerts-");
      const rules = page.blocks("yaml").find((block) => block.startsWith("groups:")) ?? "";
      writeFileSync(join(directory, "rules.yml"), rules);
      writeFileSync(join(directory, "tests.yml"), ALERT_TESTS);
      for (const what of ["check rules rules.yml", "test rules tests.yml"]) {
        const ran = await runCommand(["promtool", ...what.split(" ")], { cwd: directory });
        expect(ran).toMatchObject({ code: 0 });
      }
      for (const mode of ["sync", "orders"] as const) {
        writeFileSync(join(directory, "run.prom"), textOf(mode));
        const checked = await runCommand(["sh", "-c", "promtool check metrics <run.prom"], {
          cwd: directory,
        });
        expect(checked).toEqual({ code: 0, stdout: "", stderr: "" });
      }
    },
  );
});

/** Time begins at 0: a node that ran well until minute 10, and whose token was refused from then on. */
const ALERT_TESTS = `rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'waldur_cscs_storage_last_success_timestamp_seconds{mode="orders", config="/b", instance="a"}'
        values: "0+60x10 600x60"
      - series: 'waldur_cscs_storage_last_run_timestamp_seconds{mode="orders", config="/b", instance="a"}'
        values: "0+60x70"
      - series: 'waldur_cscs_storage_exit_code{mode="orders", config="/b", instance="a"}'
        values: "0x10 77x60"
      - series: 'waldur_cscs_storage_exit_code{mode="sync", config="/b", instance="a"}'
        values: "75x30 10x40"
      - series: 'waldur_cscs_storage_oldest_open_order_timestamp_seconds{mode="orders", config="/b", name="S", instance="a"}'
        values: "0x900"
      - series: 'waldur_cscs_storage_oldest_unanswered_order_timestamp_seconds{mode="orders", config="/b", name="S", instance="a"}'
        values: "0x900"
      - series: 'waldur_cscs_storage_offering_last_success_timestamp_seconds{mode="orders", config="/b", name="S", instance="a"}'
        values: "0+60x10 600x900"
    alert_rule_test:
      - { eval_time: 20m, alertname: WaldurStorageOrdersStopped, exp_alerts: [] }
      - eval_time: 27m
        alertname: WaldurStorageOrdersStopped
        exp_alerts:
          - exp_labels: { severity: critical, mode: orders, config: /b, instance: a }
            exp_annotations:
              summary: "no good pass over storage orders for 15 minutes: /b on a"
      - eval_time: 30m
        alertname: WaldurStorageRunFails
        exp_alerts:
          - exp_labels: { severity: critical, mode: orders, config: /b, instance: a }
            exp_annotations: { summary: "orders of /b ends with 77 on a" }
      - { eval_time: 60m, alertname: WaldurStorageMetricsMissing, exp_alerts: [] }
      - { eval_time: 100m, alertname: WaldurStorageOfferingStopped, exp_alerts: [] }
      - eval_time: 140m
        alertname: WaldurStorageOfferingStopped
        exp_alerts:
          - exp_labels: { severity: critical, mode: orders, config: /b, name: S, instance: a }
            exp_annotations: { summary: "no good pass over orders of S for two hours on a" }
      - eval_time: 100m
        alertname: WaldurStorageUnanswered
        exp_alerts:
          - exp_labels: { severity: warning, mode: orders, config: /b, name: S, instance: a }
            exp_annotations: { summary: "an order of S has had no answer for an hour on a" }
      - { eval_time: 700m, alertname: WaldurStorageOrderWaits, exp_alerts: [] }
      - eval_time: 800m
        alertname: WaldurStorageOrderWaits
        exp_alerts:
          - exp_labels: { severity: warning, mode: orders, config: /b, name: S, instance: a }
            exp_annotations: { summary: "an order of S has been open for more than 12 hours on a" }
`;

test("a token that has expired looks as it says", async () => {
  const stage = await start({ resources: 5 });
  writeFileSync(join(stage.directory, "waldur.token"), `${"0".repeat(40)}\n`, { mode: 0o600 });
  const config = await Bun.file(stage.configPath).text();
  writeFileSync(
    stage.configPath,
    config.replace(/waldur_api_token: .*/, "waldur_api_token_file: waldur.token"),
  );
  const { code, stdout } = await stage.run(["check", "-c", stage.configPath]);
  expect(code).toBe(77);
  const neutral = (text: string) =>
    text
      .replaceAll(stage.directory, "/etc/waldur")
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "https://waldur.example.org")
      .replaceAll(/\s+/g, "")
      .replaceAll(/[0-9a-f]{32}/g, "UUID");
  const [shown = ""] = page.blocks("text").filter((block) => block.startsWith("fail     token"));
  expect(shown).not.toBe("");
  expect(neutral(stdout)).toEndWith(neutral(shown));
});

describe("two gateways", () => {
  /** The same offering with an output directory of its own. */
  async function secondGateway(stage: Stage) {
    const out = join(stage.directory, "second");
    const config = join(stage.directory, "second.yaml");
    mkdirSync(out);
    const text = await Bun.file(stage.configPath).text();
    writeFileSync(config, text.replace(stage.out, out), { mode: 0o600 });
    return { out, run: (mode: string) => stage.run([mode, "-c", config]) };
  }
  const orderFiles = (directory: string) => listPublic(directory).filter((name) => name.includes("_"));

  test("with two directories the order files are in that of the first alone", async () => {
    const stage = await start({ resources: 5, orders: 3 });
    const second = await secondGateway(stage);
    expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
    expect(await second.run("orders")).toMatchObject({ code: 0, stderr: "" });
    expect([orderFiles(stage.out).length, orderFiles(second.out).length]).toEqual([3, 0]);
  });

  test("with two directories and `external` both publish every order, and the second one says so", async () => {
    const stage = await start({ resources: 5, orders: 3, settings: { completion: "external" } });
    const second = await secondGateway(stage);
    expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
    const { code, stderr } = await second.run("orders");
    const says = stderr.match(/another waldur-cscs-storage publishes this offering elsewhere/g);
    expect([code, says?.length]).toEqual([10, 1]);
    expect([orderFiles(stage.out).length, orderFiles(second.out).length]).toEqual([3, 3]);
  });

  test("with two directories a resource gets two paths when its slug changes between two runs", async () => {
    const stage = await start({ resources: 5 });
    const second = await secondGateway(stage);
    const resource = stage.world.addResource({ slug: "home" });
    expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
    resource.slug = "renamed";
    expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
    expect(await second.run("sync")).toMatchObject({ code: 0 });
    const pathIn = async (directory: string) => {
      const name = listPublic(directory).at(-1) ?? "";
      const { result } = await Bun.file(join(directory, name)).json();
      const find = ({ itemId }: { itemId: string }) => itemId === resource.uuid;
      return result.storageResources.find(find).mountPoint.default;
    };
    expect(await pathIn(second.out)).toEndWith("/renamed");
    expect(await pathIn(stage.out)).toEndWith("/home");
  });
});

test("without its state directory the next runs continue, and publish no order again", async () => {
  const stage = await start({ resources: 20, orders: 3 });
  expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
  expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
  const before = listPublic(stage.out).filter((name) => name.includes("_"));
  rmSync(join(stage.out, ".waldur-cscs-storage"), { recursive: true });
  expect(await stage.run(["orders"])).toMatchObject({ code: 0, stderr: "" });
  expect(await stage.run(["sync"])).toMatchObject({ code: 0, stderr: "" });
  expect(listPublic(stage.out).filter((name) => name.includes("_"))).toEqual(before);
});

test("the sizes are as it says", async () => {
  const stage = await start({ resources: 300, orders: 3 });
  expect(statSync(BINARY).size / 1e6).toBeWithin(95, 125);
  await stage.run(["sync"]);
  const [snapshot = ""] = stage.files();
  expect(statSync(join(stage.out, snapshot)).size / 300 / 1000).toBeWithin(1.5, 2.5);
  expect(statSync(join(stage.out, ".waldur-cscs-storage", "claims")).size / 300).toBeWithin(60, 140);
  await stage.run(["orders"]);
  for (const name of stage.files().filter((file) => file.includes("_")))
    expect(statSync(join(stage.out, name)).size / 1000).toBeWithin(2, 4.5);
});
