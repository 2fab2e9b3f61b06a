// The runtime's parser of YAML is used where it agrees with the library.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { parseYaml } from "../../../lib/yaml/parse.ts";
import { quickValues } from "../../../lib/yaml/quick.ts";

const root = resolve(import.meta.dir, "../../..");
const byLibrary = (text: string) => parseYaml(text, "f", () => false).root;
const shown = (value: unknown) => JSON.stringify(value);

const KEYS = ["a", "b", "name", "constructor", "__proto__", "x-y", "true", "no", "null", "_k", "y"];
const VALUES = [
  ["", "1", "0", "1.33", "-2", "1000000", "true", "True", "false", "word", "two words", "a,b", "no way"],
  ["http://h.example:80/api/", "/{a}/b", '"q # x"', "'s: x'", '""', "''", "a#b", "x # c", "1 # x", "é"],
  ["9ce63ff5d1df4e51ae931218dfb1f655", "00000000000000000000000000000e12", "1".repeat(32)],
  ["a:b", "a: b", "key:", "- z", "[a]", "{a: b}", "no", "On", "off # x", "0755", "1e3", "null", "~", "-0"],
  [".nan", "2024-01-01", "1_000", "a - b", "a -", "-", "|", ">", "1.5.2", "+1", "00", "a  b", "a'b"],
  ["&x y", "*x", "!t z", "<<: *x", "%TAG", "@a", "`a`", "? a", "a\\tb", '"a\\n"', "\u2028", "\u0085"],
].flat();
const NOISE = ["# c", "", "  ", "#c: d", "---", "..."];

const pair = fc
  .tuple(fc.constantFrom(...KEYS), fc.constantFrom(" ", " ", "  ", ""), fc.constantFrom(...VALUES))
  .map(([key, space, value]) => `${key}:${space}${value}`);
const body = fc.oneof({ weight: 6, arbitrary: pair }, fc.constantFrom(...VALUES), fc.constantFrom(...NOISE));
const line = fc
  .tuple(
    fc.nat(6),
    fc.constantFrom("", "", "", "- ", "-  "),
    body,
    fc.constantFrom("", "", " ", " # c", "#c"),
  )
  .map(([indent, dash, text, end]) => `${" ".repeat(indent)}${dash}${text}${end}`);
const files = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 6 }), fc.constantFrom("\n", ""))
  .map(([lines, end]) => lines.join("\n") + end);

test("a file that is read quickly has the values that the library gives", () => {
  let taken = 0;
  fc.assert(
    fc.property(files, (text) => {
      const quick = quickValues(text);
      if (quick === undefined) return;
      taken++;
      expect(shown(quick)).toBe(shown(byLibrary(text)));
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(500);
});

describe("is read quickly", () => {
  test.each([
    [
      "the example of the README",
      /^```yaml\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1],
    ],
    [
      "the example of the Python plugin",
      readFileSync(join(root, "tests/fixtures/config/example.yaml"), "utf8"),
    ],
  ])("%s", (_, text = "") => {
    expect(quickValues(text)).toBeDefined();
    expect(shown(quickValues(text))).toBe(shown(byLibrary(text)));
  });
});

test.each([
  ["a key that appears twice", "a: 1\na: 2\n"],
  ["an anchor", "a: &x 1\nb: *x\n"],
  ["a merge", "a: 1\n<<: {b: 2}\n"],
  ["a tag", "a: !b c\n"],
  ["two documents", "a: 1\n---\nb: 2\n"],
  ["a word with two readings", "a: no\n"],
  ["a number with two readings", "a: 0755\n"],
  ["a quoted key", '"a": 1\n'],
  ["a block of text", "a: |\n  b\n"],
  ["a tab", "a:\tb\n"],
  ["nothing", "# a comment\n"],
])("%s is left to the library", (_, text) => {
  expect(quickValues(text) ?? undefined).toBeUndefined();
});
