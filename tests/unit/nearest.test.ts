import { describe, expect, test } from "bun:test";
import { nearestWord } from "../../lib/nearest.ts";

const KNOWN = ["orders", "sync", "check", "--dry-run", "output_directory", "ok"];

describe("nearestWord", () => {
  test.each([
    ["ordres", "orders"],
    ["snyc", "sync"],
    ["--dryrun", "--dry-run"],
    ["output_directroy", "output_directory"],
    ["Output_Directory", "output_directory"],
    ["output-directorie", null],
    ["sync", "sync"],
    ["chk", "check"],
  ])("%s → %s", (word, expected) => {
    expect(nearestWord(word, KNOWN)).toBe(expected);
  });

  test("prefers the closer word to the earlier one", () => {
    expect(nearestWord("order", ["odors", "orders"])).toBe("orders");
  });

  test("does not take a short word for any other short word", () => {
    expect(nearestWord("ab", KNOWN)).toBeNull();
    expect(nearestWord("", KNOWN)).toBeNull();
  });
});

test.each([
  ["output_dir", "output_directory"],
  ["outputdir", "output_directory"],
  ["--offering", "--offering-uuid"],
  ["inode_", null],
  ["out", null],
])("%s begins a longer word: %p", (word, expected) => {
  const known = ["output_directory", "inode_soft_coefficient", "inode_hard_coefficient", "--offering-uuid"];
  expect(nearestWord(word, known)).toBe(expected);
});
