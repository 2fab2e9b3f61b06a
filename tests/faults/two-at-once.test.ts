// Several runs at once: on one host, where the kernel's lock lets one of a mode through, and on hosts that share the
// directory but no lock, where names, receipts and Waldur's own states must do (docs/contract.md, "Publishing").

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { writeAck } from "../../lib/acks/write.ts";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { openStage, type Ran, runCommand, type Stage, SUBJECT } from "../stage.ts";
import { complaintsAnyTime, complaintsWhenDone, isFailed, orderFiles } from "./outcome.ts";
import { CAN_TRACE, NEEDS_TRACE, runTraced } from "./strace.ts";

const CAN_UNSHARE =
  process.getuid?.() === 0 &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "--mount", "--uts", "true"]).exitCode === 0;
const NEEDS_UNSHARE = CAN_UNSHARE ? "" : " (skipped: needs root and unshare)";

describe("eight runs at once on one host", () => {
  test("of orders publish each order once, and all but one at a time end with 75", async () => {
    await onRounds(3, async (stage) => {
      const ran = await Promise.all(repeat(8, () => stage.run(["orders"])));
      expectCodes(ran, [0, 75]);
      for (const { stderr } of ran.filter(({ code }) => code === 75)) {
        expect(stderr).toMatch(/^$|another run of orders .* in this directory/);
      }
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect(complaintsWhenDone(stage)).toEqual([]);
      expect(postsOf(stage, "set_state_done")).toHaveLength(stage.world.orders.length);
    });
  }, 30_000);

  test("of sync leave one whole snapshot and what belongs to it", async () => {
    await onRounds(3, async (stage) => {
      expectCodes(await Promise.all(repeat(8, () => stage.run(["sync"]))), [0, 75]);
      expect(complaintsAnyTime(stage)).toEqual([]);
      expectSnapshotState(stage);
    });
  }, 30_000);

  test("of both modes let one of each through", async () => {
    await onRounds(2, async (stage) => {
      const ran = await Promise.all(
        repeat(8, (n) => stage.run([n % 2 === 0 ? "sync" : "orders"]).then((one) => ({ ...one, n }))),
      );
      expectCodes(ran, [0, 75]);
      for (const parity of [0, 1]) {
        expect(ran.filter(({ n, code }) => n % 2 === parity && code === 0)).not.toEqual([]);
      }
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect(complaintsWhenDone(stage)).toEqual([]);
    });
  }, 30_000);
});

describe("answers of the provisioner", () => {
  test("that eight runs at once meet reach Waldur once each", async () => {
    await onAnswered(2, async (stage) => {
      expectCodes(await Promise.all(repeat(8, () => stage.run(["orders"]))), [0, 75]);
      expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
      expect(complaintsWhenDone(stage)).toEqual([]);
      expectWordOnce(stage);
    });
  }, 30_000);

  test.skipIf(!CAN_UNSHARE)(
    `reach Waldur, from four hosts that share a directory but no lock${NEEDS_UNSHARE}`,
    async () => {
      await onAnswered(3, async (stage) => {
        const ran = await Promise.all(repeat(4, (n) => runOnHost(stage, n, "orders")));
        expectCodes(ran, [0, 10]);
        expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
      });
    },
    60_000,
  );
});

describe("four hosts that share a directory but no lock", () => {
  test.skipIf(!CAN_UNSHARE)(
    `publish each order under one name, and report it to Waldur${NEEDS_UNSHARE}`,
    async () => {
      let met = 0;
      await onRounds(6, async (stage) => {
        const ran = await Promise.all(repeat(4, (n) => runOnHost(stage, n, "orders")));
        // An order that another host has just ended may be reported as such.
        expectCodes(ran, [0, 10]);
        expect(complaintsAnyTime(stage)).toEqual([]);
        expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
        for (const { uuid } of stage.world.orders) expect(orderFiles(stage, uuid)).toHaveLength(1);
        met += stage.requestsOf("POST").filter(({ status }) => status === 409).length;
      });
      // One was there before another, or this has tried nothing.
      expect(met).toBeGreaterThan(0);
    },
    60_000,
  );

  test.skipIf(!CAN_UNSHARE)(
    `never leave a broken snapshot${NEEDS_UNSHARE}`,
    async () => {
      await onRounds(4, async (stage) => {
        const ran = await Promise.all(repeat(4, (n) => runOnHost(stage, n, "sync")));
        expectCodes(ran, [0]);
        expect(complaintsAnyTime(stage)).toEqual([]);
        expectSnapshotState(stage);
      });
    },
    60_000,
  );

  test.skipIf(!CAN_UNSHARE)(
    `run both modes at once without harm${NEEDS_UNSHARE}`,
    async () => {
      await onRounds(3, async (stage) => {
        const ran = await Promise.all(repeat(8, (n) => runOnHost(stage, n % 4, n < 4 ? "sync" : "orders")));
        expectCodes(ran, [0, 10]);
        expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
      });
    },
    60_000,
  );
});

describe("a file system that refuses locks", () => {
  test.skipIf(!CAN_TRACE)(
    `is warned of, and two runs at once do no harm${NEEDS_TRACE}`,
    async () => {
      await onRounds(2, async (stage) => {
        for (const mode of ["sync", "orders"]) {
          const ran = await Promise.all(repeat(2, () => runWithoutLocks(stage, mode)));
          // On one host and without a lock a run may take the other's temporary file for a leftover.
          expectCodes(ran, [0, 10, 73]);
          for (const { stderr } of ran) expect(stderr.match(/refuses locks/g)).toHaveLength(1);
          expect(complaintsAnyTime(stage)).toEqual([]);
        }
        expect(await stage.run(["orders"])).toMatchObject({ code: 0 });
        expect(complaintsWhenDone(stage)).toEqual([]);
      });
    },
    30_000,
  );
});

/** Each round in a fresh place, with six orders of mixed types. */
async function onRounds(rounds: number, act: (stage: Stage) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const stage = await openStage({ resources: 8, orders: 6, seed: round, settings: { latest_link: true } });
    mkdirSync(join(stage.out, STATE_DIRECTORY), { mode: 0o700 });
    try {
      await act(stage);
    } finally {
      await stage.close();
    }
  }
}

/** The same, where every order is published and answered; every other one failed. */
async function onAnswered(rounds: number, act: (stage: Stage) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const stage = await openStage({ seed: round, settings: { completion: "on-ack" } });
    try {
      for (let n = 0; n < 6; n++) stage.world.addOrder({ type: "Create", limits: { storage: n + 1 } });
      await stage.runHere("orders");
      for (const [n, { uuid }] of stage.world.orders.entries())
        writeAck(
          join(stage.out, "acks"),
          uuid,
          n % 2 === 0 ? { result: "done" } : { result: "erred", message: `no ${n}` },
        );
      await act(stage);
    } finally {
      await stage.close();
    }
  }
}

function expectWordOnce(stage: Stage): void {
  for (const { uuid, errorMessage } of stage.world.orders) {
    const calls = stage.requestsOf("POST").filter(({ path }) => path.includes(`${uuid}/set_state_`));
    expect(calls.map(({ status }) => status)).toEqual([200]);
    expect(errorMessage).toBe(isFailed(stage, uuid) ? errorMessage || "no" : "");
  }
}

function repeat<T>(times: number, act: (n: number) => T): T[] {
  return Array.from({ length: times }, (_, n) => act(n));
}

/** All ended in one of these ways, and one of them well. */
function expectCodes(ran: readonly Ran[], codes: readonly number[]): void {
  expect(ran.filter(({ code }) => !codes.includes(code))).toEqual([]);
  expect(ran.map(({ code }) => code)).toContain(0);
}

function postsOf(stage: Stage, action: string) {
  return stage.requestsOf("POST").filter(({ path }) => path.endsWith(`/${action}/`));
}

/** The state names a snapshot that is there, with as many entries. */
function expectSnapshotState(stage: Stage): void {
  const state = JSON.parse(stage.readText(`${STATE_DIRECTORY}/snapshot.json`));
  expect(stage.files()).toContain(state.file);
  expect(stage.read(state.file).result.storageResources).toHaveLength(state.entries);
  expect(stage.everything().filter((path) => path.includes("/tmp-"))).toEqual([]);
}

/** Another name for the machine, and in its view of the directory lock files that no other host has. */
const BECOME_HOST = `hostname "$1"
for mode in sync orders; do mount --bind "$2-$mode" "$3/lock-$mode" || exit 99; done
shift 3
exec "$@"`;

/** Each host would give an order's file another name, were there no receipts. */
const ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Zurich"];

async function runOnHost(stage: Stage, n: number, mode: string): Promise<Ran> {
  const state = join(stage.out, STATE_DIRECTORY);
  const locks = join(stage.directory, `host-${n}`);
  for (const lock of ["sync", "orders"]) {
    writeFileSync(`${locks}-${lock}`, "");
    writeFileSync(join(state, `lock-${lock}`), "");
  }
  return runCommand(
    [
      ...["unshare", "--mount", "--uts", "sh", "-c", BECOME_HOST, "sh", `host-${n}`, locks, state],
      ...[...SUBJECT, mode, "-c", stage.configPath],
    ],
    { cwd: stage.directory, env: { TZ: ZONES[n] ?? "UTC" } },
  );
}

/** The kernel answers ENOLCK, as for an NFS server without a lock daemon. */
function runWithoutLocks(stage: Stage, mode: string): Promise<Ran> {
  return runTraced(stage, [mode], ["--seccomp-bpf", "-e", "trace=fcntl", "-e", "inject=fcntl:error=ENOLCK"]);
}
