// What is cached of a row is what one answer said of that row, whatever the server does: with each of these servers the
// document of every run is that of a full reading, to the byte (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { EXIT } from "../../lib/errors.ts";
import type { Stage, StageOptions } from "../stage.ts";
import { type Edits, openEdited } from "./edited-answers.ts";
import { GENERATIONS, hour, open, syncAt } from "./sync-stage.ts";

const HOURS = [1, 12, 13, 20, 24.5, 25, 36, 37, 49];
const LIST = "marketplace-provider-resources/";

/** Runs at that hour; the problems and notices of it, and whether its document is that of a full reading. */
async function runAt(stage: Stage, hours: number, shrinks = false) {
  const { now } = hour(hours);
  const sync = { allowShrink: shrinks };
  const { report } = await syncAt(stage, 0, { now, sync });
  const full = await syncAt(stage, 0, { now, dryRun: true, sync: { full: true, allowShrink: true } });
  const { exitCode, problems, notices } = report;
  const text = `${JSON.stringify(full.report.files[0]?.document, null, 2)}\n`;
  return {
    exitCode,
    problems: problems.map(({ code, field }) => `${code} ${field ?? ""}`),
    notices: notices.map(({ code }) => code),
    isRight: stage.readText(stage.files().at(-1) ?? "") === text,
  };
}

const FINE = { exitCode: EXIT.ok, problems: [], notices: [], isRight: true };

describe("a server that gives smaller pages than are asked for", () => {
  const servers: readonly (StageOptions & { name: string })[] = [
    { name: "gives the list of projects", faults: [] },
    { name: "gives no list of projects", faults: ["404-html@service-providers"] },
  ];
  for (const { name, ...options } of servers) {
    test(`and ${name} is believed for the rows that it was asked for`, async () => {
      const stage = await openEdited({ resources: 600, ...options }, { clamp: 100 });
      for (const { uuid } of stage.world.resources()) stage.world.resource(uuid).attributes = {};
      expect(await runAt(stage, 0)).toEqual(FINE);
      for (const [n, at] of HOURS.entries()) {
        const row = stage.world.resources()[150 + n * 50];
        stage.world.resource(row?.uuid ?? "").attributes = { permissions: "2770" };
        expect([at, await runAt(stage, at)]).toEqual([at, FINE]);
      }
    }, 30_000);
  }

  for (const clamp of [100, 150, 160, 200, 299]) {
    test(`of ${clamp}, one of which has a row that is too large, is read to its end`, async () => {
      const stage = await openEdited({ resources: 700, generation: "2024" }, { clamp });
      const [, , , large] = stage.world.resources();
      stage.world.resource(large?.uuid ?? "").attributes = { note: "x".repeat(5_000_000) };
      const { exitCode, problems, isRight } = await runAt(stage, 0, true);
      expect([exitCode, problems.length, isRight]).toEqual([10, 1, true]);
    });
  }
});

describe("attributes of any form", () => {
  const FORMS: readonly string[] = [
    '{"constructor":{"permissions":"2770"}}',
    '{"__proto__":{"permissions":"2770"}}',
    '{"toString":{"permissions":"2770"}}',
    '{"a":{"permissions":"2770"},"constructor":{"permissions":"2750"}}',
    '{"a":{"permissions":"2770"}}',
    '{"permissions":"  ","b":{"permissions":"2770"}}',
    '{"permissions":1e400}',
    '{"soft_quota_space":1e400}',
    '{"soft_quota_space":-0}',
    '{"permissions":{"permissions":"2770"}}',
  ];
  for (const generation of GENERATIONS) {
    test(`give the same entry in every run of a ${generation} server`, async () => {
      let form = "{}";
      const edits: Edits = { edit: (text) => text.replace('{"marker":1}', () => form) };
      const stage = await openEdited({ resources: 5, generation }, edits);
      const uuid = stage.world.resources()[2]?.uuid ?? "";
      for (const [n, text] of FORMS.entries()) {
        form = text;
        stage.world.resource(uuid).attributes = { marker: 1 };
        const first = await runAt(stage, n * 60, true);
        for (const at of [1, 13, 14]) {
          const next = await runAt(stage, n * 60 + at, true);
          expect([text, at, next]).toEqual([text, at, first]);
        }
      }
    }, 30_000);
  }
});

test.each(["project_uuid", "attributes"])(
  "one answer without %s is forgotten with the next one that has it",
  async (field) => {
    let isLacking = false;
    const edits: Edits = {
      edit(text, { pathname, searchParams }) {
        if (!isLacking || !pathname.endsWith(LIST) || !searchParams.getAll("state").includes("OK"))
          return text;
        const rows: Record<string, unknown>[] = JSON.parse(text);
        delete rows[2]?.[field];
        return JSON.stringify(rows);
      },
    };
    const stage = await openEdited({ resources: 5 }, edits);
    stage.world.resource(stage.world.resources()[2]?.uuid ?? "").attributes = { permissions: "2770" };
    isLacking = true;
    await runAt(stage, 0, true);
    isLacking = false;
    for (const at of [1, 13]) expect([at, await runAt(stage, at)]).toEqual([at, FINE]);
  },
);

describe("a request that only saves queries, and fails each time,", () => {
  test("does not stop the run", async () => {
    const stage = await open({ resources: 900 });
    await runAt(stage, 0);
    for (const { uuid } of stage.world.resources().filter((_, n) => n % 50 === 0))
      stage.world.resource(uuid).attributes = { permissions: "2770" };
    stage.simulator.setFaults(["html-500@modified=2026"]);
    expect(await runAt(stage, 1)).toEqual(FINE);
    const [, , , row] = stage.world.resources();
    stage.world.resource(row?.uuid ?? "").attributes = { permissions: "2750" };
    stage.simulator.setFaults([`html-500@-resources/${row?.uuid}`]);
    expect(await runAt(stage, 2)).toEqual(FINE);
  });

  test("ends the run with 75 where the page lacks the row as well", async () => {
    const edits: Edits = {};
    const stage = await openEdited({ resources: 30 }, edits);
    await runAt(stage, 0);
    const [row] = stage.world.resources();
    stage.world.resource(row?.uuid ?? "").attributes = { permissions: "2750" };
    stage.simulator.setFaults([`html-500@-resources/${row?.uuid}`]);
    edits.edit = (text, { search }) =>
      search.includes("&page=") && search.includes("field=attributes")
        ? JSON.stringify(JSON.parse(text).filter((one: { uuid: string }) => one.uuid !== row?.uuid))
        : text;
    const files = stage.files();
    expect((await syncAt(stage, 0, hour(1))).report.exitCode).toBe(75);
    expect(stage.files()).toEqual(files);
  });

  test("of a server that is down ends the run with 75", async () => {
    const stage = await open({ resources: 30 });
    await runAt(stage, 0);
    const [row] = stage.world.resources();
    stage.world.resource(row?.uuid ?? "").attributes = { permissions: "2750" };
    stage.simulator.setFaults([`html-500@-resources/${row?.uuid}`, "html-500@field=project_uuid"]);
    expect((await syncAt(stage, 0, hour(1))).report.exitCode).toBe(75);
  });
});

test("a row of the last block that changed without a new modified is found within a day", async () => {
  const stage = await open({ resources: 900 });
  await runAt(stage, 0);
  const row = stage.world.resources().at(-1);
  stage.world.rows.changeSilently(row?.uuid ?? "", { attributes: { permissions: "2770" } });
  const found: number[] = [];
  for (let n = 1; n <= 26; n++) {
    const { report } = await syncAt(stage, 0, hour(n));
    if (report.notices.some(({ code }) => code === "modified-unmoved")) found.push(n);
  }
  expect(found).toHaveLength(1);
  expect(found[0]).toBeLessThanOrEqual(24);
}, 20_000);
