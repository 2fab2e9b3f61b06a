import { expect, test } from "bun:test";
import fc from "fast-check";
import { LARGEST_ENTRY_BYTES } from "../../../lib/storage/entry-size.ts";
import { entriesText } from "../../../lib/storage/text.ts";
import { mapper, problemsOf, source } from "./support.ts";

const update = { type: "update", limits: {}, attributes: {} } as const;
const named = (name: string) => source({ project: { uuid: "3".repeat(32), name, slug: "physics-dept" } });

test.each([
  ["a name of 12 000 letters", named("n".repeat(12_000)), []],
  ["a name of 17 000 letters", named("n".repeat(17_000)), ["too-large project_name"]],
  ["a name of 5 500 letters of three bytes", named("€".repeat(5_500)), ["too-large project_name"]],
  ["3 000 marks that are escaped", named("\u0001".repeat(3_000)), ["too-large project_name"]],
  [
    "a long text in the metadata",
    source({ backendMetadata: { tenant_item: { note: "x".repeat(20_000) } } }),
    ["too-large backend_metadata"],
  ],
  [
    "many short lines of metadata",
    source({ backendMetadata: { project_item: { list: Array(900).fill([1]) } } }),
    ["too-large backend_metadata"],
  ],
  ["metadata that are not passed on", source({ backendMetadata: { note: "x".repeat(20_000) } }), []],
])("of %s", (_name, given, problems) => {
  expect(problemsOf(mapper().mapResource(given))).toEqual([...problems]);
  expect(problemsOf(mapper().mapOrder(update, given))).toEqual([...problems]);
});

test("a list of a million values is refused at once", () => {
  const given = source({ backendMetadata: { project_item: { list: Array(1_000_000).fill(1) } } });
  const startedAt = performance.now();
  expect(problemsOf(mapper().mapResource(given))).toEqual(["too-large backend_metadata"]);
  expect(performance.now() - startedAt).toBeLessThan(500);
});

test("no entry is larger, whatever the metadata hold", () => {
  const item = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 8 }));
  fc.assert(
    fc.property(item, item, fc.nat(30), (one, other, times) => {
      const backendMetadata = {
        project_item: { many: Array(times).fill(one) },
        tenant_item: other,
        customer_item: { ...other, ...one },
      };
      const mapped = mapper().mapResource(source({ backendMetadata }));
      if (mapped.ok)
        expect(Buffer.byteLength(entriesText([mapped.entry]))).toBeLessThanOrEqual(LARGEST_ENTRY_BYTES);
    }),
    { numRuns: 300 },
  );
});
