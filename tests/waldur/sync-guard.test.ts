// The guard against a snapshot that shrank, and what it compares with: the last snapshot of the same offering, as the
// state directory or the file itself has it, or on a first run the server's own count (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { diffDocuments } from "../../lib/documents/diff.ts";
import { nameOf } from "../../lib/documents/gone.ts";
import type { Stage } from "../stage.ts";
import {
  addResources,
  idsIn,
  imprint,
  leftovers,
  loseState,
  nameAt,
  open,
  statePath,
  syncAt,
} from "./sync-stage.ts";

/** Publishes that many at minute 0, then leaves only some of them. */
async function shrunk(before: number, after: number, settings: Readonly<Record<string, number>> = {}) {
  const stage = await open({ settings });
  const resources = addResources(stage, before);
  await syncAt(stage, 0);
  for (const { uuid } of resources.slice(after)) stage.world.terminate(uuid);
  return stage;
}

describe("the guard", () => {
  for (const [before, after, percent, code] of [
    [20, 14, undefined, 0],
    [20, 13, undefined, 65],
    [20, 10, 50, 0],
    [20, 9, 50, 65],
    [20, 20, 0, 0],
    [20, 19, 0, 65],
    [20, 1, 100, 0],
    [20, 0, 100, 0],
    [10, 7, undefined, 0],
    [10, 6, undefined, 65],
    [10, 0, undefined, 65],
    [9, 1, undefined, 0],
    [9, 0, undefined, 0],
    [9, 8, 0, 0],
    [1, 0, 0, 0],
  ] as const) {
    const guard = percent === undefined ? "30 % unless set" : `${percent} %`;
    test(`${before} → ${after} with ${guard} ends with ${code}`, async () => {
      const stage = await shrunk(
        before,
        after,
        percent === undefined ? {} : { shrink_guard_percent: percent },
      );
      const old = imprint(stage, nameAt(0));
      const { report } = await syncAt(stage, 1);
      expect([report.exitCode, imprint(stage, nameAt(0)), leftovers(stage)]).toEqual([code, old, []]);
      expect(stage.files()).toEqual(code === 0 ? [nameAt(0), nameAt(1)] : [nameAt(0)]);
      if (code === 0) expect(idsIn(stage, nameAt(1))).toHaveLength(after);
      else {
        expect(report.problems).toMatchObject([{ code: "shrunk", offering: stage.simulator.offeringUuid }]);
        const dry = await syncAt(stage, 2, { dryRun: true });
        expect([report, dry.report].map(({ offerings }) => offerings)).toMatchObject([
          [{ outcome: "failed", resources: after }],
          [{ outcome: "failed", resources: after }],
        ]);
        expect(report.problems[0]?.message).toContain(`${before - after} of the ${before} resources`);
        expect(report.problems[0]?.hint).toContain("--allow-shrink");
      }
    });
  }

  test("refuses again and again, until --allow-shrink passes it once", async () => {
    const stage = await shrunk(20, 2);
    for (const n of [1, 2]) expect((await syncAt(stage, n)).report.exitCode).toBe(65);
    expect((await syncAt(stage, 3, { sync: { allowShrink: true } })).report.exitCode).toBe(0);
    expect((await syncAt(stage, 4)).report.exitCode).toBe(0);
    expect(stage.files()).toEqual([nameAt(0), nameAt(3), nameAt(4)]);
  });

  test("is switched off by --allow-shrink once only", async () => {
    const stage = await shrunk(40, 20);
    expect((await syncAt(stage, 1, { sync: { allowShrink: true } })).report.exitCode).toBe(0);
    for (const { uuid } of stage.world.resources().slice(5)) stage.world.terminate(uuid);
    expect((await syncAt(stage, 2)).report.exitCode).toBe(65);
  });

  test("lets an empty list pass with --allow-shrink", async () => {
    const stage = await shrunk(20, 0);
    expect((await syncAt(stage, 1, { sync: { allowShrink: true } })).report.exitCode).toBe(0);
    expect(idsIn(stage, nameAt(1))).toEqual([]);
  });

  test("names the first ten who are gone as diff lists them, and the command that shows all", async () => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    for (const { uuid } of resources.slice(0, 15)) stage.world.terminate(uuid);
    const { report } = await syncAt(stage, 1);
    const [refused] = report.problems;
    const [dry] = (await syncAt(stage, 1, { dryRun: true, sync: { allowShrink: true } })).report.files;
    const draft = join(stage.directory, "new.json");
    writeFileSync(draft, JSON.stringify(dry?.document));
    const last = join(stage.out, nameAt(0));
    const gone = [...diffDocuments(last, draft).gone()].map(nameOf);
    expect(gone).toHaveLength(15);
    expect(refused?.message).toEndWith(`: ${gone.slice(0, 10).join(", ")}, and 5 more`);
    expect(refused?.hint).toContain(
      `--offering-uuid ${stage.simulator.offeringUuid} --allow-shrink --dry-run | jq `,
    );
    expect(refused?.hint).toEndWith(` && waldur-cscs-storage diff ${last} new.json`);
  });

  test("names no command where nothing is left to compare with", async () => {
    const stage = await shrunk(20, 2);
    rmSync(join(stage.out, nameAt(0)));
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, report.problems[0]?.hint?.includes("diff")]).toEqual([65, false]);
  });

  test("refuses in a dry run too", async () => {
    const stage = await shrunk(20, 2);
    const { report } = await syncAt(stage, 1, { dryRun: true });
    expect([report.exitCode, report.files]).toEqual([65, []]);
  });
});

describe("a first run", () => {
  const withBad = async (bad: number, good: number) => {
    const stage = await open();
    for (let n = 0; n < bad; n++) stage.world.addResource({ slug: `.bad-${n}` });
    addResources(stage, good);
    return stage;
  };

  for (const [bad, good, code] of [
    [6, 14, 10],
    [7, 13, 65],
    [20, 0, 65],
  ] as const) {
    test(`with ${bad} problems of ${bad + good}, measured by the server's own count, ends with ${code}`, async () => {
      const stage = await withBad(bad, good);
      const { report } = await syncAt(stage, 0);
      expect([report.exitCode, stage.files()]).toEqual([code, code === 10 ? [nameAt(0)] : []]);
      expect(report.problems.filter((problem) => problem.code === "bad-slug")).toHaveLength(bad);
    });
  }

  test("without a single entry publishes nothing", async () => {
    const stage = await withBad(9, 0);
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, stage.files()]).toEqual([10, []]);
    expect(report).toMatchObject({ offerings: [{ outcome: "skipped" }], notices: [{ code: "empty-list" }] });
  });

  test("has what became a problem counted as lost when nothing can be carried over", async () => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    rmSync(join(stage.out, nameAt(0)));
    for (const resource of resources.slice(13)) resource.slug = "..";
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, stage.files()]).toEqual([65, []]);
  });
});

describe("the baseline", () => {
  const codeAfterLoss = async (stage: Stage, more: Parameters<typeof syncAt>[2] = {}) =>
    (await syncAt(stage, 1, more)).report.exitCode;

  test("comes from the state when the snapshot was deleted by hand", async () => {
    const stage = await shrunk(20, 13);
    rmSync(join(stage.out, nameAt(0)));
    expect([await codeAfterLoss(stage), stage.files()]).toEqual([65, []]);
  });

  test("comes from the newest file when the state is lost", async () => {
    const stage = await shrunk(20, 13);
    loseState(stage);
    expect([await codeAfterLoss(stage), stage.files()]).toEqual([65, [nameAt(0)]]);
  });

  for (const [what, content] of [
    ["broken", "{"],
    ["of an unknown version", '{"version":2,"file":"x","offering":"x"}'],
    ["empty", ""],
  ] as const) {
    test(`comes from the newest file when the state is ${what}`, async () => {
      const stage = await shrunk(20, 13);
      writeFileSync(statePath(stage, "snapshot.json"), content);
      expect(await codeAfterLoss(stage)).toBe(65);
    });
  }

  test("is gone when state and files are, and the run is a first one", async () => {
    const stage = await shrunk(20, 2);
    loseState(stage);
    renameSync(join(stage.out, nameAt(0)), join(stage.out, "moved-away.json"));
    expect(await codeAfterLoss(stage)).toBe(0);
  });

  test("is also what is left of a snapshot that was cut", async () => {
    const stage = await shrunk(20, 2);
    loseState(stage);
    truncateSync(join(stage.out, nameAt(0)), stage.readText(nameAt(0)).length - 3);
    expect([await codeAfterLoss(stage), stage.files()]).toEqual([65, [nameAt(0)]]);
  });

  test("is not a snapshot of another offering, which wants a directory of its own", async () => {
    const stage = await shrunk(20, 2);
    const { offeringUuid, world } = stage.simulator;
    loseState(stage);
    const theirs = stage.readText(nameAt(0)).replace(offeringUuid, world.otherOffering.uuid);
    writeFileSync(join(stage.out, nameAt(0)), theirs);
    expect([await codeAfterLoss(stage), stage.files(), stage.readText(nameAt(0))]).toEqual([
      78,
      [nameAt(0)],
      theirs,
    ]);
  });

  test("of another offering is refused before the list is asked for, with both uuids", async () => {
    const stage = await shrunk(20, 2);
    const { offeringUuid, world, requests } = stage.simulator;
    for (const path of [statePath(stage, "snapshot.json"), join(stage.out, nameAt(0))]) {
      const text = await Bun.file(path).text();
      writeFileSync(path, text.replace(offeringUuid, world.otherOffering.uuid));
    }
    const from = requests.length;
    const { report } = await syncAt(stage, 1);
    expect(report.exitCode).toBe(78);
    for (const uuid of [offeringUuid, world.otherOffering.uuid])
      expect(report.problems[0]?.message).toContain(uuid);
    const lists = requests
      .slice(from)
      .filter(({ path, query }) => path.includes("resources") && query.includes("state="));
    expect(lists).toEqual([]);
  });

  test("is not JSON of another program with the name of a snapshot, which stays", async () => {
    const stage = await shrunk(20, 2);
    loseState(stage);
    writeFileSync(join(stage.out, nameAt(0)), '{"storageResources": []}\n');
    expect(await codeAfterLoss(stage)).toBe(0);
    expect(stage.readText(nameAt(0))).toBe('{"storageResources": []}\n');
  });

  test("is not a refused snapshot: what was refused today is refused tomorrow", async () => {
    const stage = await shrunk(20, 2);
    await codeAfterLoss(stage);
    loseState(stage);
    expect((await syncAt(stage, 2)).report.exitCode).toBe(65);
  });
});
