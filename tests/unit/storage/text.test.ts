import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DocumentMeta, StorageDocument, StorageResource } from "../../../lib/storage/document.ts";
import {
  compareDocuments,
  documentFrame,
  documentText,
  entriesText,
  withoutDate,
} from "../../../lib/storage/text.ts";
import { escapeUnsafe } from "../../../lib/unsafe-text.ts";
import { anyEntry, anyMeta, entryOf, mapper, source } from "./support.ts";

const meta: DocumentMeta = {
  date: "2025-07-22T13:04:05+02:00",
  appVersion: "1.0.0",
  offering: { uuid: "d".repeat(32), slug: "capstor" },
};
const order = { uuid: "e".repeat(32), type: "create", created: "2025-07-22T11:00:00Z" } as const;
const entry = entryOf(mapper().mapResource(source()));

function documentOf(given: DocumentMeta, storageResources: StorageResource[]): StorageDocument {
  return { status: "success", code: 200, meta: given, result: { storageResources } };
}

test("the pieces of a frame are exactly those of the layout", () => {
  expect(documentFrame(meta)).toEqual({
    head: `{
  "status": "success",
  "code": 200,
  "meta": {
    "date": "2025-07-22T13:04:05+02:00",
    "appVersion": "1.0.0",
    "offering": {
      "uuid": "${"d".repeat(32)}",
      "slug": "capstor"
    }
  },
  "result": {
    "storageResources": [`,
    digestHead: `{
  "status": "success",
  "code": 200,
  "meta": {
    "appVersion": "1.0.0",
    "offering": {
      "uuid": "${"d".repeat(32)}",
      "slug": "capstor"
    }
  },
  "result": {
    "storageResources": [`,
    first: "\n",
    separator: ",\n",
    tail: "\n    ]\n  }\n}\n",
    emptyTail: "]\n  }\n}\n",
  });
});

test("written in pieces a document is the text that JSON.stringify gives, with what is unsafe escaped", () => {
  const pages = fc.array(fc.array(anyEntry(), { maxLength: 3 }), { maxLength: 3 });
  fc.assert(
    fc.property(anyMeta(), pages, (given, entries) => {
      const whole = documentOf(given, entries.flat());
      const frame = documentFrame(given);
      const written = entries.filter((page) => page.length > 0).map(entriesText);
      const text =
        written.length === 0
          ? frame.head + frame.emptyTail
          : frame.head + frame.first + written.join(frame.separator) + frame.tail;
      expect(text).toBe(`${escapeUnsafe(JSON.stringify(whole, null, 2))}\n`);
      expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(whole));
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(text).toBe(documentText(whole));
      const rest = text.slice(frame.head.length);
      expect(frame.digestHead + rest).toBe(withoutDate(text));
    }),
  );
});

test("no entries have no text", () => {
  expect(entriesText([])).toBe("");
});

describe("withoutDate", () => {
  test("makes texts of different moments equal, and only those", () => {
    fc.assert(
      fc.property(anyMeta(), anyEntry(), fc.string({ unit: "binary" }), (given, one, date) => {
        const text = documentText(documentOf(given, [one]));
        const later = documentText(documentOf({ ...given, date }, [one]));
        expect(withoutDate(later)).toBe(withoutDate(text));
        const { date: _, ...dateless } = given;
        const wanted = { ...documentOf(given, [one]), meta: dateless };
        expect(withoutDate(text)).toBe(`${escapeUnsafe(JSON.stringify(wanted, null, 2))}\n`);
      }),
    );
  });

  test("works on a first piece that ends anywhere after the date", () => {
    const text = documentText(documentOf(meta, [entry]));
    const from = text.indexOf('"appVersion"');
    for (let end = from; end < text.length; end++) {
      expect(withoutDate(text.slice(0, end)) + text.slice(end)).toBe(withoutDate(text));
    }
  });

  test("leaves a date elsewhere alone", () => {
    const text = '{\n  "meta": {\n    "x": 1\n  },\n  "result": {\n    "date": 1\n  }\n}\n';
    expect(withoutDate(text)).toBe(text);
    expect(withoutDate("")).toBe("");
    expect(withoutDate("no json")).toBe("no json");
  });
});

describe("compareDocuments", () => {
  const text = (changes: Partial<DocumentMeta> = {}, entries = [entry]) =>
    documentText(documentOf({ ...meta, order, ...changes }, entries));
  const compare = (existing: string) => compareDocuments(existing, text(), order.uuid);

  test("calls the same text the same", () => {
    expect(compare(text())).toBe("same");
  });
  test("looks away from the date, and from the version of the program", () => {
    expect(compare(text({ date: "2020-01-01T00:00:00Z", appVersion: "0.1.0" }))).toBe("same");
  });
  test("sees any other difference", () => {
    expect(compare(text({}, [{ ...entry, quotas: null }]))).toBe("differs");
    expect(compare(text({}, [{ ...entry, status: "error" }]))).toBe("differs");
    expect(compare(text({ order: { ...order, type: "update" } }))).toBe("differs");
    expect(compare(text({ offering: { uuid: "f".repeat(32), slug: "capstor" } }))).toBe("differs");
  });
  test("does not mind another layout of the same content", () => {
    expect(compare(JSON.stringify(JSON.parse(text())))).toBe("same");
  });
  test.each([
    ["another order's", text({ order: { ...order, uuid: "f".repeat(32) } })],
    ["a snapshot", documentText(documentOf(meta, [entry]))],
    ["cut", text().slice(0, -3)],
    ["empty", ""],
    ["a list", "[]"],
    ["null", "null"],
    ["other JSON", '{"meta":7}'],
  ])("calls a file foreign that is %s", (_, existing) => {
    expect(compare(existing)).toBe("foreign");
  });
});
