// What a run of `sync` leaves behind: the file, the state for the next run and for `orders`, the link to the latest,
// and fewer old snapshots; and when nothing has changed (docs/contract.md, "Sync" and "Publishing").

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { readClaims } from "../../lib/claims/store.ts";
import { BY_SNAPSHOT } from "../../lib/claims/table.ts";
import { readSnapshotState } from "../../lib/output/state.ts";
import { documentDigest } from "../../lib/storage/digest.ts";
import type { Stage } from "../stage.ts";
import { interruptedNow } from "../stage.ts";
import {
  addResources,
  GENERATIONS,
  idsIn,
  imprint,
  leftovers,
  loseState,
  minute,
  nameAt,
  open,
  statePath,
  syncAt,
} from "./sync-stage.ts";

describe("when nothing has changed", () => {
  test("the outcome is unchanged, and the snapshot is published under the new minute", async () => {
    const stage = await open({ resources: 12 });
    expect((await syncAt(stage, 0)).report.offerings[0]?.outcome).toBe("published");
    const { report } = await syncAt(stage, 1);
    expect(report.offerings[0]?.outcome).toBe("unchanged");
    expect(report.files).toMatchObject([{ path: join(stage.out, nameAt(1)), action: "create" }]);
    const dated = (n: number) => stage.readText(nameAt(n)).replace(/^ {4}"date".*\n/m, "");
    expect([stage.files(), dated(1)]).toEqual([[nameAt(0), nameAt(1)], dated(0)]);
    expect(stage.read(nameAt(1)).meta.date).toBe("2026-01-05T09:01:00+00:00");
  });

  test("a change of anything but the date is published", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    const [one] = stage.world.resources();
    stage.world.resource(one?.uuid ?? "").limits = { storage: 11 };
    expect((await syncAt(stage, 1)).report.offerings[0]?.outcome).toBe("published");
  });

  test("it is read from the file when the state is lost", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    loseState(stage);
    expect((await syncAt(stage, 1)).report.offerings[0]?.outcome).toBe("unchanged");
  });
});

describe("--if-changed", () => {
  const ifChanged = { sync: { ifChanged: true } };

  test("publishes the first snapshot", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0, ifChanged);
    expect(stage.files()).toEqual([nameAt(0)]);
  });

  test("keeps the last snapshot when nothing has changed, and reports it", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    const before = imprint(stage, nameAt(0));
    const { report } = await syncAt(stage, 1, ifChanged);
    expect(stage.files()).toEqual([nameAt(0)]);
    expect(imprint(stage, nameAt(0))).toEqual(before);
    expect(report).toMatchObject({
      exitCode: 0,
      offerings: [{ outcome: "unchanged", resources: 12 }],
      files: [{ path: join(stage.out, nameAt(0)), action: "unchanged", bytes: before.text.length }],
    });
    expect(leftovers(stage)).toEqual([]);
  });

  test("keeps it in the same minute, and in a dry run says so", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    for (const more of [ifChanged, { ...ifChanged, dryRun: true }]) {
      const { report } = await syncAt(stage, 0, more);
      expect(report.files.map(({ action }) => action)).toEqual(["unchanged"]);
      if (report.dryRun) expect(report.files[0]?.document).toEqual(stage.read(nameAt(0)));
    }
  });

  test("publishes what has changed", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    stage.world.addResource();
    expect((await syncAt(stage, 1, ifChanged)).report.offerings[0]?.outcome).toBe("published");
    expect(stage.files()).toEqual([nameAt(0), nameAt(1)]);
  });

  const DAMAGE = {
    deleted: (path: string) => rmSync(path),
    emptied: (path: string) => writeFileSync(path, ""),
    "added to": (path: string) => appendFileSync(path, "\n"),
  };
  for (const [what, damage] of Object.entries(DAMAGE)) {
    test(`publishes when the file was ${what} meanwhile, though nothing has changed`, async () => {
      const stage = await open({ resources: 12 });
      await syncAt(stage, 0);
      const { text } = imprint(stage, nameAt(0));
      damage(join(stage.out, nameAt(0)));
      const { report } = await syncAt(stage, 1, ifChanged);
      expect(report).toMatchObject({ offerings: [{ outcome: "unchanged" }], files: [{ action: "create" }] });
      expect(stage.readText(nameAt(1))).toBe(text.replace("09:00:00", "09:01:00"));
    });
  }

  test("leaves the state that was lost behind again", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    const before = readSnapshotState(stage.out);
    loseState(stage);
    await syncAt(stage, 1, ifChanged);
    expect(stage.files()).toEqual([nameAt(0)]);
    expect(readSnapshotState(stage.out)).toMatchObject({ ...before, date: "2026-01-05T09:01:00+00:00" });
    expectClaimsOf(stage, nameAt(0));
  });
});

describe("two snapshots of one minute", () => {
  test("are one file, replaced whole, whose time moves on by a second at least", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    const first = imprint(stage, nameAt(0));
    stage.world.addResource();
    const { report } = await syncAt(stage, 0);
    const second = imprint(stage, nameAt(0));
    expect(report.files).toMatchObject([{ action: "replace" }]);
    expect(stage.files()).toEqual([nameAt(0)]);
    expect(idsIn(stage, nameAt(0))).toHaveLength(13);
    expect(Math.floor(second.mtimeMs / 1000)).toBeGreaterThan(Math.floor(first.mtimeMs / 1000));
  });

  test("have different modification times also when the clock was set back", async () => {
    const stage = await open({ resources: 3 });
    await syncAt(stage, 0);
    const future = Math.floor(Date.now() / 1000) + 500;
    utimesSync(join(stage.out, nameAt(0)), future, future);
    await syncAt(stage, 0);
    expect(imprint(stage, nameAt(0)).mtimeMs).toBe((future + 1) * 1000);
  });
});

/** The state says of the newest snapshot what the file itself says. */
function expectConsistentState(stage: Stage, name: string): void {
  const state = readSnapshotState(stage.out);
  const text = stage.readText(name);
  const { meta, result } = stage.read(name);
  expect(state).toEqual({
    version: 1,
    file: name,
    offering: meta.offering.uuid,
    date: meta.date,
    entries: result.storageResources.length,
    bytes: statSync(join(stage.out, name)).size,
    sha256: documentDigest([text]),
  });
  expectClaimsOf(stage, name);
}

/** The claims name the paths of the file, and no others. */
function expectClaimsOf(stage: Stage, name: string): void {
  const { storageResources } = stage.read(name).result;
  const stored = readClaims(stage.out);
  const table = stored?.table;
  expect(stored?.snapshot?.file).toBe(name);
  for (const { mountPoint, itemId, status } of storageResources) {
    const record = table?.present(table.find(itemId)) ?? -1;
    expect(table?.path(record)).toBe(mountPoint.default);
    expect(((table?.marks(record) ?? 0) & BY_SNAPSHOT) !== 0).toBe(status !== "pending");
  }
}

describe("the state", () => {
  for (const generation of GENERATIONS) {
    test(`fits the file on a ${generation} server, with problems and carried entries`, async () => {
      const stage = await open({ generation, resources: 40 });
      const [added] = addResources(stage, 3);
      await syncAt(stage, 0);
      expectConsistentState(stage, nameAt(0));
      if (added !== undefined) added.slug = ".";
      stage.world.addResource({ slug: "data-1" });
      await syncAt(stage, 1);
      expect(idsIn(stage, nameAt(1))).toHaveLength(43);
      expectConsistentState(stage, nameAt(1));
    });
  }

  test("fits the file when the list was read twice", async () => {
    const stage = await open({ resources: 320, faults: ["shrinking-list*1"] });
    await syncAt(stage, 0);
    expectConsistentState(stage, nameAt(0));
  });

  for (const lost of [[], ["claims"], ["snapshot.json"], [""]]) {
    test(`shows orders who holds a mount point${lost.map((one) => `, also without ${one || "any of it"}`).join("")}`, async () => {
      const stage = await open();
      const [holder] = addResources(stage, 3);
      await syncAt(stage, 0);
      for (const file of lost) rmSync(statePath(stage, file), { recursive: true });
      const resource = stage.world.addResource({ slug: holder?.slug ?? "", backendId: "x" });
      const order = stage.world.addOrder({ type: "Terminate", resource });
      const { report } = await stage.runHere("orders");
      expect(report.problems.map(({ code }) => code)).toEqual(["mount-clash"]);
      expect([order.state, stage.files()]).toEqual(["pending-provider", [nameAt(0)]]);
    });
  }

  test("stays as it was when a run fails", async () => {
    const stage = await open({ resources: 12 });
    await syncAt(stage, 0);
    stage.simulator.setFaults(["html@state=OK"]);
    await syncAt(stage, 1);
    expectConsistentState(stage, nameAt(0));
  });

  test("is for the owner only, and the file for everybody", async () => {
    const stage = await open({ resources: 3 });
    await syncAt(stage, 0);
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect([modeOf(statePath(stage)), modeOf(statePath(stage, "snapshot.json"))]).toEqual(["700", "600"]);
    expect(modeOf(join(stage.out, nameAt(0)))).toBe("644");
  });

  test("has the mode that file_mode asks for", async () => {
    const stage = await open({ resources: 3, settings: { file_mode: "0640" } });
    await syncAt(stage, 0);
    expect((statSync(join(stage.out, nameAt(0))).mode & 0o777).toString(8)).toBe("640");
  });
});

describe("latest_link", () => {
  const settings = { latest_link: true };

  test("points at the newest snapshot, by its bare name", async () => {
    const stage = await open({ resources: 3, settings });
    for (const n of [0, 1]) {
      await syncAt(stage, n);
      expect(readlinkSync(join(stage.out, "latest-all.json"))).toBe(nameAt(n));
    }
  });

  test("stays where it is when a run fails", async () => {
    const stage = await open({ resources: 3, settings });
    await syncAt(stage, 0);
    stage.simulator.setFaults(["503"]);
    await syncAt(stage, 1);
    expect(readlinkSync(join(stage.out, "latest-all.json"))).toBe(nameAt(0));
  });

  test("is made when --if-changed keeps the snapshot and the link was removed", async () => {
    const stage = await open({ resources: 3, settings });
    await syncAt(stage, 0);
    rmSync(join(stage.out, "latest-all.json"));
    await syncAt(stage, 1, { sync: { ifChanged: true } });
    expect(readlinkSync(join(stage.out, "latest-all.json"))).toBe(nameAt(0));
  });

  test("never replaces a file of that name: 73, with the snapshot published", async () => {
    const stage = await open({ resources: 3, settings });
    writeFileSync(join(stage.out, "latest-all.json"), "mine");
    expect((await syncAt(stage, 0)).report.exitCode).toBe(73);
    expect([stage.readText("latest-all.json"), stage.files().length]).toEqual(["mine", 2]);
    expectConsistentState(stage, nameAt(0));
  });

  test("does not switch retention off where a file has its place: 73, and as many snapshots as before", async () => {
    const stage = await open({ resources: 3, settings: { ...settings, keep_snapshots: 2 } });
    writeFileSync(join(stage.out, "latest-all.json"), "mine");
    for (const n of [0, 1, 2, 3]) {
      const { report } = await syncAt(stage, n);
      expect([report.exitCode, report.problems.length]).toEqual([73, 1]);
      expect(report.problems[0]?.message).toContain("a file or directory has that name");
      expect(report.files).toMatchObject([{ path: join(stage.out, nameAt(n)), action: "create" }]);
    }
    expect(stage.files()).toEqual([nameAt(2), nameAt(3), "latest-all.json"]);
  });

  test("is not made unless asked for", async () => {
    const stage = await open({ resources: 3 });
    await syncAt(stage, 0);
    expect(existsSync(join(stage.out, "latest-all.json"))).toBeFalse();
  });
});

describe("keep_snapshots", () => {
  test("keeps the newest ones", async () => {
    const stage = await open({ resources: 3, settings: { keep_snapshots: 2 } });
    for (const n of [0, 1, 2, 3]) await syncAt(stage, n);
    expect(stage.files()).toEqual([nameAt(2), nameAt(3)]);
  });

  test("0 keeps all", async () => {
    const stage = await open({ resources: 3 });
    for (const n of [0, 1, 2, 3]) await syncAt(stage, n);
    expect(stage.files()).toHaveLength(4);
  });

  test("takes nothing that is not ours: other offerings, other files, links, directories, cut names", async () => {
    const stage = await open({ resources: 3, settings: { keep_snapshots: 1 } });
    const { offeringUuid, world } = stage.simulator;
    await syncAt(stage, 9);
    const theirs = stage.readText(nameAt(9)).replace(offeringUuid, world.otherOffering.uuid);
    writeFileSync(join(stage.out, nameAt(0)), theirs);
    writeFileSync(join(stage.out, nameAt(1)), "{}");
    symlinkSync(nameAt(0), join(stage.out, nameAt(2)));
    mkdirSync(join(stage.out, nameAt(3)));
    writeFileSync(join(stage.out, "2026-01-05-all.json"), stage.readText(nameAt(9)));
    await syncAt(stage, 10);
    expect(stage.files()).toEqual(
      [nameAt(0), nameAt(1), nameAt(2), nameAt(3), nameAt(10), "2026-01-05-all.json"].sort(),
    );
    expect(lstatSync(join(stage.out, nameAt(2))).isSymbolicLink()).toBeTrue();
  });

  test("never takes the one just published, also when the clock was set back", async () => {
    const stage = await open({ resources: 3, settings: { keep_snapshots: 1 } });
    await syncAt(stage, 8);
    await syncAt(stage, 2);
    expect(stage.files()).toEqual([nameAt(2)]);
    expectConsistentState(stage, nameAt(2));
  });

  test("keeps the newer ones, not the later names, after the clock was set back", async () => {
    const stage = await open({ resources: 3, settings: { keep_snapshots: 2 } });
    for (const n of [50, 51, 2, 3, 4]) await syncAt(stage, n);
    expect(stage.files()).toEqual([nameAt(3), nameAt(4)]);
  });

  test("takes nothing when a run fails", async () => {
    const stage = await open({ resources: 3, settings: { keep_snapshots: 1 } });
    await syncAt(stage, 0);
    stage.simulator.setFaults(["cut"]);
    await syncAt(stage, 1);
    expect(stage.files()).toEqual([nameAt(0)]);
  });
});

describe("a dry run", () => {
  test("makes no directory and no file, and its document is what the real run writes", async () => {
    const stage = await open({ resources: 12 });
    rmSync(stage.out, { recursive: true });
    const { report } = await syncAt(stage, 0, { dryRun: true });
    expect(existsSync(stage.out)).toBeFalse();
    expect(report.files).toMatchObject([{ path: join(stage.out, nameAt(0)), action: "create" }]);
    const real = (await syncAt(stage, 0)).report;
    expect(`${JSON.stringify(report.files[0]?.document, null, 2)}\n`).toBe(stage.readText(nameAt(0)));
    const { document: _document, ...described } = report.files[0] ?? {};
    expect(real.files).toEqual([expect.objectContaining(described)]);
  });

  test("changes nothing that is there", async () => {
    const stage = await open({ resources: 12, settings: { keep_snapshots: 1, latest_link: true } });
    await syncAt(stage, 0);
    stage.world.addResource({ slug: "." });
    const before = stage.everything().map((name) => [name, imprint(stage, name)]);
    const { report } = await syncAt(stage, 1, { dryRun: true });
    expect(report.exitCode).toBe(10);
    expect(stage.everything().map((name) => [name, imprint(stage, name)])).toEqual(before);
    expect(stage.requestsOf("POST")).toEqual([]);
  });
});

test("a run that is interrupted publishes nothing and skips the offering", async () => {
  const stage = await open({ resources: 12 });
  const { report } = await syncAt(stage, 0, { interrupted: interruptedNow() });
  expect(report).toMatchObject({ exitCode: 143, offerings: [{ outcome: "skipped" }], files: [] });
  expect(stage.files()).toEqual([]);
});

test("a run that is out of time publishes nothing: 75", async () => {
  const stage = await open({ resources: 2000, latencyMs: 20 });
  const { report } = await syncAt(stage, 0, { deadlineMs: 60 });
  expect(report).toMatchObject({ exitCode: 75, problems: [{ code: "deadline" }] });
  expect([stage.files(), leftovers(stage)]).toEqual([[], []]);
});

describe("several offerings", () => {
  /** Two offerings of one server, each with its directory `a` or `b` in the output directory. */
  const twoOfferings = async () => {
    const stage = await open({
      config: ({ url, token, offering, out }) =>
        `offerings:\n${["a", "b"]
          .map(
            (name) => `  - name: ${name}
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${name === "a" ? offering : "OTHER"}
    backend_type: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}/${name}
`,
          )
          .join("")}`,
    });
    const other = stage.world.otherOffering.uuid;
    writeFileSync(stage.configPath, (await Bun.file(stage.configPath).text()).replace("OTHER", other));
    addResources(stage, 3);
    stage.world.addResource({ slug: "warm", offeringUuid: other });
    return { stage, one: stage.simulator.offeringUuid, other };
  };

  test("have a snapshot each, of their own resources", async () => {
    const { stage, one, other } = await twoOfferings();
    const { report } = await syncAt(stage, 0);
    expect(report.exitCode).toBe(0);
    expect(report.offerings.map(({ uuid, resources }) => [uuid, resources])).toEqual([
      [one, 3],
      [other, 1],
    ]);
    expect(idsIn(stage, `a/${nameAt(0)}`)).toHaveLength(3);
    expect(stage.read(`b/${nameAt(0)}`).meta.offering.uuid).toBe(other);
  });

  test("are narrowed by --offering-uuid", async () => {
    const { stage, other } = await twoOfferings();
    await syncAt(stage, 0, { offeringUuids: [other] });
    expect(stage.files()).toEqual(["b"]);
  });

  test("do not stop each other, whichever fails", async () => {
    for (const [failing, published] of [
      ["one", "b"],
      ["other", "a"],
    ] as const) {
      const found = await twoOfferings();
      found.stage.simulator.setFaults([`503@${found[failing]}`]);
      const { report } = await syncAt(found.stage, 0);
      expect(report.exitCode).toBe(75);
      expect(report.offerings.map(({ outcome }) => outcome).sort()).toEqual(["failed", "published"]);
      expect(found.stage.everything().filter((name) => name.endsWith("all.json"))).toEqual([
        `${published}/${nameAt(0)}`,
      ]);
    }
  });

  for (const [first, second, code] of [
    ["401", "503", 77],
    ["503", "403", 77],
    ["redirect", "503", 69],
    ["503", "html", 65],
    ["redirect", "html", 65],
    ["404", "401", 78],
    ["bad-resource", "503", 75],
    ["bad-resource", "redirect", 69],
    ["bad-resource", "401", 77],
    ["bad-resource@state=OK", "", 10],
  ] as const) {
    test(`${first} and ${second || "none"} end with ${code}`, async () => {
      const { stage, one, other } = await twoOfferings();
      const about = (fault: string, uuid: string) => (fault.includes("@") ? fault : `${fault}@${uuid}`);
      stage.simulator.setFaults([about(first, one), ...(second === "" ? [] : [about(second, other)])]);
      expect((await syncAt(stage, 0)).report.exitCode).toBe(code);
    });
  }

  test("are all skipped once a signal came", async () => {
    const { stage } = await twoOfferings();
    const { report } = await syncAt(stage, 0, { interrupted: interruptedNow() });
    expect(report.offerings.map(({ outcome }) => outcome)).toEqual(["skipped", "skipped"]);
    expect(report.exitCode).toBe(143);
  });
});

test("the minute is that of the configured zone", async () => {
  const stage = await open({ resources: 3 });
  const config = await Bun.file(stage.configPath).text();
  writeFileSync(stage.configPath, `timezone: Asia/Kathmandu\n${config}`);
  await stage.runHere("sync", { now: () => minute(0) });
  expect(stage.files()).toEqual(["2026-01-05-14-45-all.json"]);
  expect(stage.read("2026-01-05-14-45-all.json").meta.date).toBe("2026-01-05T14:45:00+05:45");
});

test("no request of sync carries the name by which Waldur knows site agents", async () => {
  const stage = await open({ resources: 3 });
  for (const dryRun of [false, true]) await syncAt(stage, 0, { dryRun });
  const agents = new Set(stage.simulator.requests.map(({ userAgent }) => userAgent));
  expect([...agents]).toEqual(["waldur-cscs-storage/0.0.0-test"]);
});
