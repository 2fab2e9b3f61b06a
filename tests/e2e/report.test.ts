// What a run reports: one JSON document on standard output, lines on standard error, metrics in a file. And that a dry
// run says what the real run does, with nothing but GETs and nothing on the disk.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Report } from "../../lib/report/report.ts";
import { type Simulator, startSimulator } from "../../lib/simulator/server.ts";
import { openStage, type Ran, type Stage, type StageOptions } from "../stage.ts";
import { listingOf, runOnTerminal, scriptOn, startOn, until, withStage } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const MODES = ["sync", "orders"] as const;

/** The one document on standard output. */
function reportOf(ran: Ran): Report {
  expect(ran.stdout).toStartWith('{\n  "mode": ');
  expect(ran.stdout).toEndWith("\n}\n");
  const report: Report = JSON.parse(ran.stdout);
  expect(ran.stdout).toBe(`${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** Without what differs between two runs: the date line, and the minute of the name. */
function timeless(text: string): string {
  return text
    .replace(/"date": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+Z][\d:]*"/, '"date": ""')
    .replace(/\d{4}(-\d\d){4}-/, "");
}

describe("the report", () => {
  test("of a real run has every list, and the exit code of the process", () =>
    withStage({ orders: 2 }, async (stage) => {
      for (const mode of MODES) {
        const ran = await stage.run([mode, "--json"]);
        expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
        const report = reportOf(ran);
        expect(Object.keys(report)).toEqual(
          ["mode", "dryRun", "version", "startedAt", "finishedAt"].concat([
            "offerings",
            "files",
            "orders",
            "problems",
            "notices",
            "exitCode",
          ]),
        );
        expect(report).toMatchObject({ mode, dryRun: false, problems: [], exitCode: 0 });
        expect(report.offerings).toEqual([
          {
            uuid: stage.simulator.offeringUuid,
            name: "Test",
            outcome: "published",
            resources: mode === "sync" ? 13 : 2,
            ...(mode === "sync" ? {} : { open: expect.anything() }),
            exitCode: 0,
          },
        ]);
        expect(report.orders).toHaveLength(mode === "sync" ? 0 : 2);
        for (const file of report.files) {
          expect(file).not.toHaveProperty("document");
          expect(statSync(file.path).size).toBe(file.bytes);
        }
      }
    }));

  test("of a failed run has the failure and the code", () =>
    withStage({}, async (stage) => {
      stage.simulator.setFaults(["401"]);
      for (const mode of MODES) {
        const ran = await stage.run([mode, "--json"]);
        const report = reportOf(ran);
        expect([ran.code, report.exitCode]).toEqual([77, 77]);
        expect(report.offerings).toMatchObject([{ outcome: "failed" }]);
        expect(report.problems).toMatchObject([{ code: "refused", hint: expect.any(String) }]);
        expect([report.files, report.orders]).toEqual([[], []]);
      }
    }));

  test("of a wrong configuration has every mistake", () =>
    withStage({}, async (stage) => {
      writeFileSync(
        stage.configPath,
        "offerings:\n  - name: A\n    waldur_api_url: x\n    backend_type: cscs-hpc-storage\n",
      );
      const ran = await stage.run(["sync", "--json"]);
      const report = reportOf(ran);
      expect([ran.code, report.exitCode, report.offerings.length]).toEqual([78, 78, 0]);
      expect(report.problems.length).toBeGreaterThan(1);
    }));

  test("of --json and --dry-run together is one document", () =>
    withStage({}, async (stage) => {
      expect(reportOf(await stage.run(["sync", "--json", "--dry-run"]))).toMatchObject({ dryRun: true });
    }));

  test("is not printed for a command line that is wrong", () =>
    withStage({}, async (stage) => {
      const ran = await stage.run(["sync", "--json", "--dryrun"]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 64, stdout: "" });
    }));
});

describe("a dry run", () => {
  const GENERATIONS = ["current", "2024"] as const;

  test.each(GENERATIONS)("of sync shows the very file that the real run writes (%s server)", (generation) =>
    withStage({ generation }, async (stage) => {
      const dry = reportOf(await stage.run(["sync", "--dry-run"]));
      expect(listingOf(stage.out)).toEqual([]);
      const real = reportOf(await stage.run(["sync", "--json"]));
      const [name = ""] = stage.files();
      const [shown] = dry.files;
      const text = `${JSON.stringify(shown?.document, null, 2)}\n`;
      expect(timeless(text)).toBe(timeless(stage.readText(name)));
      const { document: _, ...rest } = shown ?? {};
      expect(timeless(JSON.stringify(rest))).toBe(timeless(JSON.stringify(real.files[0])));
      expect(dry.offerings).toEqual(real.offerings);
    }),
  );

  test.each(GENERATIONS)("of orders plans the calls that the real run sends (%s server)", (generation) =>
    withStage({ generation, orders: 5, workerDelayMs: 0 }, async (stage) => {
      stage.world.setOrderState(stage.world.orders[0]?.uuid ?? "", "executing");
      const dry = reportOf(await stage.run(["orders", "--dry-run"]));
      expect(stage.requestsOf("POST")).toEqual([]);
      expect(listingOf(stage.out)).toEqual([]);
      const real = reportOf(await stage.run(["orders", "--json"]));
      expect(real.exitCode).toBe(0);
      expect(dry.orders.map(({ calls }) => calls)).toEqual(real.orders.map(({ calls }) => calls));
      const planned = dry.orders.flatMap(({ calls }) => calls.map(({ path }) => path));
      expect(planned).toEqual(stage.requestsOf("POST").map(({ path }) => path));
      expect(planned.length).toBeGreaterThan(7);
      for (const [n, file] of dry.files.entries()) {
        const { document, ...rest } = file;
        const written = real.files[n];
        expect(timeless(JSON.stringify(rest))).toBe(timeless(JSON.stringify(written)));
        expect(timeless(`${JSON.stringify(document, null, 2)}\n`)).toBe(
          timeless(readFileSync(written?.path ?? "", "utf8")),
        );
      }
      expect(dry.files).toHaveLength(5);
    }),
  );

  test("sends nothing but GETs under a plain name; only a real run of orders has the agent's", () =>
    withStage({ orders: 3 }, async (stage) => {
      for (const mode of MODES) await stage.run([mode, "--dry-run"]);
      expect(new Set(stage.simulator.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
      await stage.run(["sync"]);
      for (const { userAgent } of stage.simulator.requests) {
        expect(userAgent).toMatch(/^waldur-cscs-storage\/\S+$/);
      }
      const before = stage.simulator.requests.length;
      await stage.run(["orders"]);
      for (const { userAgent } of stage.simulator.requests.slice(before)) {
        expect(userAgent).toMatch(/^waldur-cscs-storage\/\S+ \(waldur-site-agent\)$/);
      }
    }));

  test("needs no output directory and makes none", () =>
    withStage({ orders: 3 }, async (stage) => {
      rmSync(stage.out, { recursive: true });
      const before = listingOf(stage.directory);
      for (const mode of MODES) expect((await stage.run([mode, "-n"])).code).toBe(0);
      expect(listingOf(stage.directory)).toEqual(before);
    }));

  test.if(process.getuid?.() === 0)("works where nothing may be written, also after real runs", () =>
    withStage({ orders: 3 }, async (stage) => {
      await stage.run(["sync"]);
      stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
      const script = `chown -R 65534:65534 . && chmod -R a-w . && setpriv --reuid=65534 --regid=65534 --clear-groups`;
      const before = [listingOf(stage.directory), statSync(stage.out).mtimeMs];
      for (const mode of MODES) {
        const ran = await scriptOn(stage, `${script} "$@" ${mode} -n -q -c "$CONFIG"`);
        expect(ran.code).toBe(0);
        expect(reportOf(ran).files.length).toBeGreaterThan(0);
      }
      expect([listingOf(stage.directory), statSync(stage.out).mtimeMs]).toEqual(before);
    }),
  );

  test("fails with the codes of the real run", () =>
    withStage({ orders: 3 }, async (stage) => {
      stage.simulator.setFaults(["403"]);
      for (const mode of MODES) {
        const ran = await stage.run([mode, "-n"]);
        expect([ran.code, reportOf(ran).exitCode]).toEqual([77, 77]);
      }
      expect(listingOf(stage.out)).toEqual([]);
    }));

  test("runs beside a real run, for it takes no lock", () =>
    withStage({}, async (stage) => {
      stage.simulator.setFaults(["hang@page=1*1"]);
      const real = startOn(stage, ["sync"]);
      await until(() => stage.simulator.requests.some(({ query }) => query.includes("page=1&")));
      expect((await stage.run(["sync", "-n"])).code).toBe(0);
      real.kill("SIGTERM");
      expect((await real.ended).code).toBe(143);
    }));
});

describe("standard output", () => {
  const BIG: StageOptions = { resources: 2000 };

  test("is given up without a message when its reader goes away", () =>
    withStage(BIG, async (stage) => {
      const ran = await scriptOn(stage, `"$@" sync -nc "$CONFIG" | head -c1; exit \${PIPESTATUS[0]}`);
      expect(ran).toEqual({ code: 74, stdout: "{", stderr: "" });
      const help = await scriptOn(stage, `(sleep 0.2; "$@" --help) | true; exit \${PIPESTATUS[0]}`);
      expect(help).toEqual({ code: 74, stdout: "", stderr: "" });
    }));

  test("that is full is reported", () =>
    withStage({}, async (stage) => {
      for (const args of ["sync -nc $CONFIG", "--help", "--version", "sync --help"]) {
        const ran = await scriptOn(stage, `"$@" ${args} > /dev/full`);
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 74, stdout: "" });
        expect(ran.stderr).toContain("cannot write to standard output (ENOSPC)");
        expect(ran.stderr).toMatch(/hint[:=].*check the free space there/);
      }
    }));

  test("that is full hides no worse failure, and a real run is published all the same", () =>
    withStage({}, async (stage) => {
      const ran = await scriptOn(stage, `"$@" sync --json -c "$CONFIG" > /dev/full`);
      expect(ran.code).toBe(74);
      expect(stage.files()).toHaveLength(1);
      stage.simulator.setFaults(["401"]);
      expect((await scriptOn(stage, `"$@" sync --json -c "$CONFIG" > /dev/full`)).code).toBe(77);
    }));

  test("through a slow pipe arrives whole", () =>
    withStage(BIG, async (stage) => {
      const ran = await scriptOn(stage, `"$@" sync -nc "$CONFIG" | (sleep 0.5; cat); exit \${PIPESTATUS[0]}`);
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
      expect(ran.stdout.length).toBeGreaterThan(2_000_000);
      expect(reportOf(ran).offerings[0]?.resources).toBe(2000);
    }));

  test("that is closed harms no file", () =>
    withStage({ orders: 1 }, async (stage) => {
      for (const mode of MODES) {
        const ran = await scriptOn(stage, `"$@" ${mode} --json -c "$CONFIG" >&-`);
        expect({ ...ran, code: [0, 74].includes(ran.code) }).toEqual({ code: true, stdout: "", stderr: "" });
      }
      expect(stage.files()).toHaveLength(2);
      for (const name of stage.files()) expect(stage.read(name).status).toBe("success");
      for (const name of stage.everything()) {
        expect(readFileSync(join(stage.out, name), "utf8")).not.toContain('"dryRun"');
      }
    }));
});

/** The simulator's log has short names. */
function bare(request: string): string {
  return request.replaceAll("marketplace-", "");
}

describe("standard error", () => {
  test("off a terminal has UTC times, and with --verbose a summary at the end", () =>
    withStage({ orders: 1 }, async (stage) => {
      for (const mode of MODES) {
        const ran = await stage.run([mode, "-v"]);
        expect(ran.stdout).toBe("");
        const lines = ran.stderr.trim().split("\n");
        for (const line of lines)
          expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|debug) /);
        expect(lines.at(-1)).toMatch(/info \w+: published 1 .* exit=0 seconds=\d/);
      }
    }));

  test("with --quiet has warnings and errors, and nothing else", () =>
    withStage({}, async (stage) => {
      const good = await runOnTerminal(`"$@" sync -q -c "$CONFIG"`, stage);
      expect(good).toEqual({ code: 0, shown: "" });
      stage.simulator.setFaults(["503"]);
      const bad = await stage.run(["sync", "-q", "--retries", "1"]);
      expect(bad.stderr).toMatch(/^\S+ error GET [^\n]+\n$/);
    }));

  test("in JSON has one object a line", () =>
    withStage({}, async (stage) => {
      stage.simulator.setFaults(["503"]);
      const ran = await stage.run(["sync", "-v", "--log-format", "json", "--retries", "1"]);
      const lines: { time: string; level: string; message: string }[] = ran.stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.map(({ level }) => level)).toEqual([...["debug", "info", "debug", "error"], "error"]);
      for (const { time, message } of lines) {
        expect(new Date(time).toISOString()).toBe(time);
        expect(message).not.toBe("");
      }
      expect(lines[3]).toMatchObject({ offering: stage.simulator.offeringUuid, hint: expect.any(String) });
    }));

  test("with --verbose has each request with its answer and time; a POST is a line in every journal", () =>
    withStage({ orders: 1, faults: ["drop*1"] }, async (stage) => {
      const ran = await stage.run(["orders", "-v"]);
      const requests = [...ran.stderr.matchAll(/(debug|info) (GET|POST) (\S+).* answer=(\w+) ms=\d+\n/g)];
      const sent = stage.simulator.requests.map(
        ({ method, path }) => `${method} ${path.replace(/^\/api\//, "")}`,
      );
      expect(requests.map(([, , method, path]) => `${method} ${path}`).map(bare)).toEqual(sent.map(bare));
      expect(requests.map(([, level, method]) => `${level} ${method}`)).not.toContain("debug POST");
      expect(requests[0]?.[4]).not.toBe("200");
      expect(new Set(requests.slice(1).map(([, , , , answer]) => answer))).toEqual(new Set(["200"]));
      stage.world.addOrder({ type: "Create", limits: { storage: 1 } });
      const journal = await scriptOn(
        stage,
        `JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) "$@" orders -c "$CONFIG"`,
      );
      const posts = journal.stderr.split("\n").filter((line) => line.startsWith("<6>POST marketplace-"));
      expect(posts).toHaveLength(3);
    }));

  test("always has the number of problems, known ones too; below cron with another warning only", () =>
    withStage({ orders: 1 }, async (stage) => {
      const resource = stage.world.resource(stage.world.resources()[0]?.uuid ?? "");
      resource.slug = "..";
      const first = await stage.run(["sync"]);
      const [problem = "", summary = "", ...rest] = first.stderr.split("\n");
      expect(first.code).toBe(10);
      expect(problem).toMatch(/^\S+ warn slug .* resource=\w{32} name="?\.\.\S* project=.* field=slug hint=/);
      expect(summary).toMatch(/^\S+ warn sync: published 1 snapshot, \d+ resources, 1 problem exit=10 /);
      expect(rest).toEqual([""]);
      for (const flags of [[], ["-q"]]) {
        const again = await stage.run(["sync", ...flags]);
        expect(again.stderr).toMatch(
          /^\S+ warn sync: published 1 snapshot, \d+ resources, 1 problem exit=10 \S+\n$/,
        );
      }
      const cron = `cp /bin/bash ./cron; ./cron -c '"$@" sync -c "$CONFIG"; exit $?' cron "$@"`;
      expect(await scriptOn(stage, cron)).toEqual({ code: 10, stdout: "", stderr: "" });
      stage.world.resource(stage.world.resources()[1]?.uuid ?? "").slug = "..";
      const mailed = await scriptOn(stage, cron);
      expect(mailed.stderr.trim().split("\n")).toHaveLength(2);
      expect(mailed.stderr).toContain(" 2 problems exit=10 ");
    }));

  test("under journald has a priority in place of the time", () =>
    withStage({}, async (stage) => {
      const stream = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2)";
      const good = await scriptOn(stage, `${stream} "$@" sync -c "$CONFIG"`);
      expect(good.stderr).toMatch(/^<6>sync: published 1 snapshot, 12 resources exit=0 seconds=[\d.]+\n$/);
      const bad = await scriptOn(stage, `${stream} "$@" sync -c none.yaml`);
      expect(bad.stderr).toMatch(/^<3>none\.yaml: [^\n]+\n<3>sync: published 0 [^\n]+\n$/);
      const other = await scriptOn(stage, `JOURNAL_STREAM=1:2 "$@" sync -c none.yaml`);
      expect(other.stderr).toMatch(/^\d{4}-[^\n]+ error none\.yaml: [^\n]+\n$/);
    }));

  test("on a terminal shows progress and a summary, in colours", () =>
    withStage({ resources: 900 }, async (stage) => {
      const { code, shown } = await runOnTerminal(`"$@" sync -c "$CONFIG"`, stage);
      expect(code).toBe(0);
      expect(shown).toContain("Test: 300 of 900 resources");
      expect(shown).toEndWith("\r\n");
      const [summary = ""] = shown.split("\x1b[2K").slice(-1);
      expect(summary).toStartWith("\x1b[36minfo\x1b[0m sync: published 1 snapshot, 900 resources exit=0 ");
    }));

  test("on a terminal shows what it waits for before the first page of a slow server", () =>
    withStage({ resources: 3, orders: 1, latencyMs: 1300 }, async (stage) => {
      const host = new URL(stage.simulator.url).host;
      const { shown } = await runOnTerminal(`"$@" sync -c "$CONFIG"`, stage);
      expect(shown).toContain(`Test: asking Waldur at ${host} (1 s)`);
      expect(shown).toContain("Test: reading the list of resources (1 s)");
    }));

  test.each([
    ["NO_COLOR", { NO_COLOR: "1" }],
    ["TERM=dumb", { TERM: "dumb" }],
  ])("on a terminal with %s has no colours", (_, env) =>
    withStage({}, async (stage) => {
      const { shown } = await runOnTerminal(`"$@" sync -c "$CONFIG"; "$@" sync -c none.yaml`, stage, { env });
      expect(shown).toContain("sync: published 1 snapshot");
      expect(shown).toContain("error none.yaml: ");
      expect(shown.replaceAll("\x1b[2K", "")).not.toContain("\x1b");
    }),
  );

  test("on a terminal does not mix with data in a pipe", () =>
    withStage({ resources: 900 }, async (stage) => {
      const { shown } = await runOnTerminal(`"$@" sync -nc "$CONFIG" > data.json`, stage);
      expect(shown).toContain("would publish 1 snapshot");
      const data = readFileSync(join(stage.directory, "data.json"), "utf8");
      expect(reportOf({ code: 0, stdout: data, stderr: "" }).exitCode).toBe(0);
    }));
});

describe("several offerings", () => {
  type Two = { stage: Stage; second: Simulator; config: string };

  async function withTwo(use: (two: Two) => Promise<void>): Promise<void> {
    const second = startSimulator({ resources: 5, orders: 2, seed: 2 });
    const stage = await openStage({ resources: 12, orders: 2 });
    try {
      const offering = (simulator: Simulator, out: string) => `  - name: Offering ${simulator.port}
    waldur_api_url: ${simulator.url}
    waldur_api_token: ${simulator.providerToken}
    waldur_offering_uuid: ${simulator.offeringUuid}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings: { output_directory: "${out}" }
`;
      const other = join(stage.directory, "second");
      mkdirSync(other);
      writeFileSync(
        stage.configPath,
        `offerings:\n${offering(stage.simulator, stage.out)}${offering(second, other)}`,
      );
      await use({ stage, second, config: stage.configPath });
    } finally {
      await stage.close();
      await second.stop();
    }
  }

  const filesOf = (stage: Stage) =>
    [stage.out, join(stage.directory, "second")].map(
      (directory) => listingOf(directory).filter((name) => !name.startsWith(".")).length,
    );

  test.each([
    ["401", "", 77, [0, 1], [0, 2]],
    ["", "401", 77, [1, 0], [2, 0]],
    ["503", "404-html", 69, [0, 0], [0, 0]],
    ["503", "html", 65, [0, 0], [0, 0]],
    ["404-html", "html", 65, [0, 0], [0, 0]],
    ["401", "html", 77, [0, 0], [0, 0]],
    ["503", "", 75, [0, 1], [0, 2]],
  ])("%j and %j end with %d, and who is well is served", (first, last, code, snapshots, orders) =>
    withTwo(async ({ stage, second }) => {
      stage.simulator.setFaults(first === "" ? [] : [first]);
      second.setFaults(last === "" ? [] : [last]);
      expect((await stage.run(["sync", "--retries", "0"])).code).toBe(code);
      expect(filesOf(stage)).toEqual(snapshots);
      expect((await stage.run(["orders", "--retries", "0"])).code).toBe(code);
      expect(filesOf(stage)).toEqual(snapshots.map((count, n) => count + (orders[n] ?? 0)));
    }),
  );

  test("a problem in one does not hide behind the other's success, nor before its failure", () =>
    withTwo(async ({ stage, second }) => {
      stage.world.resource(stage.world.resources()[0]?.uuid ?? "").slug = "..";
      expect((await stage.run(["sync"])).code).toBe(10);
      second.setFaults(["503"]);
      const ran = await stage.run(["sync", "--retries", "0", "--json"]);
      expect(ran.code).toBe(75);
      expect(reportOf(ran).problems.map(({ code }) => code)).toEqual(["bad-slug", "unavailable"]);
    }));

  test("--offering-uuid asks only the one, dashed or not", () =>
    withTwo(async ({ stage, second }) => {
      const dashed = second.offeringUuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
      for (const mode of MODES) {
        const ran = await stage.run([mode, "--offering-uuid", dashed]);
        expect(ran).toEqual({ code: 0, stdout: "", stderr: "" });
      }
      expect(stage.simulator.requests).toEqual([]);
      expect(filesOf(stage)).toEqual([0, 3]);
    }));

  test("the deadline skips those that are left", () =>
    withTwo(async ({ stage, second }) => {
      stage.simulator.setFaults(["hang"]);
      const ran = await stage.run(["sync", "--deadline", "1", "--json"]);
      expect(ran.code).toBe(75);
      expect(reportOf(ran).offerings.map(({ outcome }) => outcome)).toEqual(["failed", "skipped"]);
      expect(second.requests).toEqual([]);
    }));
});

describe("the metrics file", () => {
  const values = (stage: Stage) =>
    Object.fromEntries(
      readFileSync(join(stage.directory, "run.prom"), "utf8")
        .split("\n")
        .filter((line) => /^[a-z]/.test(line))
        .map((line) => [
          line.slice("waldur_cscs_storage_".length, line.lastIndexOf(" ")),
          Number(line.split(" ").at(-1)),
        ]),
    );

  test("reports success and failure, and keeps the last success", () =>
    withStage({ orders: 2 }, async (stage) => {
      for (const mode of MODES) {
        rmSync(join(stage.directory, "run.prom"), { force: true });
        const run = `mode="${mode}",config="${stage.configPath}"`;
        const offering = `${run},offering="${stage.simulator.offeringUuid}",name="Test"`;
        expect((await stage.run([mode, "--metrics-file", "run.prom"])).stdout).toBe("");
        const good = values(stage);
        expect(good).toMatchObject({
          [`exit_code{${run}}`]: 0,
          [`resources{${offering}}`]: mode === "sync" ? 13 : 2,
          ...(mode === "sync" ? {} : { [`open_orders{${offering},state="pending-provider"}`]: 2 }),
        });
        stage.simulator.setFaults(["401"]);
        expect((await stage.run([mode, "--metrics-file", "run.prom"])).code).toBe(77);
        const last = `last_success_timestamp_seconds{${run}}`;
        const lastOfOffering = `offering_last_success_timestamp_seconds{${offering}}`;
        expect(values(stage)).toMatchObject({
          [`exit_code{${run}}`]: 77,
          [last]: good[last] ?? 0,
          [lastOfOffering]: good[lastOfOffering] ?? 0,
          [`problems{${offering},code="refused"}`]: 1,
        });
        stage.simulator.setFaults([]);
      }
      expect(listingOf(stage.directory).filter((name) => name.includes(".prom"))).toEqual(["run.prom"]);
    }));

  test("of the other mode is refused before the run does anything, and stays", () =>
    withStage({ orders: 2 }, async (stage) => {
      await stage.run(["sync", "--metrics-file", "run.prom"]);
      const before = [readFileSync(join(stage.directory, "run.prom"), "utf8"), listingOf(stage.directory)];
      const asked = stage.simulator.requests.length;
      const ran = await stage.run(["orders", "--json", "--metrics-file", "run.prom"]);
      expect(ran.code).toBe(73);
      expect(reportOf(ran)).toMatchObject({ exitCode: 73, problems: [{ code: "output" }], offerings: [] });
      expect(ran.stderr).toContain("has the metrics of sync: orders needs a separate one");
      expect([readFileSync(join(stage.directory, "run.prom"), "utf8"), listingOf(stage.directory)]).toEqual(
        before,
      );
      expect(stage.simulator.requests).toHaveLength(asked);
    }));

  test("is readable for the exporter under a hardened umask", () =>
    withStage({}, async (stage) => {
      await scriptOn(stage, 'umask 077; "$@" sync -c "$CONFIG" --metrics-file run.prom');
      expect(statSync(join(stage.directory, "run.prom")).mode & 0o777).toBe(0o644);
    }));

  test("is not written by a dry run, nor for a wrong command line", () =>
    withStage({}, async (stage) => {
      await stage.run(["sync", "-n", "--metrics-file", "run.prom"]);
      await stage.run(["sync", "--dryrun", "--metrics-file", "run.prom"]);
      expect(existsSync(join(stage.directory, "run.prom"))).toBe(false);
    }));

  test("is written for a wrong configuration", () =>
    withStage({}, async (stage) => {
      await stage.run(["sync", "-c", "none.yaml", "--metrics-file", "run.prom"]);
      expect(values(stage)).toMatchObject({
        [`exit_code{mode="sync",config="${join(stage.directory, "none.yaml")}"}`]: 78,
      });
    }));

  test("that cannot be written is reported with 73, also in the report, after all was published", () =>
    withStage({}, async (stage) => {
      const ran = await stage.run(["sync", "--json", "--metrics-file", "none/run.prom"]);
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain("cannot write the metrics file none/run.prom (ENOENT)");
      expect(reportOf(ran)).toMatchObject({ exitCode: 73, problems: [{ code: "output" }] });
      expect(stage.files()).toHaveLength(1);
      stage.simulator.setFaults(["401"]);
      expect((await stage.run(["sync", "--metrics-file", "none/run.prom"])).code).toBe(77);
    }));

  test("is never put in the place of a device, a pipe or a directory", () =>
    withStage({}, async (stage) => {
      const made = await scriptOn(stage, 'mkfifo pipe && mkdir directory && "$@" sync -c "$CONFIG"');
      expect(made.code).toBe(0);
      for (const name of ["pipe", "directory"]) {
        const ran = await stage.run(["sync", "--metrics-file", name]);
        expect(ran.code).toBe(73);
        expect(ran.stderr).toContain("a directory or special file has that name");
      }
      const kinds = await scriptOn(stage, "test -p pipe && test -d directory");
      expect(kinds.code).toBe(0);
    }));
});

describe("secrets and names", () => {
  const NAME = "Canary Personname";

  /** Everyone has the canary's name; those of projects and resources are shown on purpose. */
  function nameAll(stage: Stage): void {
    const { customers, provider } = stage.world;
    for (const one of [...customers, provider]) one.name = NAME;
  }

  const FAULTS = [
    ...["401", "403", "404", "404-html", "400", "html", "html-500", "redirect", "503", "429-retry-after"],
    ...["drop", "cut", "broken-json", "no-count", "empty-list", "missing-row", "duplicate-rows"],
    ...["bad-resource", "wrong-offering", "wrong-count", "drop-after-apply", "done-without-effect"],
    ...["lost-backend-id", "erred-after-approve", "409@set_state_done", "500@set_backend_id"],
  ];

  test.each(FAULTS)("appear nowhere in what a run reports when it meets %s", (fault) =>
    withStage({ orders: 3, faults: [fault] }, async (stage) => {
      nameAll(stage);
      for (const mode of MODES) {
        for (const format of ["text", "json"]) {
          const ran = await stage.run([
            mode,
            "-v",
            "--json",
            "--retries",
            "0",
            "--log-format",
            format,
            "--metrics-file",
            `${mode}.prom`,
          ]);
          const shown = ran.stdout + ran.stderr + readFileSync(join(stage.directory, `${mode}.prom`), "utf8");
          expect(shown).not.toContain(stage.simulator.providerToken);
          expect(shown).not.toMatch(/canary/i);
        }
      }
      for (const name of stage.everything()) {
        expect(readFileSync(join(stage.out, name), "utf8")).not.toContain(stage.simulator.providerToken);
      }
    }),
  );

  test("a server that repeats the token does not make us show it", () =>
    withStage({}, async (stage) => {
      const { providerToken } = stage.simulator;
      const echo = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () => Response.json({ detail: `no user has ${providerToken}` }, { status: 400 }),
      });
      try {
        const text = readFileSync(stage.configPath, "utf8");
        writeFileSync(
          stage.configPath,
          text.replace(stage.simulator.url, `http://127.0.0.1:${echo.port}/api/`),
        );
        for (const mode of MODES) {
          const ran = await stage.run([mode, "--json", "-v"]);
          expect(ran.code).toBe(65);
          expect(ran.stderr).toContain("no user has [secret]");
          expect(ran.stdout).toContain("no user has [secret]");
          expect(ran.stdout + ran.stderr).not.toContain(providerToken);
        }
      } finally {
        await echo.stop(true);
      }
    }));
});
