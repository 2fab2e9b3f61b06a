// `status` as a program: what it prints, what it ends with, and that it needs neither token nor Waldur with --local.

import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "pathe";
import * as v from "valibot";
import { StatusReport } from "../../lib/status/report.ts";
import { runSubject, type Stage } from "../stage.ts";
import { listingOf, runOnTerminal, scriptOn, startOn, until, withStage } from "./program.ts";

const status = (stage: Stage, ...flags: string[]) =>
  runSubject(["status", "-c", stage.configPath, ...flags], { cwd: stage.directory });

async function runBoth(stage: Stage): Promise<void> {
  for (const mode of ["sync", "orders"]) await stage.run([mode]);
}

test("a site where there are no problems ends with 0, and is left as it is", () =>
  withStage({ orders: 2 }, async (stage) => {
    await runBoth(stage);
    const before = listingOf(stage.out);
    const ran = await status(stage);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout.split("\n").map((line) => line.trim())).toEqual([
      `Test (${stage.simulator.offeringUuid})`,
      stage.out,
      expect.stringMatching(/^orders {2}last success \d+ s ago$/),
      expect.stringMatching(/^sync {4}last success \d+ s ago$/),
      "no open orders",
      "no problems",
      "",
    ]);
    expect(listingOf(stage.out)).toEqual(before);
    const { method, userAgent } = stage.simulator.requests.at(-1) ?? {};
    expect([method, userAgent]).toEqual(["GET", expect.stringMatching(/^waldur-cscs-storage\/\S+$/)]);
  }));

test("what needs a person ends with 10, and --json has its structure", () =>
  withStage({}, async (stage) => {
    await runBoth(stage);
    const order = stage.world.addOrder({ type: "Create", limits: { storage: -1 } });
    await stage.run(["orders"]);
    const shown = await status(stage);
    expect(shown.code).toBe(10);
    expect(shown.stdout).toContain("1 open order\n");
    expect(shown.stdout).toMatch(/^\d+ \w+ +orders {2}bad-limit .* limits\.storage is negative: -1$/m);
    expect(Math.max(...shown.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const json = await status(stage, "--json");
    expect([json.code, json.stderr]).toEqual([10, ""]);
    const report = v.parse(StatusReport, JSON.parse(json.stdout));
    expect(report).toMatchObject({
      asked: true,
      exitCode: 10,
      offerings: [{ orders: [{ uuid: order.uuid }] }],
    });
    const wide = await runOnTerminal(`"$@" status -c "$CONFIG"`, stage, { columns: 300 });
    expect(wide.shown).toContain(order.uuid);
  }));

test("--local asks nothing, and needs no token", () =>
  withStage({ orders: 1, settings: { completion: "external" } }, async (stage) => {
    await runBoth(stage);
    const config = join(stage.directory, "tokenless.yaml");
    const text = readFileSync(stage.configPath, "utf8").replace(/ +waldur_api_token: .*\n/, "");
    writeFileSync(config, text);
    const asked = stage.simulator.requests.length;
    await stage.simulator.stop();
    const ran = await runSubject(["status", "--local", "-c", config], { cwd: stage.directory });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("1 open order with a file name");
    expect(ran.stdout).toContain("provisioner");
    expect(stage.simulator.requests).toHaveLength(asked);
    expect((await runSubject(["status", "-c", config], { cwd: stage.directory })).code).toBe(78);
    const down = await status(stage, "--retries", "0");
    expect(down.code).toBe(75);
    expect(down.stdout).toContain(
      "Waldur could not be queried (75): GET marketplace-orders/ (page 1) failed",
    );
    expect(down.stdout).toContain("provisioner");
  }));

test("a running process is shown with its process", () =>
  withStage({}, async (stage) => {
    await runBoth(stage);
    stage.simulator.setFaults(["hang@page=1*1"]);
    const asked = stage.simulator.requests.length;
    const running = startOn(stage, ["sync"]);
    await until(() => stage.simulator.requests.slice(asked).some(({ query }) => query.includes("page=1&")));
    const { stdout } = await status(stage, "--local");
    expect(stdout).toContain(`  sync    running: pid ${running.pid} on ${hostname()}\n`);
    running.kill("SIGTERM");
    expect((await running.ended).code).toBe(143);
    const after = await status(stage, "--local");
    expect(after.code).toBe(10);
    expect(after.stdout).toMatch(/ sync {4}failed \d+ s ago \(143\): interrupted by SIGTERM\n/);
  }));

test(
  "a run that lasts notes since when it is running, and takes the note away",
  () =>
    withStage({}, async (stage) => {
      stage.simulator.setFaults(["hang@page=1*1"]);
      const running = startOn(stage, ["sync"]);
      const note = join(stage.out, ".waldur-cscs-storage", "running-sync.json");
      await until(() => existsSync(note));
      const { pid, host, since, seen } = JSON.parse(readFileSync(note, "utf8"));
      expect([pid, host]).toEqual([running.pid, hostname()]);
      expect(Date.parse(seen) - Date.parse(since)).toBeGreaterThanOrEqual(5000);
      const { stdout } = await status(stage, "--local");
      expect(stdout).toMatch(new RegExp(`  sync {4}running: pid ${pid} on ${host} for \\d+ s\n`));
      running.kill("SIGTERM");
      expect((await running.ended).code).toBe(143);
      expect(existsSync(note)).toBe(false);
    }),
  30_000,
);

test.if(process.getuid?.() === 0)("another user than that of the runs gets 73, with the cause", () =>
  withStage({}, async (stage) => {
    await runBoth(stage);
    const as = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    const open = 'chmod 755 . && chmod 644 "$CONFIG"';
    const flags = '--local --allow-insecure-config -c "$CONFIG"';
    const ran = await scriptOn(stage, `${open} && ${as} "$@" status ${flags}`);
    expect(ran.code).toBe(73);
    expect(ran.stderr).toContain("permission denied");
  }),
);
