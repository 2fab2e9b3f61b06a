// `diff`, `validate` and `schema`, from outside: what they compare by default, what they refuse, and that they
// ask nothing of Waldur and write nothing.

import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import Ajv from "ajv/dist/2020";
import { join } from "pathe";
import * as v from "valibot";
import { DiffOutput } from "../../lib/documents/diff-schema.ts";
import { ValidateOutput } from "../../lib/documents/finding.ts";
import { readPage } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";
import { openStage, runCommand, runSubject, type Stage, type StageOptions, SUBJECT } from "../stage.ts";
import { runOnTerminal } from "./program.ts";

// Many processes on a busy machine.
setDefaultTimeout(30_000);

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(options: StageOptions = {}): Promise<Stage> {
  const stage = await openStage({ settings: { mount_point: "/store/{project}" }, resources: 3, ...options });
  stages.push(stage);
  return stage;
}

const OLD = "2026-01-01-00-00-all.json";

/** Two snapshots: the last resource is gone from the second one, and a new one is there. Returns their names. */
async function twoSnapshots(stage: Stage): Promise<[old: string, next: string]> {
  const gone = stage.world.addResource({ slug: "gone" });
  expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
  const [first = ""] = stage.files();
  const old = join(stage.out, OLD);
  writeFileSync(old, stage.readText(first));
  utimesSync(old, 1, 1);
  stage.world.terminate(gone.uuid);
  stage.world.addResource({ slug: "fresh" });
  expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
  return [old, join(stage.out, stage.files().at(-1) ?? "")];
}

describe("diff", () => {
  test("takes the last two snapshots; OLD alone is held against the last one", async () => {
    const stage = await open();
    const [old, next] = await twoSnapshots(stage);
    const before = [stage.everything(), stage.simulator.requests.length];
    const ran = await stage.run(["diff", "-c", stage.configPath]);
    expect([ran.code, ran.stderr]).toEqual([10, ""]);
    expect(ran.stdout).toContain(`old  ${old}\n`);
    expect(ran.stdout).toContain("\nNEW\n/store/fresh\n");
    expect(ran.stdout).toContain("\nGONE\n/store/gone\n");
    expect(ran.stdout).toEndWith("\n1 new, 1 gone, 0 changed\n");
    expect(await stage.run(["diff", old, "-c", stage.configPath])).toEqual(ran);
    expect(await stage.run(["diff", old, next])).toEqual(ran);
    expect([stage.everything(), stage.simulator.requests.length]).toEqual(before);
  });

  test("ends with 0 where nothing differs, and prints JSON of the documented structure", async () => {
    const stage = await open();
    const [old, next] = await twoSnapshots(stage);
    const same = await runSubject(["diff", old, old]);
    expect([same.code, same.stdout.split("\n").at(-2)]).toEqual([
      0,
      "equal in path, quotas, permission, GID and status",
    ]);
    const json = await runSubject(["diff", old, next, "--json"]);
    expect(json.code).toBe(10);
    const { counts, added } = v.parse(DiffOutput, JSON.parse(json.stdout));
    expect([counts, added.map(({ path }) => path)]).toEqual([
      { new: 1, gone: 1, changed: 0 },
      ["/store/fresh"],
    ]);
  });

  test("is as wide as the terminal", async () => {
    const stage = await open();
    stage.world.addResource({ backendId: `/store/${"a".repeat(110)}` });
    await stage.run(["sync"]);
    const [name = ""] = stage.files();
    writeFileSync(join(stage.directory, "none.json"), stage.readText(name).replace(/\[[\s\S]*\]/, "[]"));
    const script = `"$@" diff none.json out/${name}`;
    const { shown } = await runOnTerminal(script, stage, { columns: 60 });
    expect(Math.max(...shown.split("\r\n").map((line) => line.length))).toBe(60);
    expect((await runOnTerminal(script, stage, { columns: 200 })).shown).toContain("a".repeat(110));
  });

  test("64 for a file that is not there, and where there is nothing to compare; 65 for what is cut", async () => {
    const stage = await open();
    const none = await stage.run(["diff", "-c", stage.configPath]);
    expect([none.code, none.stderr.includes("no snapshot")]).toEqual([64, true]);
    const [old, next] = await twoSnapshots(stage);
    const missing = await runSubject(["diff", old, "/none.json"]);
    expect([missing.code, missing.stderr]).toEqual([64, "waldur-cscs-storage: /none.json: no such file\n"]);
    writeFileSync(next, readFileSync(next, "utf8").slice(0, -20));
    const cut = await runSubject(["diff", old, next]);
    expect([cut.code, cut.stdout]).toEqual([65, ""]);
    expect(cut.stderr).toContain(`${next} is not a complete JSON document: it ends too early`);
  });

  test("several output directories need --offering-uuid", async () => {
    const [stage, other] = [await open(), await open()];
    await twoSnapshots(stage);
    const uuid = "a".repeat(32);
    const [own, theirs] = [stage, other].map(({ configPath }) => readFileSync(configPath, "utf8"));
    const more = theirs
      ?.replace("offerings:\n", "")
      .replace(other.simulator.offeringUuid, uuid)
      .replace('mount_point: "', 'mount_point: "/other');
    writeFileSync(stage.configPath, `${own}${more}`);
    const ran = await stage.run(["diff", "-c", stage.configPath]);
    expect([ran.code, ran.stderr]).toEqual([64, expect.stringContaining(`${uuid} (Test)`)]);
    const chosen = ["diff", "-c", stage.configPath, "--offering-uuid", stage.simulator.offeringUuid];
    expect((await stage.run(chosen)).code).toBe(10);
  });
});

test("the page for operators shows what diff shows", async () => {
  const [shown = ""] = readPage("docs/operations.md")
    .blocks("text")
    .filter((block) => block.includes("CHANGED"));
  const names = [...shown.matchAll(/^(?:old|new) {2}(\S+)$/gm)].map(([, name = ""]) => name);
  const cwd = join(import.meta.dir, "../fixtures/upgrade-0.1.0/out");
  expect(await runSubject(["diff", ...names], { cwd })).toEqual({ code: 10, stdout: shown, stderr: "" });
});

test("what a refused run hints at shows all that is gone", async () => {
  const stage = await open({ resources: 0 });
  const resources = Array.from({ length: 20 }, (_, n) => stage.world.addResource({ slug: `data-${n}` }));
  await stage.run(["sync"]);
  for (const { uuid } of resources.slice(5)) stage.world.terminate(uuid);
  const refused = await stage.run(["sync"]);
  expect(refused.code).toBe(65);
  const [, hinted = ""] = /to see all that differs: ([^"]*new\.json)/.exec(refused.stderr) ?? [];
  expect(hinted).toContain(" && waldur-cscs-storage diff ");
  const script = hinted.replaceAll("waldur-cscs-storage ", `${SUBJECT.join(" ")} `).replace(/\\/g, "");
  const ran = await runCommand(["bash", "-c", script], { cwd: stage.directory });
  expect([ran.code, ran.stdout.split("\n").at(-2)]).toEqual([10, "0 new, 15 gone, 0 changed"]);
});

describe("validate", () => {
  test("finds nothing in what was published, and says where a file is wrong", async () => {
    const stage = await open({ orders: 3 });
    await twoSnapshots(stage);
    expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
    const published = stage.files().filter((name) => name !== OLD);
    const paths = published.map((name) => join(stage.out, name));
    const good = await runSubject(["validate", ...paths]);
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(good.stdout.match(/: valid, /g)).toHaveLength(published.length);

    const path = join(stage.out, OLD);
    writeFileSync(path, readFileSync(path, "utf8").replace('"quota": ', '"quota": -'));
    const bad = await runSubject(["validate", path]);
    expect(bad.code).toBe(10);
    expect(bad.stdout).toMatch(/^error: \S+: entry 1 \([0-9a-f]{32}\): quotas\[0\]\.quota: is -\d+, not >=/m);
    expect(bad.stdout).toContain("meta.date: is not of the minute 2026-01-01-00-00");
    expect(bad.stdout).toContain("INVALID, 5 entries, 2 errors");
    const json = await runSubject(["validate", path, ...paths, "--json"]);
    expect(json.code).toBe(10);
    expect(v.parse(ValidateOutput, JSON.parse(json.stdout)).findings).toHaveLength(2);
  });

  test("a file that is not there is 10, none at all 64", async () => {
    const ran = await runSubject(["validate", "/none.json"]);
    expect([ran.code, ran.stdout]).toEqual([
      10,
      "error: /none.json: no such file\n/none.json: not checked\n",
    ]);
    expect((await runSubject(["validate"])).code).toBe(64);
  });
});

test("the schemas of document and report accept a dry run and what it holds", async () => {
  const stage = await open();
  const [document, report] = await Promise.all(
    ["document", "report"].map(async (name) => JSON.parse((await runSubject(["schema", name])).stdout)),
  );
  const run = JSON.parse((await stage.run(["sync", "--dry-run"])).stdout);
  const ajv = () => new Ajv({ formats: { "date-time": true } });
  expect([ajv().validate(report, run), ajv().validate(document, run.files[0].document)]).toEqual([
    true,
    true,
  ]);
  expect(ajv().validate(document, run)).toBe(false);
});

test("a configuration without a token is enough for diff", async () => {
  const stage = await open();
  await twoSnapshots(stage);
  const text = readFileSync(stage.configPath, "utf8");
  const path = join(scratchDirectory("tokenless-"), "config.yaml");
  writeFileSync(path, text.replace(/ +waldur_api_token: .*\n/, ""));
  expect((await stage.run(["diff", "-c", path])).code).toBe(10);
});
