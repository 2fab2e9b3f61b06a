// Findings as text: what is in a line, and that no line is wider than asked for.

import { describe, expect, test } from "bun:test";
import { ITEMS } from "../../../lib/check/report.ts";
import { conclusionText, findingText } from "../../../lib/check/text.ts";

const finding = {
  item: "output-directory",
  offering: null,
  status: "fail",
  message: `the output directory /srv/${"long/".repeat(30)}${"x".repeat(100)} belongs to uid 42`,
  hint: "run it as that user",
} as const;

test("a finding has its status, its item, its words, and the hint below", () => {
  const short = { ...finding, message: "it is wrong" };
  expect(findingText(short, 80)).toBe(
    `fail     output-directory  it is wrong\n${" ".repeat(27)}hint: run it as that user\n`,
  );
});

test.each([60, 80, 120, 200])("no line is wider than %d columns, and nothing is lost", (width) => {
  const lines = findingText(finding, width).split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  const words = lines
    .map((line) => line.slice(27))
    .join("")
    .replaceAll(" ", "");
  expect(words).toBe(`${finding.message}hint: ${finding.hint}`.replaceAll(" ", ""));
});

test("a control character of a server does not reach the terminal", () => {
  const shown = findingText({ ...finding, message: "a\u001b[2Jb\u202ec" }, 80);
  expect(shown).toContain(" a [2Jb c\n");
});

test("every item fits its column", () => {
  for (const item of ITEMS) expect(item.length).toBeLessThan(18);
});

describe("the last line", () => {
  const some = (status: "ok" | "warn" | "fail" | "skipped") => ({ ...finding, status });

  test("counts what is not right", () => {
    const items = [some("ok"), some("warn"), some("fail"), some("fail"), some("skipped")];
    expect(conclusionText({ items, exitCode: 73 })).toBe("\n2 failed, 1 warning, 1 skipped; exit code 73\n");
  });

  test("says when there are no problems", () => {
    expect(conclusionText({ items: [some("ok")], exitCode: 0 })).toBe("\nno problems; exit code 0\n");
  });
});
