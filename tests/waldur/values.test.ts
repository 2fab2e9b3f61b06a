// Values that are easy to publish as if nothing were wrong: what a run makes of them, from Waldur's answer to the file.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "pathe";
import { addResources, GENERATIONS, loseState, nameAt, open, syncAt } from "./sync-stage.ts";

const FORM = {
  storage_data_type: "archive",
  permissions: "2770",
  hard_quota_space: 15,
  soft_quota_inodes: 105_000,
  hard_quota_inodes: 205_000,
};

test.each(GENERATIONS)(
  "a nested order form is read in the snapshot and in the order's file (%s)",
  async (generation) => {
    const stage = await open({ generation });
    const attributes = { name: "data", storage: FORM };
    const resource = stage.world.addResource({
      name: "data",
      slug: "data",
      limits: { storage: 10 },
      attributes,
    });
    Object.assign(resource, { state: "Creating" });
    stage.world.addOrder({ type: "Create", resource, limits: { storage: 10 }, attributes });
    expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
    await stage.runHere("orders", { retries: 0, silenceMs: 500 });
    const files = stage.files();
    expect(files).toHaveLength(2);
    for (const name of files) {
      const [entry] = stage.read(name).result.storageResources;
      expect(entry).toMatchObject({ permission: { value: "2770" }, storageDataType: { key: "archive" } });
      expect(entry?.quotas?.map(({ quota }) => quota)).toEqual([10, 15, 105_000, 205_000]);
    }
  },
);

test("a component that was renamed takes no quota away: every entry is carried over", async () => {
  const stage = await open();
  const resources = addResources(stage, 12);
  await syncAt(stage, 0);
  for (const resource of resources) Object.assign(resource, { wire: { limits: { storage_tb: 10 } } });
  const { report } = await syncAt(stage, 1);
  expect(report.exitCode).toBe(10);
  expect(new Set(report.problems.map(({ code }) => code))).toEqual(new Set(["no-component"]));
  const entries = (minute: number) => stage.read(nameAt(minute)).result.storageResources;
  expect(entries(1)).toEqual(entries(0));
});

test("a backend id that is nearly a path gets no new directory", async () => {
  const stage = await open();
  const ids = ["capstor/store/old", " /a", "a\\b", "/a\u200b"];
  for (const [n, backendId] of ids.entries()) {
    stage.world.addResource({ name: `data-${n}`, slug: `data-${n}`, backendId });
  }
  addResources(stage, 1);
  const { report } = await syncAt(stage, 0);
  expect(report.problems.map(({ code, field }) => [code, field])).toEqual(
    ids.map(() => ["bad-backend-id", "backend_id"]),
  );
  expect(stage.read(nameAt(0)).result.storageResources).toHaveLength(1);
});

test.each([
  ["", "the GID map has no entry"],
  ["project,gid\n", "the GID map has no entry"],
  ["a,30001\nb", "gids.csv:2:1"],
  ["a,0\n", "gids.csv:1:1"],
])("a GID map such as %p changes nothing, in both modes, until it is whole", async (content, message) => {
  const stage = await open({ settings: { unix_gid: "file:gids.csv" }, orders: 2, resources: 5 });
  const map = join(stage.directory, "gids.csv");
  writeFileSync(map, content);
  for (const mode of ["sync", "orders"] as const) {
    const { report, lines } = await stage.runHere(mode, { retries: 0, silenceMs: 500 });
    expect([mode, report.exitCode]).toEqual([mode, 75]);
    expect(lines.join("\n")).toContain(message);
  }
  expect(stage.files()).toEqual([]);
  expect(stage.requestsOf("POST")).toEqual([]);
  loseState(stage);
  writeFileSync(map, "a,30001\n");
  expect((await syncAt(stage, 0)).report.exitCode).toBe(0);
});
