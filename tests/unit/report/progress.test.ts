import { expect, test } from "bun:test";
import { createProgress } from "../../../lib/report/progress.ts";

function draw(visible: boolean) {
  const written: string[] = [];
  let nowMs = 0;
  const progress = createProgress({ visible, write: (text) => written.push(text), nowMs: () => nowMs });
  return {
    progress,
    written,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test("redraws one line a few times a second and removes it", () => {
  const { progress, written, pass } = draw(true);
  progress.show("1");
  progress.show("2");
  pass(200);
  progress.show("3");
  progress.clear();
  progress.clear();
  expect(written).toEqual(["\r\x1b[2K1", "\r\x1b[2K3", "\r\x1b[2K"]);
});

test("writes nothing off a terminal", () => {
  const { progress, written } = draw(false);
  progress.show("1");
  progress.clear();
  expect(written).toEqual([]);
});
