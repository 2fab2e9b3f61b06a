// `page`, from outside: what it writes and where, what it never replaces, that its sums are those of the snapshot, and
// that a hundred thousand resources take seconds and little memory. What people see of it is tried in
// page-browser.test.ts.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "pathe";
import type { PageData } from "../../lib/page/data.ts";
import { HOSTILE, makeSite, type Site } from "../page-site.ts";
import { runCommand, runMeasured, runSubject, SUBJECT } from "../stage.ts";
import { listingOf, scriptOn, withStage } from "./program.ts";

setDefaultTimeout(60_000);

const page = (site: Pick<Site, "config">, ...more: string[]) =>
  runSubject(["page", "-c", site.config, ...more]);

function dataOf(path: string): PageData {
  const [, text = ""] =
    /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(readFileSync(path, "utf8")) ?? [];
  return JSON.parse(text);
}

async function jq(program: string, path: string): Promise<unknown> {
  const ran = await runCommand(["jq", "-c", program, path], {});
  expect(ran.stderr).toBe("");
  return JSON.parse(ran.stdout);
}

const sum = (values: readonly (number | null)[]) =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

test("has the sums of jq over the snapshot, and counts entries of resources alone", async () => {
  const site = await makeSite({ resources: 300, hostile: true });
  const document = JSON.parse(readFileSync(site.newest, "utf8"));
  const [first] = document.result.storageResources;
  const directory = { targetType: "tenant", targetItem: {} };
  document.result.storageResources.push(
    { ...first, itemId: "b".repeat(32), target: directory },
    { ...first, itemId: "c".repeat(32), target: { targetType: "machine" } },
  );
  document.result.storageResources[1].target.targetType = "user";
  writeFileSync(site.newest, JSON.stringify(document, null, 2));
  expect(await page(site)).toEqual({ code: 0, stdout: "", stderr: "" });
  const { rows, snapshots, before } = dataOf(join(site.out, "index.html"));
  const there = (values: readonly (number | null)[]) =>
    values.filter((_, at) => (rows.change[at] ?? 0) !== 2);
  const quotas = `[.result.storageResources[] | select(.target.targetType == ("project", "user")) | .quotas[]?]`;
  const total = (type: string, kind: string) =>
    jq(
      `[${quotas}[] | select(.type == "${type}" and .enforcementType == "${kind}").quota] | add`,
      site.newest,
    );
  expect(await total("space", "hard")).toBe(sum(there(rows.hardSpace)));
  expect(await total("space", "soft")).toBe(sum(there(rows.softSpace)));
  expect(await total("inodes", "hard")).toBe(sum(there(rows.hardInodes)));
  expect(await total("inodes", "soft")).toBe(sum(there(rows.softInodes)));
  expect(snapshots).toMatchObject([{ entries: 299, passedOver: 1, note: null }]);
  const has = (bit: number) => rows.change.filter((bits) => (bits & bit) !== 0).length;
  const diff = JSON.parse((await runSubject(["diff", site.before, site.newest, "--json"])).stdout);
  // `diff` counts the directory and the machine, too.
  expect([has(1) + 2, has(2), has(4)]).toEqual([diff.counts.new, diff.counts.gone, diff.counts.changed]);
  expect(before).toHaveLength(has(4));
});

test("names are text, whatever is in them, and the longest are cut", async () => {
  const site = await makeSite({ resources: 100, hostile: true });
  expect((await page(site)).code).toBe(0);
  const text = readFileSync(join(site.out, "index.html"), "utf8");
  expect(text.match(/<\/script>/g)).toHaveLength(2);
  for (const character of ["\u202e", "\u202c", "\u0000"]) expect(text.includes(character)).toBe(false);
  const names = dataOf(join(site.out, "index.html")).projects.map(({ name }) => name);
  for (const name of HOSTILE) expect(names).toContain(name.length > 200 ? `${name.slice(0, 200)}…` : name);
});

test("shows orders, problems and runs, asks nothing of Waldur and needs no token", () =>
  withStage({ resources: 3, settings: { completion: "external" } }, async (stage) => {
    await stage.run(["sync"]);
    const bad = stage.world.addOrder({ type: "Create", limits: { storage: -1 } });
    const good = stage.world.addOrder({ type: "Create", limits: { storage: 7 } });
    await stage.run(["orders"]);
    await stage.run(["sync"]);
    const asked = stage.simulator.requests.length;
    const config = join(stage.directory, "tokenless.yaml");
    const text = readFileSync(stage.configPath, "utf8").replace(/ +waldur_api_token: .*\n/, "");
    writeFileSync(config, text, { mode: 0o600 });
    expect(await page({ config })).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(stage.simulator.requests).toHaveLength(asked);
    const [offering] = dataOf(join(stage.out, "index.html")).offerings;
    expect(offering?.runs.map(({ mode, lastGood }) => [mode, lastGood !== null])).toEqual([
      ["orders", true],
      ["sync", true],
    ]);
    expect(offering?.problems).toMatchObject([
      { order: bad.uuid, code: "bad-limit" },
      { mode: "sync", code: "bad-limit" },
    ]);
    expect(offering?.orders).toMatchObject([{ uuid: good.uuid, ended: null, waits: { for: "provisioner" } }]);
    expect(offering?.orders[0]?.row).toBeNumber();
  }));

test("is published like other files: mode, group, one rename, nothing left over", async () => {
  const site = await makeSite({ resources: 20 });
  writeFileSync(site.config, `${readFileSync(site.config, "utf8")}      file_mode: "0640"\n`);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) expect((await runCommand(["chgrp", "daemon", site.out], {})).code).toBe(0);
  chmodSync(site.out, 0o2755);
  for (const time of [1, 2])
    expect([time, await page(site)]).toEqual([time, { code: 0, stdout: "", stderr: "" }]);
  const { mode, gid } = statSync(join(site.out, "index.html"));
  expect([mode & 0o7777, gid]).toEqual([0o640, statSync(site.out).gid]);
  expect(
    readdirSync(join(site.out, ".waldur-cscs-storage")).filter((name) => name.startsWith("tmp-")),
  ).toEqual([]);
});

test("73 for an index.html of another program, which stays", async () => {
  const site = await makeSite({ resources: 20 });
  const path = join(site.out, "index.html");
  writeFileSync(path, "<h1>Welcome</h1>");
  const ran = await page(site);
  expect([ran.code, ran.stderr]).toEqual([
    73,
    expect.stringContaining(`${path} is not a page of this program`),
  ]);
  expect(readFileSync(path, "utf8")).toBe("<h1>Welcome</h1>");
  const link = join(site.directory, "linked.html");
  symlinkSync(path, link);
  expect((await page(site, "--output", link)).code).toBe(73);
});

test("--output is one page for every offering, beside nothing else", async () => {
  const site = await makeSite({ resources: 20 });
  const path = join(site.directory, "storage.html");
  const before = listingOf(site.out);
  expect(await page(site, "--output", path)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(listingOf(site.out)).toEqual(before);
  expect([dataOf(path).rows.leaf.length, statSync(path).mode & 0o777]).toEqual([20, 0o644]);
  expect(readdirSync(site.directory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect((await page(site, "--output", "/none/storage.html")).code).toBe(73);
});

test("65 for a snapshot that was cut; one before that was cut is a line on the page", async () => {
  const site = await makeSite({ resources: 20 });
  const cut = (path: string) => {
    const { mtimeMs } = statSync(path);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -40));
    utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  };
  cut(site.before);
  expect((await page(site)).code).toBe(0);
  const [facts] = dataOf(join(site.out, "index.html")).snapshots;
  expect([facts?.entries, facts?.before]).toEqual([19, null]);
  expect(facts?.note).toStartWith(
    `nothing to compare with: ${basename(site.before)} is not a complete JSON document`,
  );
  const shown = readFileSync(join(site.out, "index.html"), "utf8");
  cut(site.newest);
  expect((await page(site)).code).toBe(65);
  expect(readFileSync(join(site.out, "index.html"), "utf8")).toBe(shown);
});

test("before the first snapshot the page says so; on the passive gateway there is no page", () =>
  withStage({}, async (stage) => {
    expect((await scriptOn(stage, `"$@" page -c "$CONFIG"`)).code).toBe(0);
    expect(dataOf(join(stage.out, "index.html"))).toMatchObject({ snapshots: [], rows: { leaf: [] } });
    const passive = readFileSync(stage.configPath, "utf8").replace(
      /( +)output_directory: /,
      "$1active_if: /none/active\n$&",
    );
    writeFileSync(stage.configPath, passive.replace(stage.out, join(stage.directory, "other")));
    expect(await scriptOn(stage, `"$@" page -c "$CONFIG"`)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(join(stage.directory, "other"))).toBe(false);
  }));

test("64 with what is not an option; help shows examples", async () => {
  expect((await runSubject(["page", "--jsno"])).code).toBe(64);
  const help = await runSubject(["page", "--help"]);
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("--output /var/www/storage.html")]);
});

const MOST_BYTES = 150e6;
const MOST_PAGE_BYTES = 15e6;

test("100 000 resources: a page under 15 MB, made with less than 150 MB", async () => {
  const site = await makeSite({ resources: 100_000 });
  const ran = await runMeasured([...SUBJECT, "page", "-c", site.config], {});
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  expect(ran.peakBytes < MOST_BYTES || ran.peakBytes).toBe(true);
  const { size } = statSync(join(site.out, "index.html"));
  expect(size < MOST_PAGE_BYTES || size).toBe(true);
});
