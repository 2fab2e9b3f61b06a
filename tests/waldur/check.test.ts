// What `check` says of each item, and that it changes nothing, here or in Waldur.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import * as v from "valibot";
import { CheckReport, ITEMS } from "../../lib/check/report.ts";
import { checkHere, complaintsOf, statusesOf, wordsOf } from "../check-here.ts";
import { openStage, type Stage, type StageOptions } from "../stage.ts";
import { makeCertificates } from "./certificates.ts";
import { rewrite } from "./check-faults.ts";

const open: Stage[] = [];

afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function start(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage({ resources: 20, orders: 3, inMemory: true, ...options });
  open.push(stage);
  return stage;
}

const TOKEN = /(waldur_api_token: ).*/;

/** Everything below a directory with kind, mode, owner, size and times, the directory included. */
function stateOf(directory: string): string[] {
  const names = ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()];
  return names.map((name) => {
    const { mode, uid, gid, size, mtimeMs, ctimeMs, ino } = lstatSync(join(directory, name));
    return [name, mode, uid, gid, size, mtimeMs, ctimeMs, ino].join(" ");
  });
}

describe("a check", () => {
  test.each(["2024", "current"] as const)(
    "changes nothing on the disk or in Waldur (%s)",
    async (generation) => {
      const stage = await start({ generation });
      const before = stateOf(stage.directory);
      await checkHere(stage.configPath, { metricsFiles: [join(stage.directory, "m.prom")] });
      expect(stateOf(stage.directory)).toEqual(before);
      await stage.runHere("sync");
      await stage.runHere("orders");
      stage.world.addResource({ slug: "../bad" });
      const after = stateOf(stage.directory);
      const asked = stage.simulator.requests.length;
      await checkHere(stage.configPath, { metricsFiles: [join(stage.directory, "m.prom")] });
      expect(stateOf(stage.directory)).toEqual(after);
      const requests = stage.simulator.requests.slice(asked);
      expect(requests.length).toBeGreaterThan(8);
      expect(requests.filter(({ method }) => method !== "GET")).toEqual([]);
      expect(requests.filter(({ userAgent }) => userAgent.includes("site-agent"))).toEqual([]);
    },
  );

  test("names each item, in order, and fits its schema", async () => {
    const stage = await start({ settings: { latest_link: true } });
    await stage.runHere("sync");
    const report = await checkHere(stage.configPath, { metricsFiles: [join(stage.directory, "m.prom")] });
    expect(v.parse(CheckReport, JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect([...new Set(report.items.map(({ item }) => item))]).toEqual(
      ITEMS.filter((item) => item !== "offerings" && item !== "acks"),
    );
    expect(report).toMatchObject({
      exitCode: 0,
      configuration: stage.configPath,
      offerings: [{ name: "Test" }],
    });
  });

  test("looks at the directory of acks as a pass does, and only where answers are read", async () => {
    const stage = await start({ settings: { completion: "on-ack" } });
    const acks = join(stage.out, "acks");
    const said = async () => wordsOf(await checkHere(stage.configPath), "acks");
    expect(await said()).toBe(`ok ${acks} is made by the first pass`);
    mkdirSync(acks);
    writeFileSync(join(acks, `${"0".repeat(32)}.json`), "{}");
    expect(await said()).toMatch(/^ok .*\/acks, of .*, mode \d{4}; 1 ack unread$/);
    chmodSync(acks, 0o777);
    const open = await checkHere(stage.configPath);
    expect([open.exitCode, wordsOf(open, "acks")]).toEqual([10, expect.stringMatching(/^fail everybody /)]);
    rmSync(acks, { recursive: true });
    Bun.spawnSync(["mkfifo", acks]);
    expect(await said()).toMatch(/^fail .* is not a directory/);
  });

  test("shows no token, and nothing of a person", async () => {
    const stage = await start();
    const shown = JSON.stringify(await checkHere(stage.configPath));
    expect(shown).not.toContain(stage.simulator.providerToken);
    for (const personal of ["agent@example.org", "agent-1", '"agent"', "Staff"])
      expect(shown).not.toContain(personal);
  });

  test("says what would be published, what is new and what is gone", async () => {
    const stage = await start();
    const first = await checkHere(stage.configPath);
    expect(wordsOf(first, "sync")).toBe("ok 21 resources would be published, as the first snapshot");
    expect(wordsOf(first, "orders")).toBe("ok 3 open orders: 3 would be done");
    await stage.runHere("sync");
    const [gone] = stage.world.resources().filter(({ state }) => state === "OK");
    stage.world.terminate(gone?.uuid ?? "");
    stage.world.addResource({ slug: "new-1" });
    stage.world.addResource({ slug: "new-2" });
    const second = await checkHere(stage.configPath);
    expect(wordsOf(second, "sync")).toBe(
      "ok 22 resources would be published: 2 new, 1 gone since the last snapshot",
    );
    expect(second.items.find(({ item }) => item === "sync")?.counts).toEqual({
      resources: 22,
      carriedOver: 0,
      new: 2,
      gone: 1,
    });
  });

  test("counts problems by code, and quotes the first", async () => {
    const stage = await start();
    for (let n = 0; n < 3; n++) stage.world.addResource({ slug: `../${n}` });
    stage.world.addResource({ limits: { storage: -1 } });
    const report = await checkHere(stage.configPath);
    const found = report.items.find(({ item }) => item === "sync");
    expect(found).toMatchObject({
      status: "fail",
      exitCode: 10,
      problems: { "bad-slug": 3, "bad-limit": 1 },
    });
    expect(wordsOf(report, "sync")).toContain("problems: 3 × bad-slug, 1 × bad-limit hint: the first: slug");
    expect(report.exitCode).toBe(10);
  });
});

describe("an item that fails", () => {
  test("skips what needs it, and nothing else", async () => {
    const stage = await start();
    stage.simulator.setFaults(["401"]);
    chownSync(stage.out, 4242, 4242);
    const report = await checkHere(stage.configPath);
    expect(statusesOf(report, "output-directory")).toEqual(["fail"]);
    expect(statusesOf(report, "server")).toEqual(["ok"]);
    expect(statusesOf(report, "token")).toEqual(["fail"]);
    const skipped = report.items.filter(({ status }) => status === "skipped");
    const needs = (item: string) => skipped.filter((one) => one.needs === item).map((one) => one.item);
    expect(needs("output-directory")).toEqual([
      "latest-link",
      "file-system",
      "state-directory",
      "lock",
      "sync",
      "orders",
    ]);
    expect(needs("token")).toEqual(ITEMS.slice(ITEMS.indexOf("offering"), ITEMS.indexOf("sync")));
    // The directory comes first in a run.
    expect(report.exitCode).toBe(73);
  });

  test.each([
    ["403-on-orders", { sync: "read-orders", orders: "read-orders" }],
    ["403@marketplace-provider-resources/?", { sync: "read-resources", orders: undefined }],
  ])("is the list that a mode needs (%s)", async (fault, expected) => {
    const stage = await start();
    stage.simulator.setFaults([fault]);
    const { items } = await checkHere(stage.configPath);
    const needs = (mode: string) => items.find(({ item }) => item === mode)?.needs;
    expect({ sync: needs("sync"), orders: needs("orders") }).toMatchObject(expected);
  });

  test("of one offering leaves the others alone", async () => {
    const stage = await start({
      config: ({ url, token, offering, out }) =>
        `offerings:\n${[offering, "0123456789abcdef0123456789abcdef"]
          .map(
            (uuid, n) =>
              `  - {name: N${n}, waldur_api_url: "${url}", waldur_api_token: "${token}", waldur_offering_uuid: "${uuid}", backend_type: cscs-hpc-storage, backend_settings: {output_directory: "${n === 0 ? out : `${out}/../other`}"}}\n`,
          )
          .join("")}`,
    });
    const report = await checkHere(stage.configPath);
    const of = (uuid: string) =>
      report.items.filter(({ offering }) => offering === uuid).map(({ status }) => status);
    expect(of(stage.simulator.offeringUuid)).not.toContain("fail");
    expect(of("0123456789abcdef0123456789abcdef")).toContain("fail");
    expect(report.exitCode).toBe(78);
  });

  test("in the configuration is each mistake with its place", async () => {
    const stage = await start();
    rewrite(stage, /output_directory:/, "output_dir:");
    rewrite(stage, TOKEN, "$1 CHANGE_ME");
    const report = await checkHere(stage.configPath);
    expect(statusesOf(report, "configuration")).toEqual(["fail", "fail"]);
    expect(wordsOf(report, "configuration")).toMatch(
      /config\.yaml:\d+:\d+: .*output_dir: unknown key hint: did you mean output_directory\?/,
    );
    expect(statusesOf(report, "offerings")).toEqual(["skipped"]);
    expect(stage.simulator.requests).toEqual([]);
  });

  test("is the server for an offering after it on the same one, without asking again", async () => {
    const stage = await start({
      config: ({ token, offering, out }) =>
        `offerings:\n${[offering, "0123456789abcdef0123456789abcdef"]
          .map(
            (uuid, n) =>
              `  - {waldur_api_url: "http://127.0.0.1:1/api/", waldur_api_token: "${token}", waldur_offering_uuid: "${uuid}", order_processing_backend: cscs-hpc-storage, backend_settings: {output_directory: "${out}${n}"}}\n`,
          )
          .join("")}`,
    });
    const started = performance.now();
    const report = await checkHere(stage.configPath, { retries: 1 });
    expect(statusesOf(report, "server")).toEqual(["fail", "fail"]);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(report.exitCode).toBe(75);
  });
});

describe("the clock", () => {
  const at = (shiftMs: number) => () => new Date(Date.now() + shiftMs);
  const DAY = 86_400_000;

  test.each([
    [50_000, "ok within 60 s of the server's"],
    [-50_000, "ok within 60 s of the server's"],
    [5 * 60_000 + 2000, "is 5 minutes ahead of the server's"],
    [-3 * DAY - 3_600_000, "is 3 days behind the server's"],
    [400 * DAY, "is 1 year ahead of the server's"],
    [-56 * 365 * DAY - 3_600_000, "is 56 years behind the server's"],
  ])("%d ms off", async (shift, words) => {
    const stage = await start();
    const report = await checkHere(stage.configPath, { now: at(shift) });
    expect(wordsOf(report, "clock")).toContain(words);
    expect(report.exitCode).toBe(0);
  });
});

describe("the server", () => {
  test("with a certificate of an unknown CA is named with the remedy", async () => {
    const { good } = makeCertificates();
    const stage = await start({ tls: good });
    rewrite(stage, /(waldur_api_url: )http:/, "$1https:");
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "server")).toMatch(
      /TLS verification of https:.* failed: .* hint: fix the certificate, or set ca_file to the CA's PEM file/,
    );
    expect(report.exitCode).toBe(69);
    expect((await stage.runHere("sync")).report.exitCode).toBe(69);
  });

  test("behind a proxy that is not there is named with the proxy's source", async () => {
    const stage = await start();
    rewrite(stage, /^offerings:/m, "global_proxy: http://user:secret@127.0.0.1:1\nofferings:");
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "server")).toContain("the proxy of global_proxy");
    expect(JSON.stringify(report)).not.toContain("secret@");
    expect(report.exitCode).toBe(75);
  });
});

describe("the component", () => {
  test("that the offering does not have is named with those that it has", async () => {
    const stage = await start();
    rewrite(stage, /( +)backend_settings:/, "$1backend_components: { volume: {} }\n$1backend_settings:");
    expect(wordsOf(await checkHere(stage.configPath), "component")).toBe(
      "fail the offering has no component volume; there is: storage (TB) hint: in backend_components, use the one whose limit is the space quota",
    );
  });

  test.each([
    [
      "GB",
      1,
      "warn Waldur measures storage in GB, but unit_factor is 1 hint: a limit of 1 GB would become a quota of 1 TB; unit_factor: 0.001 makes 0.001 TB of it",
    ],
    ["GB", 0.001, null],
    ["TiB", 1, null],
    ["TB", 0.001, "warn Waldur measures storage in TB, but unit_factor is 0.001"],
    ["blocks", 7, null],
  ])("in %s with a factor of %d", async (unit, factor, words) => {
    const stage = await start();
    rewrite(
      stage,
      /( +)backend_settings:/,
      `$1backend_components: { storage: { unit_factor: ${factor} } }\n$1backend_settings:`,
    );
    for (const component of stage.world.offering.components) component.measuredUnit = unit;
    const report = await checkHere(stage.configPath);
    if (words === null) expect(statusesOf(report, "component")).toEqual(["ok"]);
    else expect(wordsOf(report, "component")).toContain(words);
    expect(report.exitCode).toBe(0);
  });

  test("of an offering without any is a warning", async () => {
    const stage = await start();
    stage.world.offering.components = [];
    expect(statusesOf(await checkHere(stage.configPath), "component")).toEqual(["warn"]);
  });
});

describe("the right to change orders", () => {
  test.each([
    ["2024", "fail the token's user is OFFERING.MANAGER, which may not accept orders", 10],
    ["current", "warn the token's user has OFFERING.MANAGER there, which may not allow accepting orders", 0],
  ] as const)("of a manager on a server of kind %s", async (generation, words, code) => {
    const stage = await start({ generation });
    rewrite(stage, TOKEN, `$1 ${stage.simulator.managerToken}`);
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "change-orders")).toContain(words);
    expect(wordsOf(report, "change-orders")).toContain("hint: make the token's user an owner");
    expect(report.exitCode).toBe(code);
    // On a current server no GET says so; there the warning is all that can be known.
    expect((await stage.runHere("orders")).report.exitCode).toBe(10);
  });

  test("is not asked for where no mode changes orders", async () => {
    const stage = await start();
    rewrite(stage, TOKEN, `$1 ${stage.simulator.managerToken}`);
    rewrite(stage, / +order_processing_backend:.*\n/, "");
    expect(statusesOf(await checkHere(stage.configPath), "change-orders")).toEqual(["ok"]);
  });

  test("is not known where the user is not shown, which stops no run", async () => {
    const stage = await start();
    stage.simulator.setFaults(["500@users/me"]);
    const report = await checkHere(stage.configPath);
    expect(statusesOf(report, "token")).toEqual(["ok"]);
    expect(statusesOf(report, "change-orders")).toEqual(["warn"]);
    expect(report.exitCode).toBe(0);
  });
});

describe("the output directory", () => {
  test("of another user is named with owner and remedy", async () => {
    const stage = await start();
    chownSync(stage.out, 4242, 4242);
    const words = wordsOf(await checkHere(stage.configPath), "output-directory");
    expect(words).toContain("belongs to uid 4242");
    expect(words).toContain("hint: run it as that user (sudo -u '#4242'");
  });

  test("without a place in the path is not made", async () => {
    const stage = await start();
    rewrite(stage, /(output_directory: ).*/, `$1 ${stage.directory}/missing/out`);
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "output-directory")).toContain("/missing/out does not exist, and neither does");
    expect(readdirSync(stage.directory).sort()).toEqual(["config.yaml", "out"]);
  });

  test("that is yet to be made stays so", async () => {
    const stage = await start();
    rewrite(stage, /(output_directory: ).*/, `$1 ${stage.directory}/new`);
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "output-directory")).toContain("is made by the first run");
    expect(complaintsOf(report)).toEqual([]);
    expect(readdirSync(stage.directory).sort()).toEqual(["config.yaml", "out"]);
    expect((await stage.runHere("sync")).report.exitCode).toBe(0);
  });

  test("where a run is active is named with its lock, which is not taken", async () => {
    const stage = await start();
    const state = join(stage.out, ".waldur-cscs-storage");
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(join(state, "lock-sync"), "", { mode: 0o600 });
    const lock = new Database(join(state, "lock-sync"), { readwrite: true });
    for (const sql of ["PRAGMA journal_mode=MEMORY", "BEGIN EXCLUSIVE"]) lock.run(sql);
    const report = await checkHere(stage.configPath);
    lock.close();
    expect(statusesOf(report, "lock")).toEqual(["fail", "ok"]);
    expect(wordsOf(report, "lock")).toContain(
      `another run of sync (process ${process.pid}) is working in this directory`,
    );
    expect(statusesOf(report, "sync")).toEqual(["ok"]);
    expect(report.exitCode).toBe(75);
    expect((await checkHere(stage.configPath)).exitCode).toBe(0);
  });
});

describe("settings", () => {
  test("with a placeholder are a warning", async () => {
    const stage = await start({ settings: { storage_system: "CHANGE_ME" } });
    expect(wordsOf(await checkHere(stage.configPath), "settings")).toContain(
      'warn storage_system is "CHANGE_ME": a placeholder that was not replaced?',
    );
  });

  test("that invent GIDs are a warning", async () => {
    const stage = await start({ settings: { use_mock_target_items: true } });
    expect(wordsOf(await checkHere(stage.configPath), "settings")).toContain(
      "warn use_mock_target_items is on",
    );
  });

  test("with data types in the template and no list of them fail", async () => {
    const settings = { mount_point: "/s/{data_type}/{tenant}/{customer}/{project}" };
    const report = await checkHere((await start({ settings })).configPath);
    expect(wordsOf(report, "settings")).toContain(
      "fail mount_point has {data_type}, and data_types is not set",
    );
    expect(report.exitCode).toBe(78);
    const listed = await start({
      settings: { ...settings, data_types: ["store", "scratch", "archive", "users"] },
    });
    expect((await checkHere(listed.configPath)).exitCode).toBe(0);
  });
});

describe("a GID map", () => {
  async function withMap(content: string): Promise<Stage> {
    const stage = await start({ settings: { unix_gid: "file:gids.csv" } });
    writeFileSync(join(stage.directory, "gids.csv"), content, { mode: 0o600 });
    return stage;
  }

  test("with a fault is a mistake, with file and line", async () => {
    const report = await checkHere((await withMap("a,30001\nb,0\n")).configPath);
    expect(wordsOf(report, "gid-map")).toMatch(/fail .*gids\.csv:2:1: a GID must be a whole number/);
    expect(statusesOf(report, "sync")).toEqual(["skipped"]);
    expect(report.exitCode).toBe(78);
  });

  test("that was cut since the last snapshot is to be tried again", async () => {
    const stage = await withMap("a,30001\nb,30002\n");
    await stage.runHere("sync");
    writeFileSync(join(stage.directory, "gids.csv"), "a,30001");
    const report = await checkHere(stage.configPath);
    expect(wordsOf(report, "gid-map")).toContain("has 1 entries instead of 2");
    expect(report.exitCode).toBe(75);
    expect((await stage.runHere("sync")).report.exitCode).toBe(75);
  });

  test("with GIDs that may not be published is a warning", async () => {
    const report = await checkHere((await withMap("a,30001\nb,100\n")).configPath);
    expect(statusesOf(report, "gid-map")).toEqual(["warn", "ok"]);
  });
});
