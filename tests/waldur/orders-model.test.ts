// Whole lives of orders, made up by chance: placed, taken back, ended by others, with requests that fail and hands that
// reach in between two of them. Whatever happened, once it is quiet the files are what the orders say
// (docs/contract.md, "Orders": running again is the whole recovery). SEED and HISTORIES choose others than the usual ones.

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import fc from "fast-check";
import { join } from "pathe";
import type { SimOrder } from "../../lib/simulator/model.ts";
import {
  type Hand,
  hands,
  isOpen,
  openBook,
  type Placing,
  placings,
  withThoseBehind,
} from "../model/hands.ts";
import { complaintsOfPost } from "../model/posts.ts";
import { GENERATIONS, type OrdersStage, openOrders, TYPES } from "./orders-stage.ts";

const HISTORIES = Number(process.env.HISTORIES ?? 30);
const SEED = Number(process.env.SEED ?? 20_260_301);

const FAULTS = [
  ...["500", "503", "401", "403", "404", "404-html", "409", "html", "redirect", "broken-json"],
  ...["drop", "drop-after-apply", "cut"],
  ...["lost-backend-id", "done-without-effect", "executing-without-effect", "erred-after-approve"],
];

type Event =
  | Placing
  | Hand
  | { waitMinutes: number }
  | { lose: "receipts" }
  | {
      pass: {
        faults: readonly (readonly [number, string])[];
        meanwhile: readonly (readonly [number, Hand])[];
      };
    };

const request = fc.nat({ max: 24 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: placings(TYPES) },
  { weight: 2, arbitrary: hands },
  { weight: 1, arbitrary: fc.record({ waitMinutes: fc.constantFrom(1, 5, 60, 1500) }) },
  { weight: 1, arbitrary: fc.constant({ lose: "receipts" as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      pass: fc.record({
        faults: fc.array(fc.tuple(request, fc.constantFrom(...FAULTS)), { maxLength: 4 }),
        meanwhile: fc.array(fc.tuple(request, hands), { maxLength: 2 }),
      }),
    }),
  },
);

for (const generation of GENERATIONS) {
  test(`whatever befalls orders of a ${generation} server, the files are what they say in the end`, async () => {
    const lives = fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 20 }), async (events) => {
      const clock = { at: Date.parse("2026-03-01T12:00:00Z") };
      const now = () => new Date(clock.at);
      await using stage = await openOrders({ generation, now });
      const history = createHistory(stage, clock);
      for (const one of events) await history.live(one);
      await history.quieten();
      history.expectEnd();
    });
    await fc.assert(lives, {
      numRuns: HISTORIES,
      seed: SEED,
    });
  }, 240_000);
}

function createHistory(stage: OrdersStage, clock: { at: number }) {
  const { world, simulator } = stage;
  const published = new Map<string, string>();
  const wrong: string[] = [];
  const now = () => new Date(clock.at);
  const { placed, bad, deleted, finishedByOthers, place, reachIn } = openBook(world, now);

  const pass = async ({ faults, meanwhile }: Extract<Event, { pass: unknown }>["pass"]) => {
    stage.forget();
    stage.count((number, request) => {
      // Noted, because an error here would only spoil the answer.
      wrong.push(...complaintsOfPost(request, placed, stage.filesOf));
      simulator.setFaults(faults.filter(([at]) => at === number).map(([, fault]) => fault));
      // Between the last read and a POST nobody can see another agent.
      if (request.method === "POST") return;
      for (const [at, one] of meanwhile) if (at === number) reachIn(one);
    });
    const ran = await stage.pass({ now });
    for (const name of stage.files()) {
      const text = stage.readText(name);
      if ((published.get(name) ?? text) !== text) wrong.push(`${name} was written again`);
      published.set(name, text);
    }
    return ran;
  };

  return {
    async live(one: Event) {
      if ("place" in one) place(one);
      else if ("hand" in one) reachIn(one);
      else if ("waitMinutes" in one) clock.at += one.waitMinutes * 60_000;
      else if ("lose" in one)
        rmSync(join(stage.out, ".waldur-cscs-storage"), { recursive: true, force: true });
      else await pass(one.pass);
    },
    /** Runs without faults until a run changes nothing. */
    async quieten() {
      // One order of a resource is taken in a pass.
      for (let passes = 0; passes < 6 + placed.length; passes++) {
        clock.at += 11 * 60_000;
        const { requests } = await pass({ faults: [], meanwhile: [] });
        if (requests.every(({ method }) => method === "GET")) return;
      }
      wrong.push("runs never come to rest");
    },
    expectEnd() {
      expect(wrong).toEqual([]);
      expect([...published.keys()].sort()).toEqual(stage.files());
      for (const order of placed) expectFile(stage, order, finishedByOthers.has(order));
      const left = placed.filter((order) => !deleted.has(order));
      const isStuck = (order: SimOrder) => bad.has(order) || isForTerminated(stage, order);
      expect(left.filter(isOpen)).toEqual(withThoseBehind(left, isStuck));
      expect(stage.files().every((name) => placed.some(({ uuid }) => name.includes(uuid)))).toBe(true);
    },
  };
}

const STATUS: Readonly<Record<string, string>> = {
  Create: "pending",
  Update: "updating",
  Terminate: "removing",
};

/** An order that we set done has one file, any other one at most; and whatever stands there is the order's, whole. */
function expectFile(stage: OrdersStage, order: SimOrder, byAnother: boolean): void {
  const count = stage.filesOf(order).length;
  if (order.state === "done" && !byAnother) expect(count).toBe(1);
  else expect(count).toBeLessThanOrEqual(1);
  if (count === 0) return;
  const { meta, result } = stage.documentOf(order);
  expect(meta.order?.uuid).toBe(order.uuid);
  expect(result.storageResources).toHaveLength(1);
  expect(stage.entryOf(order)).toMatchObject({ itemId: order.resourceUuid, status: STATUS[order.type] });
  if (order.type !== "Terminate")
    expect(stage.entryOf(order).quotas?.[0]).toMatchObject({ quota: storageOf(order.limits) });
  if (order.type === "Create" && order.state === "done" && !byAnother)
    expect(stage.resourceOf(order).backendId).not.toBe("");
}

function storageOf(limits: unknown): unknown {
  return typeof limits === "object" && limits !== null && "storage" in limits ? limits.storage : undefined;
}

/** Done, it would bring the resource back to life, so it is left. */
function isForTerminated({ world }: OrdersStage, { type, resourceUuid }: SimOrder): boolean {
  return type !== "Terminate" && world.resource(resourceUuid ?? "").state === "Terminated";
}
