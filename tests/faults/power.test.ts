// The power goes: after any call, and during a call to Waldur. What Waldur was sent must be true of the disk that
// comes up again, and what readers find there is whole (docs/contract.md, "Publishing").

import { describe, expect, test } from "bun:test";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import { openStage, type Stage, SUBJECT } from "../stage.ts";
import { inTurns } from "./in-turns.ts";
import { canCutPower, type Disk, type DiskKind, mountDisk } from "./mounts.ts";
import { complaintsAnyTime, complaintsWhenDone, isWhole, orderFiles } from "./outcome.ts";
import {
  ackScene,
  HIERARCHY_SCENE,
  ORDER_SCENES,
  orderScene,
  placeOrder,
  type Scene,
  SYNC_SCENE,
} from "./scenes.ts";
import {
  afterConfig,
  CAN_TRACE,
  type Call,
  isFileChange,
  isRequest,
  NEEDS_TRACE,
  strikeRun,
  traceRun,
} from "./strace.ts";
import { waitFor } from "./wait-for.ts";

const KINDS: readonly DiskKind[] = ["ext4", "xfs"];

for (const kind of KINDS) {
  const can = canCutPower(kind);
  const unable = can ? "" : ` (skipped: needs root, loop devices and mkfs.${kind})`;

  describe(`a power cut on ${kind}`, () => {
    const answered = kind === "ext4" ? [ackScene({ result: "erred", message: "no" })] : [];
    // What directories add is the same to every file system.
    const withDirectories = kind === "ext4" ? [HIERARCHY_SCENE] : [];
    for (const scene of [SYNC_SCENE, ...withDirectories, orderScene("Create"), ...answered]) {
      test.skipIf(!can || !CAN_TRACE)(
        `after any call of ${scene.name} loses nothing that was reported to Waldur${unable}${NEEDS_TRACE}`,
        async () => {
          const points = await listPoints(scene);
          const complaints = await inTurns(points, (point) => cutAndRecover(scene, point, kind));
          console.log(`${scene.name} on ${kind}: cut at ${points.length} points`);
          expect(complaints.flat()).toEqual([]);
          expect(points.length).toBeGreaterThan(20);
        },
        120_000,
      );
    }

    test.skipIf(!can)(
      `right after a sync has ended leaves the snapshot and all that belongs to it${unable}`,
      async () => {
        await onDisk(kind, SYNC_SCENE, async (stage, disk) => {
          expect(await stage.run(SYNC_SCENE.args)).toMatchObject({ code: 0 });
          // What is only remembered is not waited for: it may still have its temporary name, or none.
          const before = stage.everything().filter((name) => !name.includes("/rows-"));
          cutAndMount(disk);
          const complaints = complaintsWhenDone(stage);
          expect(complaints.filter((complaint) => !/-cache\w{32} is left over$/.test(complaint))).toEqual([]);
          expect(stage.read(LATEST_NAME).result.storageResources).toHaveLength(4);
          // An old snapshot may come back: its removal is not waited for.
          expect(stage.everything()).toEqual(expect.arrayContaining(before));
        });
      },
      10_000,
    );

    for (const call of ["approve_by_provider", "set_backend_id", "set_state_done"]) {
      test.skipIf(!can)(
        `while Waldur has ${call} and has not answered leaves a file for what Waldur knows${unable}`,
        async () => {
          const stage = await openStage({ resources: 2, faults: [`hang@${call}`] });
          const disk = mountDisk(kind, stage.out);
          try {
            const uuid = placeOrder(stage, "Create");
            await cutDuring(stage, disk, call);
            const names = orderFiles(stage, uuid);
            expect(names).toHaveLength(call === "approve_by_provider" ? 0 : 1);
            expect(names.every((name) => isWhole(stage, name))).toBe(true);
            stage.simulator.setFaults([]);
            expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
            expect(complaintsWhenDone(stage)).toEqual([]);
          } finally {
            disk.unmount();
            await stage.close();
          }
        },
        10_000,
      );
    }
  });
}

describe("the order of calls", () => {
  test.skipIf(!CAN_TRACE)(
    `has the file, its name and the directory on the disk before it is reported to Waldur${NEEDS_TRACE}`,
    async () => {
      for (const scene of ORDER_SCENES) {
        const calls = await traceScene(scene);
        const written = lastBefore(calls, "pwrite64", "TMP", publication(calls));
        const steps = [
          written,
          firstAfter(calls, "fsync", calls[written]?.text.split(",")[0] ?? "", written),
          publication(calls),
          firstAfter(calls, "fsync", "<STAGE/out>", publication(calls)),
          calls.findIndex(({ text }) => text.includes("/set_state_done/")),
        ];
        expect({ scene: scene.name, steps }).toEqual({ scene: scene.name, steps: inOrder(steps) });
      }
    },
    20_000,
  );

  test.skipIf(!CAN_TRACE)(
    `has the claim of the name on the disk before the order is accepted${NEEDS_TRACE}`,
    async () => {
      for (const scene of ORDER_SCENES) {
        const calls = await traceScene(scene);
        const claim = calls.findIndex(({ name }) => name === "link");
        const steps = [
          claim,
          firstAfter(calls, "fsync", "/receipts>", claim),
          calls.findIndex(({ text }) => text.includes("/approve_by_provider/")),
        ];
        expect({ scene: scene.name, steps }).toEqual({ scene: scene.name, steps: inOrder(steps) });
      }
    },
    20_000,
  );

  test.skipIf(!CAN_TRACE)(
    `removes an old snapshot only when the new one is on the disk${NEEDS_TRACE}`,
    async () => {
      const calls = await traceScene(SYNC_SCENE);
      const steps = [
        firstAfter(calls, "fsync", "TMP-sync", 0),
        publication(calls),
        firstAfter(calls, "fsync", "<STAGE/out>", publication(calls)),
        calls.findIndex(({ name, text }) => name === "unlink" && text.includes("-all.json")),
      ];
      expect(steps).toEqual(inOrder(steps));
    },
    20_000,
  );
});

/** The same places, each found and each after the one before. */
function inOrder(steps: readonly number[]): number[] {
  return [...new Set(steps.filter((step) => step >= 0))].sort((a, b) => a - b);
}

/** Where a file gets its public name. */
function publication(calls: readonly Call[]): number {
  return calls.findIndex(
    ({ name, text }) => name.startsWith("rename") && text.includes('"STAGE/out/MINUTE-'),
  );
}

function firstAfter(calls: readonly Call[], name: string, about: string, after: number): number {
  return calls.findIndex(
    (call, index) => index > after && call.name === name && call.text.includes(about) && after >= 0,
  );
}

function lastBefore(calls: readonly Call[], name: string, about: string, before: number): number {
  return calls.findLastIndex(
    (call, index) => index < before && call.name === name && call.text.includes(about),
  );
}

async function traceScene(scene: Scene): Promise<Call[]> {
  const stage = await scene.open();
  try {
    const { code, calls } = await traceRun(stage, scene.args);
    expect({ scene: scene.name, code }).toEqual({ scene: scene.name, code: 0 });
    return afterConfig(calls);
  } finally {
    await stage.close();
  }
}

async function listPoints(scene: Scene): Promise<Call[]> {
  return (await traceScene(scene)).filter((call) => isFileChange(call) || isRequest(call));
}

async function onDisk<T>(
  kind: DiskKind,
  scene: Scene,
  act: (stage: Stage, disk: Disk) => Promise<T>,
): Promise<T> {
  const disks: Disk[] = [];
  const stage = await scene.open((out) => disks.push(mountDisk(kind, out)));
  const [disk] = disks;
  if (disk === undefined) throw new Error("the scene mounted nothing");
  try {
    return await act(stage, disk);
  } finally {
    disk.unmount();
    await stage.close();
  }
}

function cutAndMount(disk: Disk): void {
  disk.cutPower();
  disk.mountAgain();
}

/** The process is killed before the call, and then the power goes. */
function cutAndRecover(scene: Scene, point: Call, kind: DiskKind): Promise<string[]> {
  return onDisk(kind, scene, async (stage, disk) => {
    await strikeRun(stage, scene.args, { ...point, what: "signal=KILL" });
    cutAndMount(disk);
    const complaints = complaintsAnyTime(stage).map((complaint) => `cut: ${complaint}`);
    const again = await stage.run(scene.args);
    if (again.code !== 0) complaints.push(`the next run ended with ${again.code}: ${again.stderr}`);
    complaints.push(...complaintsWhenDone(stage), ...scene.complaints(stage));
    return complaints.map((complaint) => `${point.name} ${point.nth} ${point.text}: ${complaint}`);
  });
}

/** Cuts the power under a run that waits for Waldur's answer to a call, then ends the run. */
async function cutDuring(stage: Stage, disk: Disk, call: string): Promise<void> {
  const child = Bun.spawn([...SUBJECT, "orders", "-c", stage.configPath], {
    cwd: stage.directory,
    stdin: "ignore",
    stderr: "ignore",
  });
  await waitFor(() => stage.requestsOf("POST").some(({ path }) => path.includes(call)));
  disk.cutPower();
  child.kill("SIGKILL");
  await child.exited;
  disk.mountAgain();
}
