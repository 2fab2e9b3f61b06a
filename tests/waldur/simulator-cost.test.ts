// The mode in which the simulator charges for queries, as a server of 2024 was measured to (docs/waldur.md, "Lists").

import { describe, expect, test } from "bun:test";
import { listCostMs, queriesPerRow } from "../../lib/simulator/query-cost.ts";
import { resourceFields } from "../../lib/waldur/wire-resource.ts";
import { call, start } from "./simulator-calls.ts";

describe("queries for each row", () => {
  test.each([
    ["columns of the row itself", ["uuid", "slug", "state", "limits", "backend_metadata", "options"], 0],
    ["a relation", ["attributes"], 1],
    ["names that share a relation", ["project_uuid", "project_name", "offering_uuid", "attributes"], 2],
    ["what is two relations away", ["customer_name"], 2],
    ["the dearest field of all", ["can_terminate"], 9],
    ["the fields of a sync where slugs are joined", resourceFields(false), 2],
    ["the fields of a sync with project and customer on each row", resourceFields(true), 3],
    ["everything", [], 17],
  ] as const)("%s", (_, fields, expected) => {
    expect(queriesPerRow(fields)).toBe(expected);
  });

  test("cost for a page of 300 what was measured, within a tenth", () => {
    expect(listCostMs(300, resourceFields(false)) / 1735).toBeCloseTo(1, 1);
    expect(listCostMs(300, resourceFields(true)) / 2400).toBeCloseTo(1, 1);
    expect(listCostMs(300, []) / 11_800).toBeCloseTo(1, 1);
  });
});

test("takes that long for a list of resources", async () => {
  const simulator = start({ resources: 100, queryCost: 0.1 });
  const startedAt = performance.now();
  expect((await call(simulator, "marketplace-provider-resources/?page_size=100")).status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(0.1 * listCostMs(100, []) - 2);
});
