// The schema of documents is right: an independent validator accepts whatever this program makes and made, refuses what
// `validate` refuses for it, and the other way round.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020";
import fc from "fast-check";
import { join } from "pathe";
import type * as v from "valibot";
import { documentJsonSchema } from "../../../lib/documents/json-schema.ts";
import type { Document, Entry } from "../../../lib/documents/schema.ts";
import { validateFile } from "../../../lib/documents/validate.ts";
import type { DocumentMeta, Quota, StorageResource } from "../../../lib/storage/document.ts";
import {
  anyEntry,
  entryOf,
  mapper,
  readOrderVector,
  source,
  sourceOfRow,
  vectorNames,
} from "../storage/support.ts";
import { documentOf, entry, fileOf, META, vectorDocuments } from "./support.ts";

const schema = documentJsonSchema();
const accepts = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(JSON.stringify(schema)));

function refusals(document: unknown): unknown[] {
  accepts(document);
  return accepts.errors ?? [];
}

test("the type of documents fits the schema, which also knows how many quotas there are", () => {
  type Entries = v.InferInput<typeof Entry>;
  type Same = Omit<Entries, "quotas" | "oldQuotas" | "newQuotas">;
  const entriesFit: (entry: StorageResource) => Same = (one) => one;
  const metaFits: (meta: DocumentMeta) => v.InferInput<typeof Document>["meta"] = (meta) => meta;
  const quotasFit: (quotas: NonNullable<Entries["quotas"]>) => Quota[] = (quotas) => quotas;
  expect([entriesFit, metaFits, quotasFit]).toBeArrayOfSize(3);
});

test("has a description of everything that its name does not say, and no words that other engines lack", () => {
  const text = JSON.stringify(schema);
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(text).not.toMatch(/\\\\p\{|\(\?<|\(\?i/);
  expect(text.match(/"description"/g)?.length).toBeGreaterThan(8);
});

describe("accepts", () => {
  test.each(vectorNames("sync"))("the snapshot made of %s", (name) => {
    expect(refusals(JSON.parse(vectorDocuments(name).ours))).toEqual([]);
  });

  test.each(vectorNames("orders"))("the entries made of the orders of %s", (name) => {
    const { orders, resources } = readOrderVector(name);
    for (const row of resources) {
      for (const { type, limits = {}, attributes } of orders) {
        const word = (["create", "update", "terminate"] as const).find((one) => type.toLowerCase() === one);
        if (word === undefined) continue;
        const mapped = mapper().mapOrder({ type: word, limits, attributes }, sourceOfRow(row));
        if (mapped.ok) expect(refusals(documentOf([mapped.entry]))).toEqual([]);
      }
    }
  });

  const upgrade = join(import.meta.dir, "../../fixtures/upgrade-0.1.0");
  const files = ["out", "external"].flatMap((directory) =>
    readdirSync(join(upgrade, directory))
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(upgrade, directory, name)),
  );
  test.each(files)("%s, which version 0.1.0 published, and so does validate", (path) => {
    expect(refusals(JSON.parse(readFileSync(path, "utf8")))).toEqual([]);
    expect([...validateFile(path)].filter(({ level }) => level === "error")).toEqual([]);
  });

  test("whatever the mapper makes, with any names and metadata", () => {
    fc.assert(
      fc.property(fc.array(anyEntry(), { maxLength: 3 }), (entries) => {
        expect(refusals(JSON.parse(JSON.stringify(documentOf(entries))))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("refuses", () => {
  const bad = (changes: Readonly<Record<string, unknown>>) => documentOf([{ ...entry(1), ...changes }]);
  test.each([
    ["another status of the document", { ...documentOf([]), status: "error" }],
    ["no offering, as in a document of the plugin", documentOf([], { date: META.date, appVersion: "1" })],
    ["a date without an offset", documentOf([], { ...META, date: "2026-01-05T09:00:00" })],
    ["an unknown status", bad({ status: "gone" })],
    ["a path that is relative", bad({ mountPoint: { default: "a/b" } })],
    ["a path with ..", bad({ mountPoint: { default: "/a/../b" } })],
    ["a path with a line break", bad({ mountPoint: { default: "/a\nb" } })],
    ["a path with an invisible character", bad({ mountPoint: { default: "/a\u200bb" } })],
    ["a permission that is none", bad({ permission: { permissionType: "octal", value: "rwx" } })],
    ["three quotas", bad({ quotas: entry(1).quotas?.slice(1) })],
    [
      "no space",
      bad({ quotas: entry(1).quotas?.map((one) => ({ ...one, ...(one.type === "space" && { quota: 0 }) })) }),
    ],
    [
      "no inodes",
      bad({
        quotas: entry(1).quotas?.map((one) => ({ ...one, ...(one.type === "inodes" && { quota: 0 }) })),
      }),
    ],
    ["a fraction of an inode", bad({ quotas: entry(1).quotas?.map((one) => ({ ...one, quota: 1.5 })) })],
    ["the GID of root", bad({ target: { targetType: "project", targetItem: { unixGid: 0 } } })],
    ["an upper-case uuid", bad({ itemId: "A".repeat(32) })],
    ["a list in the place of a customer", bad({ customer: [] })],
    ["a list in the place of a target item", bad({ target: { targetType: "project", targetItem: [] } })],
  ])("%s", (_, document) => {
    expect(refusals(document)).not.toEqual([]);
  });
});

describe("validate and an independent validator agree", () => {
  const update = entryOf(
    mapper().mapOrder({ type: "update", limits: { storage: 2 }, attributes: {} }, source()),
  );
  const order = { uuid: "e".repeat(32), type: "update", created: "2026-01-05T08:00:00Z" };
  const actions = { done: "https://a/", erred: "https://b/", backendId: "https://c/" };
  const whole = documentOf([entry(1), update], { ...META, order: { ...order, actions } });
  const places = [...placesIn(whole, [])];

  test("on a document in which anything was changed, dropped, renamed or put into a list", () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(null, true, 0, 1, -1, 1.5, 2 ** 53, 1e300, "", "x", "0", "/a", "/a/", [], {}, [
        null,
      ]),
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(...places.map((path) => valueAt(whole, path))),
    );
    const change = fc.record({
      path: fc.constantFrom(...places),
      how: fc.constantFrom("set", "drop", "wrap", "add"),
      value,
    });
    let refused = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const document: unknown = structuredClone(whole);
        for (const one of changes) edit(document, one);
        const text = JSON.stringify(document);
        const found = [...validateFile(fileOf(text))].filter(
          ({ code }) => code === "schema" || code === "json",
        );
        const isRefused = refusals(JSON.parse(text)).length > 0;
        expect({ text, isRefused: found.length > 0 }).toEqual({ text, isRefused });
        if (isRefused) refused++;
      }),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(300);
  }, 30_000);

  test.each([
    ["null"],
    ["3"],
    ['"x"'],
    ["[]"],
    ["{}"],
    ['{"result": []}'],
    ['{"result": {"storageResources": {}}}'],
  ])("on %s", (text) => {
    expect(refusals(JSON.parse(text))).not.toEqual([]);
    expect([...validateFile(fileOf(text))].map(({ code }) => code)).toContain("schema");
  });
});

type Path = readonly (string | number)[];

function* placesIn(value: unknown, path: Path): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  for (const key of keys) yield* placesIn(Reflect.get(value, key), [...path, key]);
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (Object(value) === value ? Reflect.get(Object(value), key) : undefined),
    root,
  );
}

function edit(root: unknown, { path, how, value }: { path: Path; how: string; value: unknown }): void {
  const holder = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder !== "object" || holder === null || key === undefined) return;
  if (how === "set") Reflect.set(holder, key, value);
  else if (how === "wrap") Reflect.set(holder, key, [Reflect.get(holder, key)]);
  else if (how === "drop" && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (how === "drop") Reflect.deleteProperty(holder, key);
  else if (Array.isArray(holder)) holder.push(value);
  else Reflect.set(holder, `${key}x`, value);
}
