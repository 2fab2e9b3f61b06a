// `components`, from outside: its dry run, the change, its JSON, and how it ends.

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import * as v from "valibot";
import { ComponentsReport } from "../../lib/components/report.ts";
import type { HistoryEntry } from "../../lib/history/reader.ts";
import { openComponents } from "../components-site.ts";
import type { Stage } from "../stage.ts";

setDefaultTimeout(30_000);

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(components: string): Promise<Stage> {
  const stage = await openComponents(components, { resources: 3 });
  stages.push(stage);
  return stage;
}

const run = (stage: Stage, ...args: string[]) => stage.run(["components", "-c", stage.configPath, ...args]);

test("shows what it would change, changes it, and then has nothing to do", async () => {
  const stage = await open(
    "{storage: {label: Space, limit: 20}, inodes: {accounting_type: limit, label: Inodes}}",
  );
  const uuid = stage.simulator.offeringUuid;
  const dry = await run(stage, "--dry-run");
  expect([dry.code, stage.requestsOf("POST")]).toEqual([0, []]);
  expect(dry.stdout).toBe(`Test (${uuid})
  storage  would be updated
      name          "Storage" -> "Space"
      limit_amount  nothing -> 20
  inodes   would be created
      billing_type  "limit"
      name          "Inodes"
`);
  expect(dry.stderr).toContain("component inodes is new and has no price");
  const real = await run(stage, "--json");
  expect(real.code).toBe(0);
  const report = v.parse(ComponentsReport, JSON.parse(real.stdout));
  expect(report).toMatchObject({ dryRun: false, offerings: [{ uuid, outcome: "done" }], exitCode: 0 });
  expect(stage.world.offering.components.map(({ name }) => name)).toEqual(["Space", "Inodes"]);
  expect(await run(stage)).toEqual({
    code: 0,
    stdout: `Test (${uuid})\n  storage  as in the file\n  inodes   as in the file\n`,
    stderr: "",
  });
  // It is none of the modes: the output directory stays as it is, and the integration is not marked as alive.
  expect(stage.everything()).toEqual([]);
  expect(stage.simulator.requests.filter(({ userAgent }) => userAgent.includes("site-agent"))).toEqual([]);
});

test("what it sends is in the history where runs were before, also of two at once", async () => {
  const types = Array.from({ length: 20 }, (_, n) => `c${n}`);
  const all = types.map((type) => `${type}: {accounting_type: limit, label: New}`).join(", ");
  const stage = await open(`{storage: , ${all}}`);
  expect((await stage.run(["sync"])).code).toBe(0);
  const both = await Promise.all([run(stage), run(stage)]);
  expect(both.map(({ code, stderr }) => [code, stderr.includes("not recorded")])).toEqual([
    [0, false],
    [0, false],
  ]);
  const shown = await stage.run(["history", "--json", "-c", stage.configPath]);
  const entries: HistoryEntry[] = JSON.parse(shown.stdout).filter(
    ({ mode }: HistoryEntry) => mode === "components",
  );
  expect(entries).toHaveLength(stage.requestsOf("POST").length);
  expect(entries.filter(({ order, status }) => order !== null || status === null)).toEqual([]);
  expect(new Set(entries.map(({ component }) => component))).toEqual(new Set(types));
  const table = await stage.run(["history", "-c", stage.configPath]);
  expect(table.stdout).toMatch(/create_component +201 +c0\n/);
  const about = await stage.run(["show", "--local", stage.simulator.offeringUuid, "-c", stage.configPath]);
  expect(about.stdout).toContain("nothing is known");
});

test("a mistake in a component is 78 with its place, and nothing to a run", async () => {
  const stage = await open("{storage: {limit: many}}");
  const { code, stdout, stderr } = await run(stage);
  expect([code, stdout, stage.simulator.requests]).toEqual([78, "", []]);
  expect(stderr).toMatch(
    /config\.yaml:8:43: offerings\[0\]\.backend_components\.storage\.limit: must be a number/,
  );
  const { problems } = v.parse(ComponentsReport, JSON.parse((await run(stage, "--json")).stdout));
  expect(problems).toMatchObject([{ code: "config" }]);
  expect(await stage.run(["sync"])).toMatchObject({ code: 0, stderr: "" });
});

test("what it may not do is 77, what needs a flag is 10", async () => {
  const stage = await open("{storage: {label: Space, accounting_type: usage}}");
  const held = await run(stage);
  expect([held.code, held.stderr]).toEqual([10, expect.stringContaining("--allow-billing-change")]);
  stage.world.offering.ownerMayChangeComponents = false;
  const refused = await run(stage, "--allow-billing-change");
  expect([refused.code, refused.stderr]).toEqual([77, expect.stringContaining("may not change components")]);
  expect(stage.world.offering.components[0]?.name).toBe("Storage");
});
