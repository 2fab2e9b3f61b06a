// Compatibility with the Python program's snapshots: equal to what it wrote, entry by entry, but for what this program
// does differently on purpose. Each deliberate difference has a test of its own that names it.

import { describe, expect, test } from "bun:test";
import type { StorageResource } from "../../../lib/storage/document.ts";
import type { Mapped } from "../../../lib/storage/mapper.ts";
import {
  asOurs,
  entryOf,
  mapperOf,
  numbersOf,
  problemsOf,
  readSyncVector,
  sourceOfRow,
  vectorNames,
} from "./support.ts";

const SAME = [
  "01-normal",
  "02-three-resources-order-kept",
  "03-no-limits-empty-object",
  "04-limits-key-absent",
  "06-zero-limit",
  "10-limit-numeric-string",
  "21-attributes-empty",
  "22-attributes-absent",
  "27-metadata-project-item",
  "31-metadata-absent",
  "48-uuid-upper",
  "51-coefficients-custom",
  "52-coefficients-float-multiplier",
  "60-null-harmless-fields",
  "61-unknown-extra-fields",
  "63-empty-offering",
];

/** Names given to `difference`. */
const tested = new Set<string>();

describe("agrees with the original", () => {
  test.each(SAME)("%s", (name) => {
    const { sources, mapped, original } = run(name);
    const wanted = original.map((entry, at) => ours(entry, sources, at));
    expect(mapped.map(entryOf)).toEqual(wanted);
    expect(JSON.stringify(mapped.map(entryOf))).toBe(JSON.stringify(wanted));
  });
});

describe("differs from the original in every entry", () => {
  const { mapped, original, sources } = run("02-three-resources-order-kept");
  const entries = mapped.map(entryOf);

  test("the status gives the state of the resource instead of always pending", () => {
    expect(original.map(({ status }) => status)).toEqual(["pending", "pending", "pending"]);
    expect(entries.map(({ status }) => status)).toEqual(["active", "active", "active"]);
  });
  test("the ids of systems, file systems and data types are the same everywhere instead of random", () => {
    const ids = (list: StorageResource[]) => list.map((entry) => entry.storageSystem.itemId);
    expect(new Set(ids(original)).size).toBe(3);
    expect(new Set(ids(entries)).size).toBe(1);
  });
  test("a missing GID is null instead of invented", () => {
    expect(original.map(({ target }) => typeof target.targetItem.unixGid)).toEqual(Array(3).fill("number"));
    expect(entries.map(({ target }) => target.targetItem.unixGid)).toEqual([null, null, null]);
  });
  test("the customer and project of Waldur are named as tenant and customer", () => {
    expect(original.map((entry) => "tenant" in entry || "customer" in entry)).toEqual([false, false, false]);
    expect(entries.map(({ customer }) => customer.key)).toEqual(sources.map(({ project }) => project.slug));
  });
});

describe("differs from the original on purpose", () => {
  difference(
    "07-fractional-half",
    "keeps fractions of a TB instead of cutting them to 0",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])).toEqual([0, 0, 665_000, 1_000_000]);
      expect(mappedQuotas(mapped)).toEqual([[0.5, 0.5, 665_000, 1_000_000]]);
    },
  );
  difference(
    "09-negative-limit",
    "reports a negative limit instead of publishing no quotas",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])).toBeNull();
      expect(mapped.map(problemsOf)).toEqual([["bad-limit limits.storage"]]);
    },
  );
  difference(
    "12-limit-null-value",
    "takes a null limit as none instead of emptying the list",
    ({ mapped, original }) => {
      expect(original).toEqual([]);
      expect(mappedQuotas(mapped)).toEqual([[1, 1, 1_330_000, 2_000_000], null]);
    },
  );
  difference(
    "13-limit-true",
    "reports a boolean limit instead of taking it as 1 TB",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])).toEqual([1, 1, 1_330_000, 2_000_000]);
      expect(mapped.map(problemsOf)).toEqual([["bad-limit limits.storage"]]);
    },
  );
  difference(
    "15-components-none-configured",
    "reports limits without the component instead of publishing no quotas",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])).toBeNull();
      expect(mapped.map(problemsOf)).toEqual([["no-component limits"]]);
    },
  );
  difference(
    "16-components-two-configured-first-wins",
    "takes the component storage whatever limit comes first",
    ({ mapped, original }) => {
      expect(original.map((entry) => quotasOf(entry)?.[0])).toEqual([5, 10]);
      expect(mappedQuotas(mapped).map((quotas) => quotas?.[0])).toEqual([10, 10]);
    },
  );
  difference(
    "18-components-empty-config",
    "takes the component storage when none is configured instead of publishing no quotas",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])).toBeNull();
      expect(mappedQuotas(mapped)).toEqual([[500, 500, 665_000_000, 1_000_000_000]]);
    },
  );
  difference("19-unit-factor-ignored", "multiplies by unit_factor", ({ mapped, original }) => {
    expect(quotasOf(original[0])).toEqual([3, 3, 3_990_000, 6_000_000]);
    expect(mappedQuotas(mapped)).toEqual([[3072, 3072, 4_085_760_000, 6_144_000_000]]);
  });
  difference(
    "24-attributes-permissions-null",
    "takes the default for null permissions instead of publishing null",
    ({ mapped, original }) => {
      expect(original.map((entry) => String(entry.permission?.value))).toEqual(["null"]);
      expect(mapped.map((one) => entryOf(one).permission?.value)).toEqual(["775"]);
    },
  );
  difference(
    "25-attributes-data-type-null",
    "takes the default for a null data type instead of emptying the list",
    ({ mapped, original }) => {
      expect(original).toEqual([]);
      expect(mapped.map((one) => entryOf(one).storageDataType.key)).toEqual(["store", "store"]);
    },
  );
  for (const name of ["28-metadata-project-item-mock-true", "33-mock-true-no-metadata"]) {
    difference(
      name,
      "marks the item of mock mode, and its GID is the same in each run",
      ({ mapped, original, sources }) => {
        const { targetItem } = entryOf(only(mapped)).target;
        const wanted = asOurs(only(original), only(sources), "active").target.targetItem;
        expect(targetItem).toEqual({ ...wanted, unixGid: expect.any(Number), mock: true });
        expect(targetItem.unixGid).toBeWithin(30_000, 40_000);
        expect(entryOf(only(run(name).mapped)).target.targetItem).toEqual(targetItem);
      },
    );
  }
  difference(
    "30-metadata-tenant-customer-items-ignored",
    "passes on tenant_item and customer_item instead of ignoring them",
    ({ mapped, original, sources }) => {
      const wanted = asOurs(only(original), only(sources), "active");
      expect(mapped.map(entryOf)).toEqual([
        { ...wanted, tenant: { itemId: "t" }, customer: { itemId: "c" } },
      ]);
    },
  );
  difference("34-unicode", "reports slugs and data types beyond ASCII", ({ mapped }) => {
    expect(mapped.map(problemsOf)).toEqual([
      [
        "bad-data-type attributes.storage_data_type",
        "bad-slug customer_slug",
        "bad-slug project_slug",
        "bad-slug slug",
      ],
    ]);
  });
  difference("36-lone-surrogate", "reports half a character instead of cutting the file", ({ mapped }) => {
    expect(mapped.map(problemsOf)).toEqual([[], ["bad-slug slug"], []]);
  });
  difference("37-slug-absent", "reports an absent slug instead of cutting the file", ({ mapped }) => {
    expect(mapped.map(problemsOf)).toEqual([[], ["bad-slug slug"], []]);
  });
  difference(
    "39-slug-empty",
    "reports an empty slug instead of a path that ends with a slash",
    ({ mapped }) => {
      expect(mapped.map(problemsOf)).toEqual([["bad-slug slug"]]);
    },
  );
  difference(
    "40-slug-dots-and-slashes",
    "reports slugs that would lead elsewhere",
    ({ mapped, original }) => {
      expect(original.map(pathOf)).toEqual(["/capstor/store//a/b/../../etc"]);
      expect(mapped.map(problemsOf)).toEqual([
        ["bad-slug customer_slug", "bad-slug project_slug", "bad-slug slug"],
      ]);
    },
  );
  difference(
    "42-customer-slug-absent",
    "reports it instead of publishing a memory address",
    ({ mapped, original }) => {
      expect(original.map(pathOf).join()).toContain("object at 0x");
      expect(mapped.map(problemsOf)).toEqual([["bad-slug customer_slug"]]);
    },
  );
  difference(
    "43-offering-slug-absent",
    "knows the slug from the offering itself, so no row can lack it",
    ({ mapped, original }) => {
      expect(original).toEqual([]);
      expect(mapped.map((one) => entryOf(one).storageSystem.key)).toEqual(["capstor", "capstor"]);
    },
  );
  difference(
    "45-state-all",
    "gives the state of each, and takes a terminated one for none",
    ({ mapped, original }) => {
      expect(original.map(({ status }) => status)).toEqual(Array(6).fill("pending"));
      expect(mapped.slice(0, 5).map((one) => entryOf(one).status)).toEqual([
        "pending",
        "active",
        "error",
        "updating",
        "removing",
      ]);
      expect(mapped.slice(5).map(problemsOf)).toEqual([["unknown-state state"]]);
    },
  );
  difference("46-state-unknown", "leaves out that one instead of all", ({ mapped, original }) => {
    expect(original).toEqual([]);
    expect(mapped.map(problemsOf)).toEqual([[], ["unknown-state state"]]);
  });
  difference("49-uuid-absent", "leaves out that one instead of all", ({ mapped, original }) => {
    expect(original).toEqual([]);
    expect(mapped.map(problemsOf)).toEqual([[], ["bad-uuid uuid"]]);
  });
  difference("54-overflow-limit", "leaves out that one instead of all", ({ mapped, original }) => {
    expect(original).toEqual([]);
    expect(mapped.map(problemsOf)).toEqual([[], ["bad-limit limits.storage"]]);
  });
  difference(
    "55-big-integer-limit",
    "reports what JSON cannot distinguish from a limit above 2^53 instead of publishing 1.8e+22 inodes",
    ({ mapped, original }) => {
      expect(quotasOf(original[0])?.[3]).toBe(1.8014398509481984e22);
      expect(mapped.map(problemsOf)).toEqual([["bad-limit limits.storage"]]);
    },
  );
  difference(
    "58-null-last-sync",
    "does not mind a null in a field it does not use",
    ({ mapped, original }) => {
      expect(original).toEqual([]);
      expect(mapped.map((one) => pathOf(entryOf(one)))).toEqual([
        "/capstor/store/universitat-basel-8/genomics-pipeline-180/project-data-genomics-pipeline-180-779",
        "/capstor/store/eth-zurich/weather-and-climate-181/project-data-weather-and-climate-181-780",
      ]);
    },
  );
});

test("every vector is tested", () => {
  expect([...SAME, ...tested].sort()).toEqual(vectorNames("sync"));
});

type Run = ReturnType<typeof run>;

function difference(name: string, what: string, check: (run: Run) => void) {
  tested.add(name);
  test(`${name}: ${what}`, () => check(run(name)));
}

function run(name: string) {
  const vector = readSyncVector(name);
  const { mapResource } = mapperOf(vector);
  const sources = vector.resources.map(sourceOfRow);
  return { sources, mapped: sources.map((one) => mapResource(one)), original: vector.original ?? [] };
}

function ours(entry: StorageResource, sources: Run["sources"], at: number): StorageResource {
  const source = sources[at];
  if (source === undefined) throw new Error("the original wrote more than it read");
  return asOurs(entry, source, "active");
}

function only<Value>(values: readonly Value[]): Value {
  const [value] = values;
  if (value === undefined || values.length > 1) throw new Error(`${values.length} values instead of one`);
  return value;
}

const quotasOf = (entry: StorageResource | undefined) => numbersOf(entry?.quotas);
const mappedQuotas = (mapped: Mapped[]) => mapped.map((one) => numbersOf(entryOf(one).quotas));
const pathOf = (entry: StorageResource) => entry.mountPoint.default;
