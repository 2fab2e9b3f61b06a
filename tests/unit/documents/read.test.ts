import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import fc from "fast-check";
import { join } from "pathe";
import { readDocument } from "../../../lib/documents/read.ts";
import { createTape } from "../../../lib/documents/tape.ts";
import { DocumentError, UsageError } from "../../../lib/errors.ts";
import { scratchDirectory } from "../../scratch.ts";
import { anyEntry } from "../storage/support.ts";
import { documentOf, entry, fileOf, textOf } from "./support.ts";

/** The document, put together again of its parts; undefined when it cannot be read. */
function reread(path: string): unknown {
  const document = readDocument(path);
  try {
    const entries = [...document.entries].map(({ value }) => value);
    const frame = document.frame();
    const { result } = Object(frame);
    if (Array.isArray(Object(result).storageResources)) result.storageResources = entries;
    return frame;
  } catch (error) {
    if (error instanceof DocumentError) return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const anyValue = fc.jsonValue({ maxDepth: 3 });

test("reads any document in any layout, as JSON.parse reads it", () => {
  const anyDocument = fc
    .tuple(fc.array(fc.oneof(anyEntry(), anyValue), { maxLength: 4 }), fc.dictionary(fc.string(), anyValue))
    .map(([entries, more]) => ({ ...more, ...documentOf(entries), ...more }));
  fc.assert(
    fc.property(anyDocument, fc.constantFrom(0, 1, 2, 3, "\t"), (document, indent) => {
      const text = JSON.stringify(document, null, indent);
      expect(reread(fileOf(text))).toEqual(parsed(text));
    }),
    { numRuns: 100 },
  );
});

test("refuses what JSON.parse refuses, and nothing else, wherever a character was lost, added or changed", () => {
  const text = JSON.stringify(documentOf([entry(1), entry(2)]), null, 2);
  const compact = JSON.stringify(documentOf([entry(1), 3, "x", [], null]));
  const edit = fc.record({
    of: fc.constantFrom(text, compact),
    at: fc.nat(text.length),
    lost: fc.nat(3),
    added: fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "\\", " ", "1", "e", "\n      }"),
  });
  fc.assert(
    fc.property(edit, ({ of, at, lost, added }) => {
      const edited = of.slice(0, at) + added + of.slice(at + lost);
      expect(reread(fileOf(edited))).toEqual(parsed(edited));
    }),
    { numRuns: 2000 },
  );
});

test("a document that was cut anywhere is refused, and the message says so", () => {
  const text = textOf([entry(1), entry(2)]).trimEnd();
  for (let end = 1; end < text.length; end += 7) expect(reread(fileOf(text.slice(0, end)))).toBeUndefined();
  expect(() => [...readDocument(fileOf(text.slice(0, -30))).entries]).toThrow(
    "it ends too early, after entry 1",
  );
});

test("values may be cut into pieces anywhere", () => {
  const text = JSON.stringify(documentOf([entry(1)]), null, 2);
  for (const size of [1, 2, 5, 13, 64]) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    expect(createTape(pieces).take()).toEqual({ value: JSON.parse(text), text });
  }
});

describe("what is refused", () => {
  test.each([
    ["two lists", `{"result": {"storageResources": [1], "storageResources": [2]}}`, "two lists"],
    [
      "two results",
      `{"result": {"storageResources": [1]}, "result": {"storageResources": [2]}}`,
      "two lists",
    ],
    ["more than a document", `${textOf([])} {}`, "something follows its end"],
    ["a mark of the byte order", `\ufeff${textOf([])}`, "not a JSON value"],
    ["nothing", "", "ends too early"],
    ["no UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22]), "not UTF-8"],
  ])("%s", (_, text, message) => {
    expect(() => [...readDocument(fileOf(text)).entries]).toThrow(message);
  });

  test("what is not a regular file, and what is not there", () => {
    const directory = scratchDirectory("read-");
    expect(() => [...readDocument(directory).entries]).toThrow("not a regular file");
    expect(() => [...readDocument(join(directory, "none")).entries]).toThrow(UsageError);
  });
});

test("follows a link, as people name latest-all.json", () => {
  const link = join(scratchDirectory("read-"), "latest-all.json");
  symlinkSync(fileOf(textOf([entry(1)])), link);
  expect([...readDocument(link).entries]).toHaveLength(1);
});
