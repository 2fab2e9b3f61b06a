// Trouble with the disk, real and injected: full, over quota, read-only, broken, taken away, or not what it seems. The
// old file stays as it was, the run ends with 73, and from then on no request changes an order; the next run ends it
// (docs/contract.md, "Orders" and "Publishing").

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "pathe";
import { historyFile } from "../../lib/history/record.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { minuteStamp, orderFileName, snapshotName } from "../../lib/output/names.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import { configText, openStage, type Ran, runCommand, type Stage, SUBJECT } from "../stage.ts";
import { inTurns } from "./in-turns.ts";
import { CAN_MOUNT, mountTmpfs, NEEDS_MOUNT, remount } from "./mounts.ts";
import { complaintsAnyTime, complaintsWhenDone, orderFiles } from "./outcome.ts";
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
  fellAt,
  isFileChange,
  isPost,
  NEEDS_TRACE,
  runTraced,
  strikeRun,
  traceRun,
} from "./strace.ts";
import { waitFor } from "./wait-for.ts";

const AS_ROOT = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
const NEEDS_ROOT = AS_ROOT ? "" : " (skipped: needs root and setpriv)";

const CAN_LIMIT = Bun.which("prlimit") !== null;
const NEEDS_LIMIT = CAN_LIMIT ? "" : " (skipped: needs prlimit)";

describe("an errno", () => {
  const pairs = [
    [SYNC_SCENE, ["ENOSPC", "EIO"]],
    [HIERARCHY_SCENE, ["ENOSPC"]],
    [orderScene("Create"), ["ENOSPC", "EIO"]],
    [orderScene("Update"), ["EDQUOT"]],
    [orderScene("Terminate"), ["EROFS"]],
    [ackScene({ result: "erred", message: "no" }), ["ENOSPC"]],
  ] as const;
  for (const [scene, errnos] of pairs) {
    for (const errno of errnos) {
      test.skipIf(!CAN_TRACE)(
        `${errno} from any call of ${scene.name} leaves the old file and stops what changes orders${NEEDS_TRACE}`,
        async () => {
          const points = await listPoints(scene);
          const complaints = await inTurns(points, (point) => failAndRecover(scene, point, errno));
          expect(complaints.flat()).toEqual([]);
          expect(points.length).toBeGreaterThan(12);
        },
        60_000,
      );
    }
  }

  test.skipIf(!CAN_TRACE)(
    `from the flush of a directory that the file system does not know stops nothing, and is reported once${NEEDS_TRACE}`,
    async () => {
      const stage = await SYNC_SCENE.open();
      try {
        const ran = await runTraced(stage, SYNC_SCENE.args, [
          ...["--seccomp-bpf", "-e", "trace=fsync", "-e", "inject=fsync:error=EINVAL"],
          ...["-P", stage.out, "-P", join(stage.out, STATE_DIRECTORY)],
        ]);
        expect(ran.code).toBe(0);
        expect(ran.stderr.match(/cannot flush directories/g)).toHaveLength(1);
        expect([...complaintsWhenDone(stage), ...SYNC_SCENE.complaints(stage)]).toEqual([]);
      } finally {
        await stage.close();
      }
    },
    10_000,
  );
});

describe("a write that is not what it says", () => {
  test.skipIf(!CAN_TRACE)(
    `is found out by the size of the file${NEEDS_TRACE}`,
    async () => {
      for (const scene of [SYNC_SCENE, HIERARCHY_SCENE, ...ORDER_SCENES]) {
        const points = await listPoints(scene);
        // Only of a file's last write: a hole before another one would be a lie of the kernel.
        const fileOf = ({ text }: { text: string }) => text.slice(0, text.indexOf(">"));
        const writes = points.filter((point, n) => {
          const next = points.slice(n + 1).find((later) => fileOf(later) === fileOf(point));
          return (
            point.name === "pwrite64" &&
            next?.name !== "pwrite64" &&
            !isRecord(point.text) &&
            !isCache(point.text)
          );
        });
        expect(writes.length).toBeGreaterThan(1);
        for (const { name, nth, text } of writes) {
          const length = /, (\d+), \d+$/.exec(text)?.[1];
          await onScene(scene, async (stage, before) => {
            const ran = await strikeRun(stage, scene.args, { name, nth, what: `retval=${length}` });
            expect({ text, code: ran.code }).toEqual({ text, code: 73 });
            expect(ran.stderr).toMatch(/has \d+ bytes after \d+ were written/);
            expect(complaintsAnyTime(stage)).toEqual([]);
            expect(lostOrChanged(stage, before)).toEqual([]);
          });
        }
      }
    },
    30_000,
  );

  test.skipIf(!CAN_LIMIT)(
    `is finished or refused where the limit of file sizes cuts it short${NEEDS_LIMIT}`,
    async () => {
      for (const [limit, code] of [
        [4096, 73],
        [1 << 20, 0],
      ] as const) {
        await onScene(SYNC_SCENE, async (stage, before) => {
          const ran = await runUnder(stage, ["prlimit", `--fsize=${limit}`], SYNC_SCENE.args);
          expect({ limit, code: ran.code }).toEqual({ limit, code });
          if (code === 73) expect(ran.stderr).toContain("EFBIG");
          expect(complaintsAnyTime(stage)).toEqual([]);
          if (code === 73) expect(lostOrChanged(stage, before)).toEqual([]);
        });
      }
    },
    10_000,
  );
});

describe("a full disk", () => {
  for (const scene of [SYNC_SCENE, ...ORDER_SCENES]) {
    test.skipIf(!CAN_MOUNT)(
      `with room for less and less keeps ${scene.name} from nothing but its end${NEEDS_MOUNT}`,
      async () => {
        const codes = await inTurns(range(0, 16), (pages) => fillAndRecover(scene, { pages }));
        expect(new Set(codes)).toEqual(new Set([73, 0]));
        // Less room never gets further.
        expect(codes).toEqual(codes.toSorted((a, b) => b - a));
      },
      30_000,
    );

    test.skipIf(!CAN_MOUNT)(
      `without inodes keeps ${scene.name} from nothing but its end${NEEDS_MOUNT}`,
      async () => {
        const codes = await inTurns(range(0, 14), (inodes) => fillAndRecover(scene, { inodes }));
        expect(new Set(codes)).toEqual(new Set([73, 0]));
        expect(codes).toEqual(codes.toSorted((a, b) => b - a));
      },
      30_000,
    );
  }

  test.skipIf(!CAN_MOUNT)(
    `truncates a snapshot of many writes, and no reader sees it${NEEDS_MOUNT}`,
    async () => {
      const stage = await openStage({ resources: 300, terminated: 0 });
      const tmpfs = mountTmpfs(stage.out, "size=64k");
      try {
        const ran = await stage.run(["sync"]);
        expect(ran.code).toBe(73);
        expect(ran.stderr).toContain("no space or no inodes left on device (ENOSPC)");
        expect(stage.files()).toEqual([]);
        expect(temporaries(stage)).toEqual([]);
        remount(stage.out, "size=16m");
        expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
      } finally {
        tmpfs.unmount();
        await stage.close();
      }
    },
    10_000,
  );
});

describe("a directory that cannot be written", () => {
  test.skipIf(!CAN_MOUNT)(
    `because it is mounted read-only changes nothing, here or in Waldur${NEEDS_MOUNT}`,
    async () => {
      for (const scene of [SYNC_SCENE, ...ORDER_SCENES]) {
        const tmpfs: { unmount(): void }[] = [];
        const stage = await scene.open((out) => tmpfs.push(mountTmpfs(out, "size=1m")));
        try {
          const before = snapshotOf(stage);
          remount(stage.out, "ro");
          const ran = await stage.run(scene.args);
          expect({ scene: scene.name, code: ran.code }).toEqual({ scene: scene.name, code: 73 });
          expect(ran.stderr).toContain("read-only file system (EROFS)");
          expect(stage.requestsOf("POST")).toEqual([]);
          expect(snapshotOf(stage)).toEqual(before);
          remount(stage.out, "rw");
          await expectRecovery(stage, scene);
        } finally {
          for (const { unmount } of tmpfs) unmount();
          await stage.close();
        }
      }
    },
    20_000,
  );

  test.skipIf(!AS_ROOT)(
    `because it is another user's changes nothing, here or in Waldur${NEEDS_ROOT}`,
    async () => {
      for (const scene of [SYNC_SCENE, ...ORDER_SCENES]) {
        await onScene(scene, async (stage, before) => {
          giveToNobody(stage);
          const ran = await runUnder(stage, NOBODY, scene.args);
          expect({ scene: scene.name, code: ran.code }).toEqual({ scene: scene.name, code: 73 });
          expect(ran.stderr).toContain("permission denied (EACCES)");
          expect(stage.requestsOf("POST")).toEqual([]);
          expect(snapshotOf(stage)).toEqual(before);
          chownSync(stage.configPath, 0, 0);
          await expectRecovery(stage, scene);
        });
      }
    },
    20_000,
  );

  test.skipIf(!AS_ROOT)(
    `is written without any right but to itself${NEEDS_ROOT}`,
    async () => {
      const stage = await openStage({ resources: 3 });
      try {
        giveToNobody(stage);
        chownSync(stage.out, 65534, 65534);
        placeOrder(stage, "Create");
        expect(await runUnder(stage, NOBODY, ["sync"])).toMatchObject({ code: 0, stderr: "" });
        expect(await runUnder(stage, NOBODY, ["orders"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
        expect(lstatSync(join(stage.out, stage.files()[0] ?? "")).uid).toBe(65534);
      } finally {
        await stage.close();
      }
    },
    10_000,
  );

  test.skipIf(!CAN_MOUNT)(
    `because the file system is not mounted is not filled instead${NEEDS_MOUNT}`,
    async () => {
      for (const mode of ["sync", "orders"]) {
        const stage = await openStage({
          resources: 3,
          config: (place) => configText({ ...place, out: `${place.out}/json` }, { require_mount: place.out }),
        });
        try {
          placeOrder(stage, "Create");
          const ran = await stage.run([mode]);
          expect({ mode, code: ran.code }).toEqual({ mode, code: 73 });
          expect(ran.stderr).toContain(`nothing is mounted at ${stage.out}`);
          expect(stage.requestsOf("POST")).toEqual([]);
          expect(readdirSync(stage.out)).toEqual([]);
          const tmpfs = mountTmpfs(stage.out, "size=1m");
          expect(await stage.run([mode])).toMatchObject({ code: 0 });
          expect(readdirSync(join(stage.out, "json"))).toHaveLength(2);
          tmpfs.unmount();
          expect((await stage.run([mode])).code).toBe(73);
        } finally {
          await stage.close();
        }
      }
    },
    10_000,
  );
});

describe("something else in a file's place", () => {
  test("such as a directory is left alone, and so is the order", async () => {
    const stage = await openStage({ resources: 3 });
    try {
      const uuid = placeOrder(stage, "Create");
      const planted = [...snapshotNames(), ...orderNames("create", uuid)];
      for (const name of planted) mkdirSync(join(stage.out, name));
      const synced = await stage.run(["sync"]);
      expect(synced.code).toBe(73);
      expect(synced.stderr).toContain("move the directory away");
      expect((await stage.run(["orders"])).code).toBe(10);
      expect(stage.world.order(uuid).state).toBe("pending-provider");
      expect(temporaries(stage)).toEqual([]);
      for (const name of planted) rmdirSync(join(stage.out, name));
      expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect(complaintsWhenDone(stage)).toEqual([]);
    } finally {
      await stage.close();
    }
  }, 10_000);

  test("such as a symlink is never followed", async () => {
    const stage = await openStage({ resources: 3, settings: { latest_link: true } });
    try {
      const uuid = placeOrder(stage, "Create");
      const victim = join(stage.directory, "victim");
      const victimText = "precious\n";
      writeFileSync(victim, victimText);
      const { mtimeMs } = statSync(victim);
      const state = join(stage.out, STATE_DIRECTORY);
      mkdirSync(join(state, "receipts", "closed"), { recursive: true });
      const planted = [
        ...snapshotNames().map((name) => join(stage.out, name)),
        ...["snapshot.json", "claims", "problems-sync.json", "problems-orders.json", "receipts-expired"].map(
          (name) => join(state, name),
        ),
        ...["sync", "orders"].map((writer) => join(state, historyFile(writer))),
        ...["good-sync-", "good-orders-"].map((name) =>
          join(state, `${name}${stage.simulator.offeringUuid}`),
        ),
        ...["receipts", "receipts/closed"].map((folder) => join(state, folder, `${uuid}.json`)),
        join(stage.out, LATEST_NAME),
      ];
      for (const path of planted) symlinkSync(victim, path);
      expect(await stage.run(["sync"])).toMatchObject({ code: 0 });
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect([readFileSync(victim, "utf8"), statSync(victim).mtimeMs]).toEqual([victimText, mtimeMs]);
      expect(complaintsAnyTime({ ...stage, files: () => writtenFiles(stage) })).toEqual([]);
      expect(stage.world.order(uuid).state).toBe("done");
    } finally {
      await stage.close();
    }
  }, 10_000);

  test("such as a symlink under an order's name is left alone, and so is the order", async () => {
    const stage = await openStage({ resources: 3 });
    try {
      const uuid = placeOrder(stage, "Update");
      const victim = join(stage.directory, "victim");
      writeFileSync(victim, "precious\n");
      for (const name of orderNames("update", uuid)) symlinkSync(victim, join(stage.out, name));
      const ran = await stage.run(["orders"]);
      expect(ran.code).toBe(10);
      expect(ran.stderr).toContain("foreign-file");
      expect(readFileSync(victim, "utf8")).toBe("precious\n");
      expect(stage.world.order(uuid).state).toBe("pending-provider");
    } finally {
      await stage.close();
    }
  }, 10_000);

  test("such as a symlink for the state directory is refused", async () => {
    await withPlantedLink(STATE_DIRECTORY, "elsewhere", async (stage) => {
      const ran = await stage.run(["sync"]);
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain("is not a directory");
      expect(stage.files()).toEqual([]);
    });
  }, 10_000);

  test("such as a symlink for a lock is not written through", async () => {
    await withPlantedLink(`${STATE_DIRECTORY}/lock-sync`, "elsewhere/victim", async (stage) => {
      await stage.run(["sync"]);
    });
  }, 10_000);

  test("such as another directory under the output directory's name is not written to", async () => {
    const stage = await openStage({ resources: 3, latencyMs: 100 });
    try {
      const uuid = placeOrder(stage, "Create");
      const running = stage.run(["orders"]);
      await waitFor(() => stage.requestsOf("POST").length > 0);
      const moved = `${stage.out}-moved`;
      renameSync(stage.out, moved);
      mkdirSync(join(stage.out, STATE_DIRECTORY), { recursive: true });
      const ran = await running;
      expect(ran.code).toBe(73);
      expect(ran.stderr).toContain("was moved or replaced during the run");
      expect(stage.everything()).toEqual([]);
      expect(stage.world.order(uuid).state).toBe("executing");
      expect(stage.requestsOf("POST")).toHaveLength(1);
      rmSync(stage.out, { recursive: true });
      renameSync(moved, stage.out);
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect(complaintsWhenDone(stage)).toEqual([]);
    } finally {
      await stage.close();
    }
  }, 10_000);
});

async function onScene(scene: Scene, act: (stage: Stage, before: Snapshot) => Promise<void>): Promise<void> {
  const stage = await scene.open();
  try {
    await act(stage, snapshotOf(stage));
  } finally {
    await stage.close();
  }
}

/** A stage with a symlink at that place of the output directory; what it leads to must stay as it is. */
async function withPlantedLink(
  place: string,
  target: string,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage({ resources: 3 });
  const elsewhere = join(stage.directory, "elsewhere");
  try {
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "victim"), "");
    if (place !== STATE_DIRECTORY) mkdirSync(join(stage.out, STATE_DIRECTORY), { mode: 0o700 });
    symlinkSync(join(stage.directory, target), join(stage.out, place));
    await act(stage);
    expect(readdirSync(elsewhere)).toEqual(["victim"]);
    expect(readFileSync(join(elsewhere, "victim"), "utf8")).toBe("");
  } finally {
    await stage.close();
  }
}

/** The texts of all public files by name. */
type Snapshot = ReadonlyMap<string, string>;

function snapshotOf(stage: Stage): Snapshot {
  return new Map(stage.files().map((name) => [name, stage.readText(name)]));
}

/** Names of files that were there before and are not the same any more; the latest link may have moved on. */
function lostOrChanged(stage: Stage, before: Snapshot): string[] {
  const now = snapshotOf(stage);
  return [...before.keys()].filter((name) => name !== LATEST_NAME && now.get(name) !== before.get(name));
}

function temporaries(stage: Stage): string[] {
  return stage.everything().filter((path) => path.includes("/tmp-"));
}

type Point = Call & {
  /** How many changing requests the run has sent before. */
  posts: number;
  /** An old file may be gone from here on. */
  removes: boolean;
};

async function listPoints(scene: Scene): Promise<Point[]> {
  const stage = await scene.open();
  try {
    const calls = afterConfig((await traceRun(stage, scene.args)).calls);
    return calls.flatMap((call, index) => {
      if (!isFileChange(call)) return [];
      const earlier = calls.slice(0, index);
      const removes = earlier.some(({ name, text }) => name === "unlink" && text.includes("-all.json"));
      return [{ ...call, posts: earlier.filter(isPost).length, removes }];
    });
  } finally {
    await stage.close();
  }
}

/** What is wrong after an errno at that point, and after the next run. */
async function failAndRecover(scene: Scene, point: Point, errno: string): Promise<string[]> {
  const place = `${point.name} ${point.nth} ${point.text}`;
  for (let attempt = 0; attempt < 8; attempt++) {
    const complaints = await failAt(scene, point, errno);
    if (complaints !== null) return complaints.map((complaint) => `${place}: ${complaint}`);
  }
  return [`${place}: ${errno} never came there`];
}

/** null when a call of the runtime's own has shifted the count, and another call failed. */
async function failAt(scene: Scene, point: Point, errno: string): Promise<string[] | null> {
  const stage = await scene.open();
  try {
    const before = snapshotOf(stage);
    const ran = await strikeRun(stage, scene.args, { ...point, what: `error=${errno}` });
    if (!fellAt(ran, point)) return null;
    return [
      ...complaintsAnyTime(stage),
      ...(isTemporaryRemoval(point) ? [] : temporaries(stage).map((path) => `left ${path}`)),
      ...(ran.code === 0
        ? complaintsOfEnd(stage, point)
        : complaintsOfFailure({ stage, ran, point, errno, before })),
      ...(await recover(stage, scene)),
    ];
  } finally {
    await stage.close();
  }
}

function complaintsOfEnd(stage: Stage, point: Point): string[] {
  const open = stage.world.orders.filter(({ state }) => state !== "done" && state !== "erred");
  return [
    ...(isHarmless(point) ? [] : ["the run went on as if nothing had happened"]),
    ...open.map(({ uuid, state }) => `order ${uuid} is ${state}`),
  ];
}

type Failure = { stage: Stage; ran: Ran; point: Point; errno: string; before: Snapshot };

function complaintsOfFailure({ stage, ran, point, errno, before }: Failure): string[] {
  const { length: posts } = stage.requestsOf("POST");
  return [
    ...(ran.code === 73 && ran.stderr.includes(errno) ? [] : [`ended with ${ran.code}: ${ran.stderr}`]),
    ...(posts === point.posts ? [] : [`sent ${posts} requests instead of ${point.posts}`]),
    ...(point.removes ? [] : lostOrChanged(stage, before).map((name) => `lost ${name}`)),
  ];
}

/**
 * A directory that is there already, an ack that is put away, a lock that is refused, a temporary file that the next
 * run removes, records, and what is only remembered.
 */
function isHarmless({ name, text }: Call): boolean {
  const isLock = name === "openat" && text.includes("/lock-");
  // An ack that cannot be put away is known by the receipt.
  const isAck = name === "rename" && text.includes("/acks");
  return (
    name === "mkdir" ||
    isLock ||
    isAck ||
    isRecord(text) ||
    isCache(text) ||
    isTemporaryRemoval({ name, text })
  );
}

/** What only people read: the history, and for `status` how the last run ended. */
function isRecord(text: string): boolean {
  return /\/(?:history-(?:sync|orders)\.|(?:good|failed)-(?:sync|orders)-[0-9a-f]{32})/.test(text);
}

/** What `sync` remembers of rows; without it the next run reads everything. */
function isCache(text: string): boolean {
  return /\/(?:TMP-synccache|rows-[0-9a-f]{32})/.test(text);
}

function isTemporaryRemoval({ name, text }: Pick<Call, "name" | "text">): boolean {
  return name === "unlink" && text.includes("/TMP-");
}

/** What is wrong after the next run, with the disk as it should be. */
async function recover(stage: Stage, scene: Scene): Promise<string[]> {
  const { code, stderr } = await stage.run(scene.args);
  const ended = code === 0 ? [] : [`the next run ended with ${code}: ${stderr}`];
  return [...ended, ...complaintsWhenDone(stage), ...scene.complaints(stage)];
}

async function expectRecovery(stage: Stage, scene: Scene): Promise<void> {
  expect(await recover(stage, scene)).toEqual([]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

/** Runs where only so much is left, then where there is enough. Returns the exit code of the first. */
async function fillAndRecover(scene: Scene, left: { pages?: number; inodes?: number }): Promise<number> {
  const tmpfs: { unmount(): void }[] = [];
  const stage = await scene.open((out) => tmpfs.push(mountTmpfs(out, "size=1m")));
  try {
    const before = snapshotOf(stage);
    limitTo(stage.out, left);
    const ran = await stage.run(scene.args);
    expect(complaintsAnyTime(stage)).toEqual([]);
    if (ran.code !== 0) {
      expect(ran.stderr).toContain("(ENOSPC)");
      expect(lostOrChanged(stage, before)).toEqual([]);
      expect(temporaries(stage)).toEqual([]);
      expectNoneEnded(stage);
    }
    remount(stage.out, "size=1m,nr_inodes=1k");
    await expectRecovery(stage, scene);
    return ran.code;
  } finally {
    for (const { unmount } of tmpfs) unmount();
    await stage.close();
  }
}

function limitTo(path: string, { pages, inodes }: { pages?: number; inodes?: number }): void {
  const { bsize, blocks, bfree, files, ffree } = statfsSync(path);
  // A size of 0 would mean without limit.
  if (pages !== undefined) remount(path, `size=${Math.max(1, blocks - bfree + pages) * bsize}`);
  if (inodes !== undefined) remount(path, `nr_inodes=${files - ffree + inodes}`);
}

/** An order is done only with its file there; none of these runs may have got further than accepting it. */
function expectNoneEnded(stage: Stage): void {
  for (const { uuid, state } of stage.world.orders) {
    if (state === "done") expect(orderFiles(stage, uuid)).toHaveLength(1);
    else expect(["pending-provider", "executing"]).toContain(state);
  }
}

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

function giveToNobody(stage: Stage): void {
  chmodSync(stage.directory, 0o755);
  chownSync(stage.configPath, 65534, 65534);
}

function runUnder(stage: Stage, wrapper: readonly string[], args: readonly string[]): Promise<Ran> {
  const [command = "", ...rest] = args;
  return runCommand([...wrapper, ...SUBJECT, command, "-c", stage.configPath, ...rest], {
    cwd: stage.directory,
  });
}

/** This minute and the next, should it come before the run. */
function stamps(): string[] {
  return [0, 60_000].map((ms) => minuteStamp(new Date(Date.now() + ms), "UTC"));
}

function snapshotNames(): string[] {
  return stamps().map(snapshotName);
}

function orderNames(type: string, uuid: string): string[] {
  return stamps().map((stamp) => orderFileName(stamp, type, uuid));
}

/** Regular files that the runs wrote, without what was planted for the next minute. */
function writtenFiles(stage: Stage): string[] {
  return stage.files().filter((name) => lstatSync(join(stage.out, name)).isFile());
}
