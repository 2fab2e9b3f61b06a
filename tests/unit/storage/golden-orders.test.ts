// Compatibility with the Python program's order files, as far as the mapper decides them. Most vectors are about what
// that program did when something failed; here each of their orders still gives its entry, or says why it cannot.

import { describe, expect, test } from "bun:test";
import type { OrderType, StorageResource, StorageSource } from "../../../lib/storage/document.ts";
import type { Mapped } from "../../../lib/storage/mapper.ts";
import {
  asOurs,
  entryOf,
  mapper,
  numbersOf,
  problemsOf,
  readOrderVector,
  sourceOfRow,
  vectorNames,
} from "./support.ts";

const SAME = [
  "01-create-pending",
  "02-create-executing",
  "05-create-backend-id-already-set",
  "06-create-no-team",
  "10-create-project-item",
  "16-create-set-backend-id-500",
  "18-create-set-state-done-500-once",
  "20-create-erred-endpoint-also-500",
];

describe("agrees with the original", () => {
  test.each(SAME)("%s", (name) => {
    expectOriginal(run(name));
  });
});

/** Names given to `difference`. */
const tested = new Set<string>();

describe("differs from the original on purpose", () => {
  for (const name of [
    "04-create-resource-never-appears",
    "14-create-output-dir-unwritable",
    "17-create-approve-502-once",
    "22-create-connection-dropped-on-retrieve",
    "32-order-list-500",
    "34-users-me-401",
  ]) {
    difference(
      name,
      "trouble elsewhere does not change what an order's file would hold",
      ({ mapped, original }) => {
        expect(original).toEqual([]);
        expect(quotasOf(mapped)).toEqual([[20, 20, 26_600_000, 40_000_000]]);
      },
    );
  }
  difference(
    "08-create-order-slugs-absent",
    "takes the slugs of the resource, not of the order",
    ({ mapped, original }) => {
      expect(original.map(pathOf).join()).toContain("object at 0x");
      expect(mapped.map((one) => pathOf(entryOf(one)))).toEqual([
        "/capstor/store/eth-zurich-7/climate-simulation-409/project-data-climate-simulation-409-1008",
      ]);
    },
  );
  difference(
    "09-create-component-only-on-server",
    "takes the configured component also when the server has others",
    ({ mapped, original }) => {
      expect(original.map(({ quotas }) => numbersOf(quotas)?.[0])).toEqual([7]);
      expect(quotasOf(mapped)).toEqual([[20, 20, 26_600_000, 40_000_000]]);
    },
  );
  difference(
    "12-create-slug-empty",
    "reports an empty slug instead of a path that ends with a slash",
    ({ mapped }) => {
      expect(mapped.map(problemsOf)).toEqual([["bad-slug slug"]]);
    },
  );
  difference("13-create-resource-limits-null", "takes the limits of the order", ({ mapped, original }) => {
    expect(original).toEqual([]);
    expect(quotasOf(mapped)).toEqual([[1, 1, 1_330_000, 2_000_000]]);
  });
  difference("21-create-resource-404", "an order without a resource has no entry", ({ mapped, original }) => {
    expect([mapped, original]).toEqual([[], []]);
  });
  difference("33-order-list-empty", "no order, no entry: both agree", ({ mapped, original }) => {
    expect([mapped, original]).toEqual([[], []]);
  });
  for (const name of ["24-update-no-limits", "25-update-empty-limits"]) {
    difference(name, "an update has a file, with the limits of the resource", ({ mapped, original }) => {
      expect(original).toEqual([]);
      const { status, quotas, oldQuotas, newQuotas } = entryOf(only(mapped));
      expect([status, numbersOf(quotas)]).toEqual(["updating", [20, 20, 26_600_000, 40_000_000]]);
      expect([oldQuotas, newQuotas]).toEqual([quotas, quotas]);
    });
  }
  difference("26-terminate-pending", "a termination has a file", ({ mapped, original }) => {
    expect(original).toEqual([]);
    const entry = entryOf(only(mapped));
    expect([entry.status, numbersOf(entry.quotas)?.[0], "oldQuotas" in entry]).toEqual([
      "removing",
      20,
      false,
    ]);
  });
  difference(
    "28-create-update-terminate-in-one-pass",
    "each of the three has a file",
    ({ mapped, ...rest }) => {
      expectOriginal({ ...rest, mapped: mapped.slice(0, 1) });
      const entries = mapped.map(entryOf);
      expect(entries.map(({ status }) => status)).toEqual(["pending", "updating", "removing"]);
      expect(entries.map(({ quotas }) => numbersOf(quotas)?.[0])).toEqual([20, 99, 20]);
      expect(entries.map(({ oldQuotas }) => numbersOf(oldQuotas)?.[0])).toEqual([undefined, 20, undefined]);
      expect(Object.keys(entries[1] ?? {}).slice(4, 7)).toEqual(["quotas", "oldQuotas", "newQuotas"]);
    },
  );
  difference("29-thirteen-creates", "the orders after the tenth have entries too", ({ mapped, ...rest }) => {
    expectOriginal({ ...rest, mapped: mapped.slice(0, 10) });
    expect(mapped.slice(10).map(problemsOf)).toEqual([[], [], []]);
  });
  difference(
    "30-two-creates-same-resource-same-minute",
    "both orders give the path of the resource",
    ({ mapped, original }) => {
      expect(original.map(pathOf).join()).toContain("/second-order/");
      const path =
        "/capstor/store/eth-zurich-4/weather-and-climate-445/project-data-weather-and-climate-445-104";
      expect(mapped.map((one) => pathOf(entryOf(one)))).toEqual([path, path]);
    },
  );
  difference(
    "36-second-of-three-fails",
    "the second has an entry without quotas",
    ({ mapped, sources, original }) => {
      const isSecond = (_: unknown, at: number) => at === 1;
      const others = (values: readonly unknown[]) => values.filter((value, at) => !isSecond(value, at));
      expect(others(mapped.map(entryOf))).toEqual(
        original.map((entry) => asOurs(entry, sourceFor(entry, sources), "pending")),
      );
      expect(mapped.filter(isSecond).map((one) => entryOf(one).quotas)).toEqual([null]);
    },
  );
});

test("every vector is tested", () => {
  expect([...SAME, ...tested].sort()).toEqual(vectorNames("orders"));
});

type Run = { mapped: Mapped[]; sources: StorageSource[]; original: StorageResource[] };

function difference(name: string, what: string, check: (run: Run) => void) {
  tested.add(name);
  test(`${name}: ${what}`, () => check(run(name)));
}

const TYPES: Readonly<Record<string, OrderType>> = {
  Create: "create",
  Update: "update",
  Terminate: "terminate",
};

function run(name: string): Run {
  const vector = readOrderVector(name);
  const sources = vector.resources.map(sourceOfRow);
  const { mapOrder } = mapper();
  const mapped = vector.orders.flatMap((order, at) => {
    const uuid = order.marketplace_resource_uuid ?? sources[at]?.uuid;
    const found = sources.find((source) => source.uuid === uuid);
    const type = TYPES[order.type];
    if (found === undefined || type === undefined) return [];
    return [mapOrder({ type, limits: order.limits ?? {}, attributes: order.attributes }, found)];
  });
  return { mapped, sources, original: vector.original };
}

function expectOriginal({ mapped, sources, original }: Run): void {
  const wanted = original.map((entry) => asOurs(entry, sourceFor(entry, sources), "pending"));
  expect(mapped.map(entryOf)).toEqual(wanted);
  expect(JSON.stringify(mapped.map(entryOf))).toBe(JSON.stringify(wanted));
}

function sourceFor(entry: StorageResource, sources: StorageSource[]): StorageSource {
  const found = sources.find(({ uuid }) => uuid === entry.itemId);
  if (found === undefined) throw new Error(`no resource ${entry.itemId}`);
  return found;
}

function only<Value>(values: readonly Value[]): Value {
  const [value] = values;
  if (value === undefined || values.length > 1) throw new Error(`${values.length} values instead of one`);
  return value;
}

const quotasOf = (mapped: Mapped[]) => mapped.map((one) => numbersOf(entryOf(one).quotas));
const pathOf = (entry: StorageResource) => entry.mountPoint.default;
