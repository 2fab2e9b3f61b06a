// `sync` as cron runs it: one run after the other on an offering that changes, with everything that a site meets in
// time. What each rule means in detail is tested in tests/waldur; here the program itself is held to the whole.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "pathe";
import { openStage, type Ran, type Stage } from "../stage.ts";
import { addResources, GENERATIONS, liveIds } from "../waldur/sync-stage.ts";

const LATEST = "latest-all.json";

const idsIn = (stage: Stage) => stage.read(LATEST).result.storageResources.map(({ itemId }) => itemId);
const statusesIn = (stage: Stage) => stage.read(LATEST).result.storageResources.map(({ status }) => status);
const entryIn = (stage: Stage, uuid: string) =>
  stage.read(LATEST).result.storageResources.find(({ itemId }) => itemId === uuid);

/** A run that cron would not mail. */
async function runInSilence(stage: Stage, ...args: readonly string[]): Promise<void> {
  expect(await stage.run(["sync", ...args])).toEqual({ code: 0, stdout: "", stderr: "" });
}

async function runTo(code: number, stage: Stage, ...args: readonly string[]): Promise<Ran> {
  const ran = await stage.run(["sync", "--retries", "0", ...args]);
  expect({ ...ran, code: ran.code, stdout: ran.stdout }).toEqual({ ...ran, code, stdout: "" });
  return ran;
}

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    test("an offering grows, changes, is ended and is read again, run by run", async () => {
      const stage = await openStage({ generation, settings: { latest_link: true } });
      try {
        const [first, second] = addResources(stage, 12);
        if (first === undefined || second === undefined) throw new Error("no resources");
        await runInSilence(stage);
        expect(idsIn(stage)).toEqual(liveIds(stage));

        Object.assign(first, { state: "Updating", limits: { storage: 25 } });
        second.state = "Terminating";
        await runInSilence(stage);
        expect(statusesIn(stage).slice(0, 3)).toEqual(["updating", "removing", "active"]);
        expect(entryIn(stage, first.uuid)?.quotas?.[0]?.quota).toBe(25);

        stage.world.terminate(second.uuid);
        await runInSilence(stage);
        expect(idsIn(stage)).toEqual(liveIds(stage));
        expect(idsIn(stage)).not.toContain(second.uuid);
      } finally {
        await stage.close();
      }
    });

    test("what becomes a problem is reported once, carried over, and fixed", async () => {
      const stage = await openStage({ generation, settings: { latest_link: true } });
      try {
        const [, second] = addResources(stage, 12);
        if (second === undefined) throw new Error("no resource");
        await runInSilence(stage);
        const before = entryIn(stage, second.uuid);

        second.slug = "../../etc";
        const reported = await runTo(10, stage);
        expect(reported.stderr).toContain(second.uuid);
        // The problem, and the number of all.
        expect(reported.stderr.trimEnd().split("\n")).toHaveLength(2);
        expect((await runTo(10, stage)).stderr).toMatch(/^\S+ warn sync: .*, 1 problem exit=10 \S+\n$/);
        expect(entryIn(stage, second.uuid)).toEqual(before);
        expect(stage.readText(LATEST)).not.toContain("etc");

        second.slug = "data-1";
        await runInSilence(stage);
        expect(idsIn(stage)).toEqual(liveIds(stage));
      } finally {
        await stage.close();
      }
    });

    test("a clean-up in Waldur is refused until --allow-shrink, and a failure in between changes nothing", async () => {
      const stage = await openStage({ generation, settings: { latest_link: true } });
      try {
        const resources = addResources(stage, 20);
        await runInSilence(stage);
        const before = stage.readText(LATEST);
        for (const { uuid } of resources.slice(5)) stage.world.terminate(uuid);
        expect((await runTo(65, stage)).stderr).toContain("--allow-shrink");
        stage.simulator.setFaults(["503@state=OK"]);
        await runTo(75, stage, "--allow-shrink");
        expect(stage.readText(LATEST)).toBe(before);
        stage.simulator.setFaults([]);
        await runInSilence(stage, "--allow-shrink");
        expect(idsIn(stage)).toEqual(liveIds(stage));
        await runInSilence(stage);
      } finally {
        await stage.close();
      }
    });

    test("a long list is published whole and in order, also with several pages at once", async () => {
      for (const parallel of [1, 4]) {
        const settings = { latest_link: true, parallel_requests: parallel };
        const stage = await openStage({ generation, resources: 2500, terminated: 50, settings });
        try {
          await runInSilence(stage);
          expect(idsIn(stage)).toEqual(liveIds(stage));
        } finally {
          await stage.close();
        }
      }
    }, 20_000);
  });
}

test("readers see one whole snapshot after the other while it is replaced", async () => {
  const stage = await openStage({ resources: 900, settings: { latest_link: true, keep_snapshots: 1 } });
  try {
    await runInSilence(stage);
    let running = true;
    const counts = new Set<number>();
    const reader = (async () => {
      for (; running; await Bun.sleep(1)) {
        const text = readFileSync(join(stage.out, LATEST), "utf8");
        expect(text.endsWith("\n}\n")).toBeTrue();
        counts.add(JSON.parse(text).result.storageResources.length);
      }
    })();
    for (let n = 0; n < 5; n++) {
      stage.world.addResource();
      await runInSilence(stage);
    }
    running = false;
    await reader;
    expect([...counts].every((count) => count >= 900 && count <= 905)).toBeTrue();
    expect(counts.size).toBeGreaterThan(1);
  } finally {
    await stage.close();
  }
}, 20_000);
