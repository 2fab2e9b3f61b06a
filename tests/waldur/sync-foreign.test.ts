// Who is gone, by whatever list was there before: resources that make up for lost ones, the list of the program that
// this one replaces, quotas and GIDs that vanish from many at once (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { addResources, idsIn, loseState, nameAt, open, syncAt } from "./sync-stage.ts";

describe("who is gone", () => {
  test("is counted, not how many there are: new resources do not make up for lost ones", async () => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    for (const { uuid } of resources.slice(0, 10)) stage.world.terminate(uuid);
    for (let n = 0; n < 10; n++) stage.world.addResource({ slug: `new-${n}` });
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, stage.files()]).toEqual([65, [nameAt(0)]]);
    expect(report.problems[0]?.message).toContain("10 of the 20 resources");
    expect(report.problems[0]?.message).toContain(resources[0]?.uuid ?? "");
  });

  test("does not count whose terminate file was published", async () => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    for (const resource of resources.slice(0, 12)) stage.world.addOrder({ type: "Terminate", resource });
    await stage.runHere("orders");
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    expect(idsIn(stage, nameAt(1))).toHaveLength(8);
  });
});

describe("what changes in bulk", () => {
  test("quotas of too many that vanish are refused, and pass with --allow-shrink", async () => {
    const stage = await open();
    const resources = addResources(stage, 10);
    await syncAt(stage, 0);
    for (const resource of resources.slice(0, 3)) resource.limits = {};
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    for (const resource of resources.slice(3, 7)) resource.limits = {};
    const { report } = await syncAt(stage, 2);
    expect([report.exitCode, stage.files()]).toEqual([65, [nameAt(0), nameAt(1)]]);
    expect(report.problems[0]?.message).toContain("4 of the 10 resources");
    expect((await syncAt(stage, 3, { sync: { allowShrink: true } })).report.exitCode).toBe(0);
  });

  test("GIDs of too many that vanish are refused", async () => {
    const stage = await open({ settings: { unix_gid: "file:gids.csv" } });
    const map = join(stage.directory, "gids.csv");
    addResources(stage, 10);
    const slug = stage.world.projects[0]?.slug ?? "";
    writeFileSync(map, `${slug},30001\n`);
    await syncAt(stage, 0);
    writeFileSync(map, "another,30002\n");
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, stage.files()]).toEqual([65, [nameAt(0)]]);
    expect(report.problems[0]?.message).toContain("would lose their GID");
  });

  test("a truncated GID map is refused before the list is requested, and used once it is complete", async () => {
    const stage = await open({ settings: { unix_gid: "file:gids.csv" }, orders: 1 });
    const map = join(stage.directory, "gids.csv");
    addResources(stage, 3);
    const slug = stage.world.projects[0]?.slug ?? "";
    const whole = `${slug},30001\nb,30002\nc,30003\n`;
    writeFileSync(map, whole);
    await syncAt(stage, 0);
    writeFileSync(map, whole.slice(0, -"c,30003\n".length - 2));
    for (const mode of ["sync", "orders"] as const) {
      const from = stage.simulator.requests.length;
      const { report } = await stage.runHere(mode, { retries: 0 });
      expect(report.exitCode).toBe(75);
      expect(stage.simulator.requests.slice(from).filter(({ path }) => path.includes("resources"))).toEqual(
        [],
      );
    }
    writeFileSync(map, whole);
    expect((await syncAt(stage, 2)).report.exitCode).toBe(0);
  });
});

describe("a list that is not ours", () => {
  const foreign = (uuids: readonly string[]) =>
    JSON.stringify({
      status: "success",
      code: 200,
      meta: { date: "2025-01-01T00:00:00", appVersion: "1.4.0" },
      result: {
        storageResources: uuids.map((uuid) => ({
          itemId: uuid,
          status: "pending",
          mountPoint: { default: `/theirs/${uuid}` },
          target: { targetType: "project", targetItem: { itemId: uuid, unixGid: 30001 } },
          quotas: [],
        })),
      },
    });

  async function beside(live: number, theirs: readonly string[] | "live", more = 0) {
    const stage = await open();
    const resources = addResources(stage, live);
    const uuids = theirs === "live" ? resources.map(({ uuid }) => uuid) : [...theirs];
    for (let n = 0; n < more; n++) {
      const { uuid } = stage.world.addResource({ slug: `gone-${n}` });
      stage.world.terminate(uuid);
      uuids.push(uuid);
    }
    writeFileSync(join(stage.out, "2025-01-01-00-00-all.json"), foreign(uuids));
    return stage;
  }

  test("is what a first run is compared with, so that an empty list is not published", async () => {
    const stage = await beside(
      0,
      Array.from({ length: 301 }, (_, n) => n.toString(16).padStart(32, "0")),
    );
    const { report } = await syncAt(stage, 0);
    expect([report.exitCode, stage.files()]).toEqual([65, ["2025-01-01-00-00-all.json"]]);
    expect(report.problems[0]?.message).toContain("301 of the 301 resources");
  });

  test("does not count those that Waldur says are Terminated", async () => {
    const stage = await beside(12, "live", 60);
    expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
    expect(idsIn(stage, nameAt(0))).toHaveLength(12);
  });

  test("names no path", async () => {
    const stage = await beside(3, "live");
    await syncAt(stage, 0);
    expect(stage.readText(nameAt(0))).not.toContain("/theirs/");
  });

  test("does not hide a snapshot of ours that is older, when the state is lost", async () => {
    const stage = await open();
    const resources = addResources(stage, 20);
    await syncAt(stage, 0);
    loseState(stage);
    writeFileSync(join(stage.out, "2025-01-01-00-00-all.json"), foreign(["f".repeat(32)]));
    const later = Date.now() / 1000 + 60;
    utimesSync(join(stage.out, "2025-01-01-00-00-all.json"), later, later);
    for (const { uuid } of resources.slice(5)) stage.world.terminate(uuid);
    const { report } = await syncAt(stage, 1);
    expect(report.problems[0]?.message).toContain("15 of the 20 resources");
  });
});
