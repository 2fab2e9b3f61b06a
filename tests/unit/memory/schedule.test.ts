// Which pages of a list are read in full, by the age of what is remembered of them.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BLOCK_ROWS, isAges, LONGEST_TRUST, planCheck, trackAges } from "../../../lib/memory/schedule.ts";

const HOUR = 3600;

function ages(oldest: readonly number[], writtenAt: number, owed = 0) {
  return { rows: oldest.length * BLOCK_ROWS, writtenAt, owed, oldest };
}

describe("a plan", () => {
  test("owes so many rows that all are read in a day, and reads whole pages of them", () => {
    const plan = planCheck(ages(Array(10).fill(0), 0), HOUR);
    expect([plan.isWhole, plan.has(0, 300), plan.owed]).toEqual([false, false, 125]);
    const next = planCheck(ages(Array(10).fill(0), 0, 200), HOUR);
    expect([next.has(0, 300), next.has(300, 600), next.owed]).toEqual([true, false, 25]);
  });

  test("takes the page first that was read longest ago", () => {
    const plan = planCheck(ages([500, 100, 900], 1000, 300), 1001);
    expect([0, 1, 2].map((page) => plan.has(page * 300, page * 300 + 300))).toEqual([false, true, false]);
  });

  test("takes every page that the next run would find too old", () => {
    const now = 23 * HOUR;
    expect(planCheck(ages([0, 20 * HOUR], now - HOUR), now).has(0, 300)).toBeFalse();
    expect(planCheck(ages([0, 20 * HOUR], now - HOUR - 1), now).has(0, 300)).toBeTrue();
    expect(planCheck(ages([0, 20 * HOUR], now - HOUR - 1), now).has(300, 600)).toBeFalse();
  });

  test("reads everything after a day, and where the clock was set back", () => {
    expect(planCheck(ages([0, 0], 0), LONGEST_TRUST + 1).isWhole).toBeTrue();
    expect(planCheck(ages([100, 100], 100), 99).isWhole).toBeTrue();
    expect(planCheck(ages([200, 0], 100), 150).has(0, 300)).toBeTrue();
  });

  test("names rows by their place, also in smaller pages", () => {
    const plan = planCheck(ages([9, 0, 9], 10, 300), 10);
    expect([plan.has(299, 300), plan.has(300, 301), plan.has(599, 600), plan.has(600, 700)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("lets nothing get older than a day from run to run, and reads little more than each row once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(300, HOUR, 5 * HOUR),
        (pages, interval) => {
          let state = ages(Array(pages).fill(0), 0);
          let read = 0;
          const runs = Math.ceil((3 * LONGEST_TRUST) / interval);
          for (let n = 1; n <= runs; n++) {
            const now = n * interval;
            const plan = planCheck(state, now);
            const tracker = trackAges();
            for (let page = 0; page < pages; page++) {
              const isRead = plan.isWhole || plan.has(page * 300, page * 300 + 300);
              const age = now - (state.oldest[page] ?? 0);
              expect(age).toBeLessThanOrEqual(LONGEST_TRUST);
              if (isRead) read++;
              for (let row = 0; row < 300; row++) tracker.add(isRead ? now : (state.oldest[page] ?? 0));
            }
            state = tracker.finish({ writtenAt: now, owed: plan.owed });
          }
          expect(read / pages).toBeLessThanOrEqual(3 * 1.35 + 1);
        },
      ),
      { numRuns: 20 },
    );
  });
});

test("a row that is not remembered does not make its page stale", () => {
  const tracker = trackAges();
  for (const age of [null, 7, null]) tracker.add(age);
  expect(tracker.finish({ writtenAt: 9, owed: 0 })).toEqual({ rows: 3, writtenAt: 9, owed: 0, oldest: [7] });
});

test("pages of a server that gives smaller ones have ages of their own", () => {
  const tracker = trackAges(100);
  for (let row = 0; row < 250; row++) tracker.add(row < 100 ? 7 : 8);
  const tracked = tracker.finish({ writtenAt: 9, owed: 100 });
  expect(tracked).toEqual({ rows: 250, writtenAt: 9, owed: 100, blockRows: 100, oldest: [7, 8, 8] });
  const plan = planCheck(tracked, 9);
  expect([plan.has(0, 100), plan.has(99, 300), plan.has(100, 300), plan.owed]).toEqual([
    true,
    true,
    false,
    0,
  ]);
  expect([tracked, { ...tracked, blockRows: 1 }].map(isAges)).toEqual([true, true]);
  for (const blockRows of [0, -1, 1.5, "100", null, 1e300])
    expect([blockRows, isAges({ ...tracked, blockRows })]).toEqual([blockRows, false]);
});
