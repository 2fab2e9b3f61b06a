import { expect, test } from "bun:test";
import fc from "fast-check";
import { clean, escapeUnsafe } from "../../lib/unsafe-text.ts";

const SHOWN: readonly (readonly [string, string])[] = [
  ["\u007f", "\\u007f"],
  ["\u0080", "\\u0080"],
  ["\u009b", "\\u009b"],
  ["\u00ad", "\\u00ad"],
  ["\u061c", "\\u061c"],
  ["\u200b", "\\u200b"],
  ["\u200f", "\\u200f"],
  ["\u2028", "\\u2028"],
  ["\u2029", "\\u2029"],
  ["\u202e", "\\u202e"],
  ["\u2066", "\\u2066"],
  ["\ufeff", "\\ufeff"],
  ["\u{e0001}", "\\udb40\\udc01"],
];

test.each(SHOWN)("%j is escaped in JSON, and a space in a message", (character, escaped) => {
  const json = JSON.stringify({ name: `a${character}b` });
  expect(escapeUnsafe(json)).toBe(`{"name":"a${escaped}b"}`);
  expect(clean(`a${character}${character}b\n`)).toBe("a b ");
});

test.each(["", "plain", "Zürich \u2014 東京 \u{1f600}", 'with "quotes" and \\u009b', "line\n  break"])(
  "%j has nothing to escape",
  (text) => {
    expect(escapeUnsafe(text)).toBe(text);
  },
);

test("escaped JSON has the same content", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const text = escapeUnsafe(JSON.stringify(value, null, 2));
      expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value));
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
    }),
  );
});
