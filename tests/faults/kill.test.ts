// Killed at every point: before each call that changes a file or sends a request, and before the call after it.
// Whatever is there then is whole, and running again is the whole recovery (docs/contract.md, "Orders" and
// "Publishing").

import { describe, expect, test } from "bun:test";
import { inTurns } from "./in-turns.ts";
import { complaintsAnyTime, complaintsOfHistory, complaintsWhenDone } from "./outcome.ts";
import { ACK_SCENES, HIERARCHY_SCENE, ORDER_SCENES, type Scene, SYNC_SCENE } from "./scenes.ts";
import {
  afterConfig,
  CAN_TRACE,
  type Call,
  fellAt,
  isFileChange,
  isRequest,
  NEEDS_TRACE,
  strikeRun,
  traceRun,
} from "./strace.ts";

/** What a shell would say of a process that SIGKILL ended. */
const KILLED = 137;

/** Fewer points than these, and the trace has missed something. */
const FLOORS: ReadonlyMap<string, number> = new Map([
  ["a sync", 60],
  ["a sync with directories", 65],
  ["a Create order", 80],
  ["an Update order", 75],
  ["a Terminate order", 75],
  ["an order that is answered done", 40],
  ["an order that is answered erred", 30],
]);

describe("a kill", () => {
  for (const scene of [SYNC_SCENE, HIERARCHY_SCENE, ...ORDER_SCENES, ...ACK_SCENES]) {
    test.skipIf(!CAN_TRACE)(
      `at any point of ${scene.name} leaves whole files, and the next run ends it${NEEDS_TRACE}`,
      async () => {
        const points = await listPoints(scene);
        const outcomes = await inTurns(points, (point) => killUntilHit(scene, point));
        console.log(`${scene.name}: killed at ${points.length} points`);
        expect(outcomes.flat()).toEqual([]);
        expect(points.length).toBeGreaterThanOrEqual(FLOORS.get(scene.name) ?? Number.POSITIVE_INFINITY);
      },
      120_000,
    );
  }
});

/** Calls whose number depends on how threads happen to meet, and of the runtime looking at its own memory. */
const UNSTEADY =
  /^(?:futex|epoll_\w+|madvise|m(?:un)?map|mprotect|mremap|brk|rt_sig\w+|sched_\w+|getrandom|gettid|clone3?|membarrier)$/;

async function listPoints(scene: Scene): Promise<Call[]> {
  const stage = await scene.open();
  try {
    const { code, calls } = await traceRun(stage, scene.args);
    expect({ scene: scene.name, code }).toEqual({ scene: scene.name, code: 0 });
    return pointsOf(afterConfig(calls));
  } finally {
    await stage.close();
  }
}

/** Each changing call, and the next steady one of its thread: between the two the change has been made. */
function pointsOf(calls: readonly Call[]): Call[] {
  const points = new Set<Call>();
  for (const [index, call] of calls.entries()) {
    if (!isFileChange(call) && !isRequest(call)) continue;
    points.add(call);
    const next = calls.slice(index + 1).find(({ thread, name, text }) => {
      return thread === call.thread && !UNSTEADY.test(name) && !/\[eventfd\]|\/proc\//.test(text);
    });
    if (next !== undefined) points.add(next);
  }
  return [...points];
}

/**
 * What is wrong after a kill at that point. Calls of the runtime's own may shift the count a little from run to run.
 */
async function killUntilHit(scene: Scene, point: Call): Promise<string[]> {
  const place = `${point.name} ${point.nth} ${point.text.slice(0, 120)}`;
  const found: string[] = [];
  for (const shift of [0, 0, 1, -1, 2, -2, 0, 0, 1, -1].filter((by) => point.nth + by > 0)) {
    const { hit, complaints } = await killAndRecover(scene, { ...point, nth: point.nth + shift });
    found.push(...complaints);
    if (hit) return found.map((complaint) => `${place}: ${complaint}`);
  }
  return [`${place}: the kill never came there`];
}

async function killAndRecover(scene: Scene, point: Call): Promise<{ hit: boolean; complaints: string[] }> {
  const stage = await scene.open();
  try {
    const struck = await strikeRun(stage, scene.args, { ...point, what: "signal=KILL" });
    const complaints = [...complaintsAnyTime(stage), ...complaintsOfHistory(stage)].map(
      (complaint) => `killed: ${complaint}`,
    );
    const again = await stage.run(scene.args);
    if (again.code !== 0) complaints.push(`the next run ended with ${again.code}: ${again.stderr}`);
    complaints.push(...complaintsWhenDone(stage), ...complaintsOfHistory(stage), ...scene.complaints(stage));
    return { hit: fellAt(struck, point) && struck.code === KILLED, complaints };
  } finally {
    await stage.close();
  }
}
