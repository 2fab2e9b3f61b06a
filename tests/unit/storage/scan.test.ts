import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DocumentMeta, StorageResource } from "../../../lib/storage/document.ts";
import { type ScannedEntry, scanDocument } from "../../../lib/storage/scan.ts";
import { documentFrame, documentText } from "../../../lib/storage/text.ts";
import { anyEntry, anyMeta, entryOf, mapper, source } from "./support.ts";

const meta: DocumentMeta = {
  date: "2025-07-22T13:04:05+02:00",
  appVersion: "1.0.0",
  offering: { uuid: "d".repeat(32), slug: "capstor" },
};
const entries = ["a", "b", "c"].map((slug, at) =>
  entryOf(mapper().mapResource(source({ slug, uuid: String(at).repeat(32) }))),
);

test("reads back what was written, however the text is cut into pieces", () => {
  const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
  fc.assert(
    fc.property(anyMeta(), fc.array(anyEntry(), { maxLength: 4 }), cuts, (given, written, at) => {
      const text = textOf(given, written);
      const { scan, found } = collect(cut(text, at));
      expect(scan).toEqual({
        meta: JSON.parse(JSON.stringify(given)),
        entries: written.length,
        complete: true,
      });
      expect(found.map(({ itemId }) => itemId)).toEqual(written.map(({ itemId }) => itemId));
      expect(found.map(({ mountPoint }) => mountPoint)).toEqual(written.map((one) => one.mountPoint.default));
      expect(rewritten(given, found)).toBe(text);
    }),
    { numRuns: 300 },
  );
});

test("reads character by character", () => {
  const text = textOf(meta, entries);
  expect(collect([...text]).scan).toEqual({ meta, entries: 3, complete: true });
});

describe("a text that is not whole", () => {
  test("is never complete, wherever it was cut", () => {
    const text = textOf(meta, entries);
    for (let end = 0; end < text.length; end++) {
      const { complete, entries: read } = scanDocument([text.slice(0, end)]);
      expect(complete).toBe(false);
      expect(read).toBeLessThanOrEqual(3);
    }
  });

  test("is not complete with anything after its end", () => {
    for (const list of [[], entries]) {
      expect(scanDocument([textOf(meta, list), "x"]).complete).toBe(false);
      expect(scanDocument([`${textOf(meta, list)}\n`]).complete).toBe(false);
    }
  });

  test.each(['"', ":", "}", "[", "\n      {\n"])("is not complete when a %p in an entry is lost", (lost) => {
    const text = textOf(meta, entries);
    for (let at = text.indexOf(lost, 400); at >= 0; at = text.indexOf(lost, at + 1)) {
      const { scan, found } = collect([text.slice(0, at), text.slice(at + lost.length)]);
      expect(scan.complete).toBe(false);
      for (const entry of found) expect(() => JSON.parse(entry.text)).not.toThrow();
    }
  });
});

describe("another program's file", () => {
  const text = textOf(meta, entries);
  test.each([
    ["empty", ""],
    ["text", "hello"],
    ["compact JSON", JSON.stringify(JSON.parse(text))],
    ["JSON with another indent", JSON.stringify(JSON.parse(text), null, 4)],
    ["without an offering", text.replace('"offering"', '"other"')],
    ["of the program before, which had no offering in it", originalText()],
    ["an error", text.replace('"success"', '"error"')],
  ])("has no meta: %s", (_, other) => {
    expect(scanDocument([other])).toMatchObject({ meta: null, entries: 0, complete: false });
  });

  test("is given up early, not collected in search of a head", () => {
    let pulled = 0;
    function* endless() {
      for (;;) {
        pulled++;
        yield "x".repeat(10_000);
      }
    }
    expect(scanDocument(endless()).meta).toBeNull();
    expect(pulled).toBeLessThan(10);
  });

  test("is given up early where something endless follows the end", () => {
    let pulled = 0;
    function* endless() {
      yield text;
      for (;;) {
        if (pulled++ > 1000) throw new Error("not given up");
        yield "x".repeat(10);
      }
    }
    expect(scanDocument(endless()).complete).toBe(false);
    expect(pulled).toBeLessThan(10);
  });

  test("is given up where an entry does not end, instead of being collected", () => {
    let pulled = 0;
    const text = textOf(meta, entries);
    function* endless(): Iterable<string> {
      yield text.slice(0, text.indexOf("      {\n") + 8);
      for (; pulled < 200; pulled++) yield "\0".repeat(1_048_576);
    }
    expect(scanDocument(endless()).complete).toBe(false);
    expect(pulled).toBeLessThan(40);
  });

  test("is given up where an entry has another form", () => {
    const other = text.replace('"itemId"', '"id"');
    expect(collect([other])).toEqual({ scan: { meta, entries: 0, complete: false }, found: [] });
  });
});

function originalText(): string {
  const document = {
    status: "success",
    code: 200,
    meta: { date: "2025-07-22T13:04:05.123456", appVersion: "1.4.0" },
    result: { storageResources: entries },
  };
  return JSON.stringify(document, null, 2);
}

function textOf(given: DocumentMeta, storageResources: StorageResource[]): string {
  return documentText({ status: "success", code: 200, meta: given, result: { storageResources } });
}

function collect(chunks: Iterable<string>) {
  const found: ScannedEntry[] = [];
  const scan = scanDocument(chunks, (entry) => found.push(entry));
  return { scan, found };
}

function rewritten(given: DocumentMeta, found: ScannedEntry[]): string {
  const { head, first, separator, tail, emptyTail } = documentFrame(given);
  if (found.length === 0) return head + emptyTail;
  return head + first + found.map(({ text }) => text).join(separator) + tail;
}

function cut(text: string, at: number[]): string[] {
  const places = [0, ...at.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}
