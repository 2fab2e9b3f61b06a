// A place that stops the real run: the dry run reports it as a notice in the words of the real run, and continues;
// `check` ends as the real run does. One case for each cause (docs/contract.md, "Orders"; docs/security.md).

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Report } from "../../lib/report/report.ts";
import { checkHere } from "../check-here.ts";
import { CAN_MOUNT, mountTmpfs, NEEDS_MOUNT } from "../faults/mounts.ts";
import { openStage, type Stage, type StageOptions } from "../stage.ts";
import { makeState, PLACE_FAULTS } from "./place-faults.ts";

const open: Stage[] = [];

afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function start(settings: StageOptions["settings"] = {}): Promise<Stage> {
  const stage = await openStage({ resources: 5, orders: 2, inMemory: true, settings });
  open.push(stage);
  return stage;
}

const MODES = ["sync", "orders"] as const;
const IS_ROOT = process.getuid?.() === 0;

/** Everything below a directory with kind, mode, owner, size and times. */
function listingOf(directory: string): string[] {
  const { stdout } = Bun.spawnSync(["find", directory, "-printf", "%P %y %m %U %s %T@ %C@ %i\n"]);
  return stdout.toString().split("\n").sort();
}

type Mode = (typeof MODES)[number];
type Expected = { modes?: readonly Mode[]; says: RegExp; would: "would" | "may" };

/** The dry runs change nothing, continue, and announce with what words the real runs then end, as `check` does. */
async function expectAnnounced(stage: Stage, { modes = MODES, says, would }: Expected): Promise<void> {
  const before = listingOf(stage.directory);
  const dry = new Map<Mode, Report>();
  for (const mode of modes) dry.set(mode, (await stage.runHere(mode, { dryRun: true })).report);
  const checked = await checkHere(stage.configPath);
  expect(listingOf(stage.directory)).toEqual(before);
  expect(checked.exitCode).toBe(73);
  const failed = checked.items.flatMap(({ status, message }) => (status === "fail" ? [message] : []));
  for (const mode of modes) {
    const { exitCode, problems, notices, files } = dry.get(mode) ?? expect.unreachable();
    expect({ mode, exitCode, problems }).toEqual({ mode, exitCode: 0, problems: [] });
    expect(files.length).toBe(mode === "sync" ? 1 : 2);
    const { report: real } = await stage.runHere(mode);
    const [problem] = real.problems;
    expect([real.exitCode, problem?.message]).toEqual([73, expect.stringMatching(says)]);
    expect(failed).toContain(problem?.message ?? "");
    const message = `a real run of this user ${would} end with 73: ${problem?.message}`;
    expect(notices.filter(({ code }) => code === "would-stop")).toEqual([
      expect.objectContaining({ message, hint: problem?.hint }),
    ]);
  }
}

describe.skipIf(!IS_ROOT)("a dry run, check and the real run agree about a place with", () => {
  test.each(Object.keys(PLACE_FAULTS))("%s", async (name) => {
    const [spoil, says, would = "would"] = PLACE_FAULTS[name] ?? expect.unreachable();
    const stage = await start();
    spoil(stage);
    await expectAnnounced(stage, { says, would });
  });

  test("something in the place of the latest link, which only sync makes", async () => {
    const stage = await start({ latest_link: true });
    writeFileSync(join(stage.out, "latest-all.json"), "{}");
    const { report } = await stage.runHere("orders", { dryRun: true });
    expect(report.notices).toEqual([]);
    await expectAnnounced(stage, { modes: ["sync"], says: /latest-all\.json/, would: "would" });
  });

  test("a file in the place of the receipts, which only orders that are published need", async () => {
    const stage = await start();
    const path = join(makeState(stage), "receipts");
    writeFileSync(path, "");
    const dry = async (mode: Mode) => (await stage.runHere(mode, { dryRun: true })).report;
    expect((await dry("sync")).notices).toEqual([]);
    const { exitCode, notices } = await dry("orders");
    expect([exitCode, notices.map(({ message }) => message)]).toEqual([
      0,
      [`a real run of this user may end with 73: ${path} is not a directory`],
    ]);
    const codes = [
      (await checkHere(stage.configPath)).exitCode,
      (await stage.runHere("orders")).report.exitCode,
    ];
    expect(codes).toEqual([73, 73]);
  });

  test.skipIf(!CAN_MOUNT)(`a file system that is read-only${NEEDS_MOUNT}`, async () => {
    const stage = await start();
    const mounted = mountTmpfs(stage.out, "ro,size=1m");
    try {
      await expectAnnounced(stage, { says: /read-only file system \(EROFS\)/, would: "would" });
    } finally {
      mounted.unmount();
    }
  });
});

test("a dry run reports the lock that another run holds, of its own mode only, and continues", async () => {
  const stage = await start();
  const path = join(makeState(stage), "lock-sync");
  writeFileSync(path, "", { mode: 0o600 });
  const lock = new Database(path, { readwrite: true });
  for (const sql of ["PRAGMA journal_mode=MEMORY", "BEGIN EXCLUSIVE"]) lock.run(sql);
  try {
    const { report } = await stage.runHere("sync", { dryRun: true });
    expect([report.exitCode, report.notices.map(({ message }) => message)]).toEqual([
      0,
      [
        expect.stringMatching(
          /^a real run of this user would end with 75: another run of sync .*lock-sync is locked/,
        ),
      ],
    ]);
    expect((await stage.runHere("orders", { dryRun: true })).report.notices).toEqual([]);
    expect((await checkHere(stage.configPath)).exitCode).toBe(75);
  } finally {
    lock.close();
  }
  expect((await stage.runHere("sync", { dryRun: true })).report.notices).toEqual([]);
});

test.skipIf(!IS_ROOT)(
  "a file of the state that cannot be read ends a dry run as it ends the real one",
  async () => {
    const stage = await start();
    await stage.runHere("sync");
    chownSync(join(makeState(stage), "snapshot.json"), 4242, 4242);
    const [dry, real] = [await stage.runHere("sync", { dryRun: true }), await stage.runHere("sync")];
    expect([dry.report.exitCode, real.report.exitCode]).toEqual([73, 73]);
    expect(dry.report.problems).toEqual(real.report.problems);
  },
);

test("a dry run has no notice where a real run makes the directory", async () => {
  const stage = await start();
  rmSync(stage.out, { recursive: true });
  for (const mode of MODES) {
    const { report } = await stage.runHere(mode, { dryRun: true });
    expect([report.exitCode, report.notices]).toEqual([0, []]);
  }
  for (const mode of MODES) expect((await stage.runHere(mode)).report.exitCode).toBe(0);
});
