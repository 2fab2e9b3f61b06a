// Entries that are carried over: a resource that became a problem keeps its last published entry, so that a bad field
// never reads as a deletion (docs/contract.md, "Sync").

import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { SimResource } from "../../lib/simulator/model.ts";
import {
  addResources,
  entryText,
  GENERATIONS,
  idsIn,
  loseState,
  nameAt,
  open,
  pathIn,
  statePath,
  syncAt,
} from "./sync-stage.ts";

/** Ways for a resource to become a problem, and the code that reports it. */
const SPOILT: Readonly<Record<string, (resource: SimResource) => Partial<SimResource>>> = {
  "bad-slug": () => ({ slug: "../../etc" }),
  "bad-limit": () => ({ limits: { storage: -1 } }),
  "bad-permissions": () => ({ attributes: { permissions: "999" } }),
  "bad-data-type": () => ({ attributes: { storage_data_type: "a/b" } }),
  "bad-backend-id": () => ({ backendId: "/a/../b" }),
  "bad-options": () => ({ options: { soft_quota_space: "plenty" } }),
  "no-component": () => ({ wire: { limits: { storage_tb: 10 } } }),
  "decimal-permissions": () => ({ attributes: { permissions: 504 } }),
  "several-forms": () => ({ attributes: { a: { permissions: "775" }, b: { permissions: "2770" } } }),
  "bad-answer": () => ({ wire: { limits: 7 } }),
  "unknown-state": () => ({ wire: { state: "Hibernating" } }),
};

/** Five resources published at minute 0; the second one is at hand. */
async function published(options: Parameters<typeof open>[0] = {}) {
  const stage = await open(options);
  const resources = addResources(stage, 5);
  await syncAt(stage, 0);
  const [first, second, third] = resources;
  if (first === undefined || second === undefined || third === undefined) throw new Error("no resources");
  return { stage, resources, first, second, third };
}

for (const generation of GENERATIONS) {
  describe(`on a ${generation} server`, () => {
    for (const [code, spoil] of Object.entries(SPOILT)) {
      test(`${code}: the last entry is carried over, byte by byte, after all others`, async () => {
        const { stage, resources, second } = await published({ generation });
        const text = entryText(stage, nameAt(0), second.uuid);
        Object.assign(second, spoil(second));
        const { report } = await syncAt(stage, 1);
        expect(report.problems).toMatchObject([{ code, resource: second.uuid }]);
        expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 5, carriedOver: 1 }] });
        const others = resources.filter((resource) => resource !== second);
        expect(idsIn(stage, nameAt(1))).toEqual([...others, second].map(({ uuid }) => uuid));
        expect(text).toContain(second.uuid);
        expect(entryText(stage, nameAt(1), second.uuid)).toBe(text);
      });
    }
  });
}

test("a dry run carries over the same", async () => {
  const { stage, second } = await published();
  second.slug = ".";
  const { report } = await syncAt(stage, 1, { dryRun: true });
  await syncAt(stage, 1);
  expect(report.files[0]?.document).toEqual(stage.read(nameAt(1)));
});

test("a resource that was never published is left out, and nothing is carried over", async () => {
  const { stage } = await published();
  const fresh = stage.world.addResource({ slug: "." });
  const { report } = await syncAt(stage, 1);
  expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 5, carriedOver: 0 }] });
  expect(idsIn(stage, nameAt(1))).not.toContain(fresh.uuid);
});

test("a resource that is terminated is gone, also when it was carried over before", async () => {
  const { stage, second } = await published();
  second.slug = ".";
  await syncAt(stage, 1);
  stage.world.terminate(second.uuid);
  const { report } = await syncAt(stage, 2);
  expect([report.exitCode, idsIn(stage, nameAt(2)).includes(second.uuid)]).toEqual([0, false]);
});

test("an entry is carried over from run to run, and the second time nothing has changed", async () => {
  const { stage, second } = await published();
  const text = entryText(stage, nameAt(0), second.uuid);
  second.limits = { storage: "much" };
  const outcomes = [];
  for (const n of [1, 2, 3]) outcomes.push((await syncAt(stage, n)).report.offerings[0]?.outcome);
  expect(outcomes).toEqual(["published", "unchanged", "unchanged"]);
  expect(entryText(stage, nameAt(3), second.uuid)).toBe(text);
});

test("an entry is carried over after an older file with the same content became the newest", async () => {
  const { stage, second } = await published();
  const text = entryText(stage, nameAt(0), second.uuid);
  await syncAt(stage, 1);
  rmSync(join(stage.out, nameAt(1)));
  second.slug = ".";
  await syncAt(stage, 2);
  expect(entryText(stage, nameAt(2), second.uuid)).toBe(text);
});

test("an entry is carried over after the claims were lost, and after a run that died before it wrote the state", async () => {
  const { stage, second } = await published();
  const text = entryText(stage, nameAt(0), second.uuid);
  const state = readFileSync(statePath(stage, "snapshot.json"), "utf8");
  second.slug = ".";
  rmSync(statePath(stage, "claims"));
  await syncAt(stage, 1);
  expect(entryText(stage, nameAt(1), second.uuid)).toBe(text);
  writeFileSync(statePath(stage, "snapshot.json"), state);
  await syncAt(stage, 2);
  expect(entryText(stage, nameAt(2), second.uuid)).toBe(text);
});

test("a resource that is fixed has its own entry again, in its own place", async () => {
  const { stage, resources, second } = await published();
  second.slug = ".";
  await syncAt(stage, 1);
  second.slug = "data-1";
  const { report } = await syncAt(stage, 2);
  expect(report.exitCode).toBe(0);
  expect(idsIn(stage, nameAt(2))).toEqual(resources.map(({ uuid }) => uuid));
});

describe("nothing is carried over", () => {
  test("from a snapshot that was cut", async () => {
    const { stage, second } = await published();
    truncateSync(join(stage.out, nameAt(0)), stage.readText(nameAt(0)).length - 3);
    second.slug = ".";
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 4, carriedOver: 0 }] });
  });

  test("from a changed snapshot, and that is reported", async () => {
    const { stage, second } = await published();
    const forged = stage.readText(nameAt(0)).replaceAll("/data-1", "/etc").replaceAll('"775"', '"7777"');
    writeFileSync(join(stage.out, nameAt(0)), forged);
    second.limits = { storage: -1 };
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 4, carriedOver: 0 }] });
    expect(report.problems.map(({ code }) => code).sort()).toEqual(["bad-limit", "snapshot-changed"]);
    expect(report.problems.map(({ message }) => message).join()).toContain(join(stage.out, nameAt(0)));
    expect(stage.readText(nameAt(1))).not.toMatch(/7777|\/etc/);
  });

  test("after the state was lost, and that is reported", async () => {
    const { stage, second } = await published();
    loseState(stage);
    second.limits = { storage: -1 };
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 4, carriedOver: 0 }] });
    expect(report.problems.map(({ code }) => code).sort()).toEqual(["bad-limit", "snapshot-unknown"]);
  });
});

test("claims from a changed snapshot are reported", async () => {
  const { stage } = await published();
  writeFileSync(join(stage.out, nameAt(0)), stage.readText(nameAt(0)).replaceAll("/data-1", "/etc"));
  rmSync(statePath(stage, "claims"));
  const { report } = await syncAt(stage, 1);
  expect(report.problems).toMatchObject([{ code: "snapshot-changed" }]);
});

describe("a state file that is broken or forged", () => {
  const honest = { entries: 5, bytes: 20_000, sha256: "0".repeat(64), date: "2026-01-05T09:00:00+00:00" };
  for (const [what, forged] of Object.entries({
    "ten million entries": { entries: 10_000_000 },
    "a file elsewhere": { file: "../../../etc/passwd" },
    "a date that is none": { date: "soon" },
    "a digest that is none": { sha256: "0" },
    "half a count": { bytes: 0.5 },
    "a count of the GID map that is text": { gidEntries: "7" },
  })) {
    test(`(${what}) counts as missing, and is reported`, async () => {
      const { stage } = await published();
      const state = {
        version: 1,
        file: nameAt(0),
        offering: stage.simulator.offeringUuid,
        ...honest,
        ...forged,
      };
      writeFileSync(statePath(stage, "snapshot.json"), JSON.stringify(state));
      const { report } = await syncAt(stage, 1);
      expect(report).toMatchObject({ exitCode: 0, offerings: [{ resources: 5 }] });
      expect(report.notices).toMatchObject([{ code: "state-damaged" }]);
      expect((await syncAt(stage, 2)).report.notices).toEqual([]);
    });
  }

  test("(claims) counts as missing, and is reported", async () => {
    const { stage } = await published();
    writeFileSync(statePath(stage, "claims"), "{}\n");
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({ exitCode: 0, notices: [{ code: "state-damaged" }] });
  });
});

describe("mount points", () => {
  test("a published resource that cannot be mapped any more keeps its path", async () => {
    const { stage, second } = await published();
    second.slug = ".";
    const heir = stage.world.addResource({ slug: "data-1" });
    const { report } = await syncAt(stage, 1);
    expect(report.problems.map(({ code, resource }) => [code, resource])).toEqual([
      ["bad-slug", second.uuid],
      ["mount-clash", heir.uuid],
    ]);
    expect(report).toMatchObject({ exitCode: 10, offerings: [{ resources: 5, carriedOver: 1 }] });
    expect(idsIn(stage, nameAt(1))).toContain(second.uuid);
    expect(idsIn(stage, nameAt(1))).not.toContain(heir.uuid);
  });

  test("of two with one mount point the older keeps it, and the problem names both", async () => {
    const stage = await open();
    const [older] = addResources(stage, 1);
    const younger = stage.world.addResource({ slug: "data-0" });
    const { report } = await syncAt(stage, 0);
    expect(idsIn(stage, nameAt(0))).toEqual([older?.uuid ?? ""]);
    expect(report.problems).toMatchObject([{ code: "mount-clash", resource: younger.uuid }]);
    for (const uuid of [older?.uuid ?? "", younger.uuid]) expect(report.problems[0]?.message).toContain(uuid);
  });

  test("also between a backend id and a template", async () => {
    const stage = await open();
    const [older] = addResources(stage, 1);
    await syncAt(stage, 0);
    const path = stage.read(nameAt(0)).result.storageResources[0]?.mountPoint.default ?? "";
    stage.world.addResource({ slug: "other", backendId: path });
    expect((await syncAt(stage, 1)).report.exitCode).toBe(10);
    expect(idsIn(stage, nameAt(1))).toEqual([older?.uuid ?? ""]);
  });

  test("a published resource keeps its path, whatever its slug becomes, and one line says so", async () => {
    const { stage, first, third } = await published();
    const text = entryText(stage, nameAt(0), third.uuid);
    third.slug = first.slug;
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({
      exitCode: 0,
      offerings: [{ resources: 5 }],
      notices: [{ code: "path-kept" }],
    });
    expect(pathIn(text)).toBe(pathIn(entryText(stage, nameAt(1), third.uuid)));
  });

  test("an older resource cannot take the path of a younger one by a change of its slug", async () => {
    const { stage, first, third } = await published();
    first.slug = third.slug;
    const { report } = await syncAt(stage, 1);
    expect(report.exitCode).toBe(0);
    for (const { uuid } of [first, third]) {
      expect(pathIn(entryText(stage, nameAt(1), uuid))).toBe(pathIn(entryText(stage, nameAt(0), uuid)));
    }
  });

  test("two that swap their slugs are not a problem", async () => {
    const { stage, first, third } = await published();
    [first.slug, third.slug] = [third.slug, first.slug];
    const { report } = await syncAt(stage, 1);
    expect([report.exitCode, idsIn(stage, nameAt(1)).length]).toEqual([0, 5]);
  });

  test("the path of a terminated resource waits for its days, and is free after them", async () => {
    const { stage, second } = await published();
    stage.world.terminate(second.uuid);
    const heir = stage.world.addResource({ slug: "data-1" });
    const { report } = await syncAt(stage, 1);
    expect(report).toMatchObject({ exitCode: 0, notices: [{ code: "mount-waiting", resource: heir.uuid }] });
    expect(report.notices[0]?.message).toContain("until 2026-01-12 09:01 UTC");
    expect(idsIn(stage, nameAt(1))).not.toContain(heir.uuid);
    const week = 7 * 24 * 60;
    for (const [n, is] of [
      [week, false],
      [week + 1, true],
    ] as const) {
      await syncAt(stage, n);
      expect(idsIn(stage, nameAt(n)).includes(heir.uuid)).toBe(is);
    }
  });

  test("with path_reuse_after_days: 0 the path of a terminated resource is free at once", async () => {
    const { stage, second } = await published({ settings: { path_reuse_after_days: 0 } });
    stage.world.terminate(second.uuid);
    const heir = stage.world.addResource({ slug: "data-1" });
    expect((await syncAt(stage, 1)).report.exitCode).toBe(0);
    expect(idsIn(stage, nameAt(1))).toContain(heir.uuid);
  });
});

test("the entry comes from the snapshot that the state names, not from one that was modified later", async () => {
  const { stage, second } = await published();
  const text = entryText(stage, nameAt(0), second.uuid);
  const restored = stage.readText(nameAt(0)).replaceAll("/data-1", "/restored");
  writeFileSync(join(stage.out, nameAt(30)), restored);
  const later = Date.now() / 1000 + 60;
  utimesSync(join(stage.out, nameAt(30)), later, later);
  second.limits = { storage: -1 };
  expect((await syncAt(stage, 1)).report.offerings[0]?.carriedOver).toBe(1);
  expect(entryText(stage, nameAt(1), second.uuid)).toBe(text);
});
