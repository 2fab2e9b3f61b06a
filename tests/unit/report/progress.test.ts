import { expect, test } from "bun:test";
import { createProgress } from "../../../lib/report/progress.ts";

function draw(visible: boolean) {
  const written: string[] = [];
  let nowMs = 0;
  const progress = createProgress({ visible, write: (text) => written.push(text), nowMs: () => nowMs });
  return {
    progress,
    written,
    count: (done: number, of: number) => progress.count("Storage", { done, of, what: "resources" }),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test("redraws one line a few times a second and removes it", () => {
  const { progress, count, written, pass } = draw(true);
  count(1, 3);
  count(2, 3);
  pass(200);
  count(3, 3);
  progress.clear();
  progress.clear();
  expect(written).toEqual([
    "\r\x1b[2KStorage: 1 of 3 resources",
    "\r\x1b[2KStorage: 3 of 3 resources",
    "\r\x1b[2K",
  ]);
});

test.each([
  [4000, 300, 9000, "300 of 9000 resources, 75/s, 1 min 56 s left"],
  [10_000, 12, 40, "12 of 40 resources, 1.2/s, 23 s left"],
  [60_000, 300, 1_000_000, "300 of 1000000 resources, 5.0/s, 55 h 32 min left"],
  [5000, 400, 300, "400 of 300 resources, 80/s, 0 s left"],
])("after %d ms shows rate and time left of a long list", (ms, done, of, shown) => {
  const { progress, count, written, pass } = draw(true);
  pass(7777);
  progress.begin("Storage: reading the list");
  pass(ms);
  count(done, of);
  progress.clear();
  expect(written[1]).toBe(`\r\x1b[2KStorage: ${shown}`);
});

test.concurrent("a step that has begun is shown at once, and its seconds are, until something else is", async () => {
  const { progress, count, written, pass } = draw(true);
  progress.begin("Storage: asking Waldur");
  expect(written).toEqual(["\r\x1b[2KStorage: asking Waldur"]);
  pass(62_000);
  await Bun.sleep(1100);
  expect(written.slice(1)).toEqual(["\r\x1b[2KStorage: asking Waldur (1 min 2 s)"]);
  count(1, 2);
  progress.begin("Storage: more");
  progress.clear();
  const before = written.length;
  await Bun.sleep(1100);
  expect(written).toHaveLength(before);
});

test.concurrent("writes nothing off a terminal", async () => {
  const { progress, count, written } = draw(false);
  progress.begin("a");
  count(1, 2);
  await Bun.sleep(1100);
  progress.clear();
  expect(written).toEqual([]);
});
