// What is remembered of many resources with one cause from run to run, as `status` shows it: their number now, and
// since when the cause is known, also where their number goes over or under the one that gets a line of its own.

import { expect, test } from "bun:test";
import type { Log } from "../../../lib/report/log.ts";
import { logProblems, type ProblemMemory } from "../../../lib/report/problems.ts";
import { createTally } from "../../../lib/report/tally.ts";

const HOUR = 3_600_000;
const uuid = (n: number) => n.toString(16).padStart(32, "0");

type Pass = { memory: ProblemMemory; of: number; hour: number; isWhole?: boolean };

function pass({ memory, of, hour, isWhole = true }: Pass) {
  const tally = createTally({ keepsAll: false });
  for (let n = 0; n < of; n++) {
    const message = `resource ${uuid(n)} has no user`;
    tally.add({ code: "no-user", offering: "a", resource: uuid(n), project: "p", field: "user", message });
  }
  const levels: string[] = [];
  const to = (level: string) => () => void levels.push(level);
  const log: Log = {
    ...{ error: to("error"), warn: to("warn"), info: to("info"), debug: to("debug"), summary: to("summary") },
    ...{ redact: () => undefined, hide: (text: string) => text },
  };
  const next = logProblems({ problems: tally.shown("a") }, memory, {
    ...{ log, now: new Date(hour * HOUR), offering: "a", isWhole },
  });
  const shown = [...next.values()].map(({ known, since }) => [known?.count ?? 1, since / HOUR]);
  return { next, shown, levels };
}

/** Numbers of resources in runs an hour apart, and what the last one leaves and logs. */
function passes(numbers: readonly number[], lastIsWhole = true) {
  return numbers.reduce(
    ({ next: memory }, of, at) =>
      pass({ memory, of, hour: at + 1, isWhole: at < numbers.length - 1 || lastIsWhole }),
    pass({ memory: new Map(), of: 0, hour: 0 }),
  );
}

test.each([
  [[5], [[5, 1]], ["warn"]],
  [[5, 50], [[50, 1]], ["info"]],
  [[50, 5], [[5, 1]], ["info"]],
  [[5, 3], Array(3).fill([1, 1]), Array(3).fill("info")],
  [[5, 3, 0], [], []],
  [[5, 0, 5], [[5, 3]], ["warn"]],
  [[3, 4], [[4, 1]], ["warn"]],
  [[2, 3, 4, 1], [[1, 1]], ["info"]],
])("%j resources are shown with their number and the time of the first", (numbers, shown, levels) => {
  const last = passes(numbers);
  expect(last.shown).toEqual(shown);
  expect(last.levels).toEqual(levels);
});

test.each([
  [[5, 3], [[5, 1]]],
  [[50, 5], [[50, 1]]],
  [[5, 50], [[50, 1]]],
  [[3, 4], [[4, 1]]],
  [[3, 2], Array(3).fill([1, 1])],
])("%j resources, of which the last run was not through, are counted once", (numbers, shown) => {
  expect(passes(numbers, false).shown).toEqual(shown);
});

test("a line of many is a warning again after a day when it has become lines of few", () => {
  const first = pass({ memory: new Map(), of: 5, hour: 0 });
  const second = pass({ memory: first.next, of: 3, hour: 23 });
  expect(second.levels).toEqual(["info", "info", "info"]);
  expect(pass({ memory: second.next, of: 3, hour: 24 }).levels).toEqual(["warn", "warn", "warn"]);
});

test("few of a line of many are a warning once a day also in runs that are not through", () => {
  let { next: memory } = pass({ memory: new Map(), of: 5, hour: 0 });
  const levels = [1, 25, 26, 48, 49].map((hour) => {
    const ran = pass({ memory, of: 2, hour, isWhole: false });
    memory = ran.next;
    expect(ran.shown).toEqual([[5, 0]]);
    return ran.levels[0];
  });
  expect(levels).toEqual(["info", "warn", "info", "info", "warn"]);
});
