// Storage fields that the order form puts one object below the name of its field.

import { describe, expect, test } from "bun:test";
import { plainStorageFields } from "../../../lib/storage/form.ts";
import { entryOf, mapper, numbersOf, problemsOf, source } from "./support.ts";

const STORAGE = {
  storage_data_type: "archive",
  permissions: "2770",
  hard_quota_space: 15,
  soft_quota_inodes: 105_000,
  hard_quota_inodes: 205_000,
};

const mapped = (attributes: Record<string, unknown>, options: Record<string, unknown> = {}) =>
  mapper().mapResource(source({ attributes, options }));

function valuesOf(made: Parameters<typeof entryOf>[0]) {
  const entry = entryOf(made);
  return [entry.permission?.value, entry.storageDataType.key, numbersOf(entry.quotas)];
}

describe("storage fields one object deeper", () => {
  test.each(["storage", "storage_config", "any name", "__proto__"])("are read below %p", (name) => {
    const attributes = JSON.parse(
      JSON.stringify({ name: "data", other: { label: "x" }, at: STORAGE }).replace(
        '"at"',
        JSON.stringify(name),
      ),
    );
    expect(valuesOf(mapped(attributes))).toEqual(["2770", "archive", [10, 15, 105_000, 205_000]]);
  });

  test("are the same in the file of an order, before and after the change", () => {
    const resource = source({ attributes: { storage: STORAGE } });
    for (const type of ["create", "update", "terminate"] as const) {
      const made = mapper().mapOrder({ type, limits: {}, attributes: {} }, resource);
      expect(valuesOf(made)).toEqual(["2770", "archive", [10, 15, 105_000, 205_000]]);
      if (type === "update") expect(numbersOf(entryOf(made).oldQuotas)).toEqual([10, 15, 105_000, 205_000]);
    }
  });

  test("give the path its data type", () => {
    const given = { mountPoint: "/{data_type}/{project}" };
    const resource = source({ attributes: { storage: STORAGE } });
    expect(mapper(given).placeOf(resource).path).toBe("/archive/climate-sim");
  });

  test("yield to the attributes themselves, and both to the options", () => {
    const attributes = { storage: STORAGE, permissions: "750", storage_data_type: "users" };
    expect(valuesOf(mapped(attributes))).toEqual(["750", "users", [10, 15, 105_000, 205_000]]);
    const options = { permissions: "700", hard_quota_space: 20 };
    expect(valuesOf(mapped(attributes, options))).toEqual(["700", "users", [10, 20, 105_000, 205_000]]);
  });

  test("count where the other place is blank", () => {
    const attributes = { storage: STORAGE, permissions: " ", storage_data_type: "" };
    const options = { permissions: "", hard_quota_space: " " };
    expect(valuesOf(mapped(attributes, options))).toEqual(["2770", "archive", [10, 15, 105_000, 205_000]]);
  });

  test.each([
    [{ permissions: "999" }, "bad-permissions attributes.storage.permissions"],
    [{ permissions: 504 }, "decimal-permissions attributes.storage.permissions"],
    [{ storage_data_type: "a/b" }, "bad-data-type attributes.storage.storage_data_type"],
    [{ hard_quota_space: "much" }, "bad-options attributes.storage.hard_quota_space"],
  ])("that are invalid are a problem at their place: %p", (storage, problem) => {
    expect(problemsOf(mapped({ storage }))).toEqual([problem]);
  });

  test("in several objects are a problem that names them", () => {
    const made = mapped({ storage: STORAGE, more: { permissions: "775" } });
    expect(problemsOf(made)).toEqual(["several-forms attributes"]);
    expect(made.ok ? "" : made.problems[0]?.message).toBe(
      'attributes has storage fields in several objects: "storage", "more"',
    );
  });

  test.each([
    [{ storage: {}, more: { permissions: " ", hard_quota_space: null } }],
    [{ storage: "text", more: [STORAGE] }],
    [{ storage: { deeper: STORAGE } }],
    [{ hard_quota_space: 15 }],
  ])("are not there in %p", (attributes) => {
    expect(valuesOf(mapped(attributes))).toEqual(["775", "store", [10, 10, 13_300_000, 20_000_000]]);
  });
});

test("a path is known where the data type is not, unless the template has it", () => {
  for (const attributes of [{ storage_data_type: "a/b" }, { a: STORAGE, b: STORAGE }]) {
    const resource = source({ attributes });
    expect(mapper().placeOf(resource).path).toBe("/capstor/store/university/physics-dept/climate-sim");
    expect(mapper({ mountPoint: "/{data_type}/{project}" }).placeOf(resource).path).toBeUndefined();
  }
});

describe("what is kept of attributes", () => {
  const kept = (permissions: unknown) => plainStorageFields({ permissions, note: "anything" });

  test("is short texts of plain characters, as no token is", () => {
    for (const text of ["", "2770", "a b.c-d_e", "x".repeat(32)])
      expect(kept(text)).toEqual({ permissions: text });
    for (const text of ["x".repeat(33), ..."@/:=+,;'\"<>\n\té\u00a0".split("")])
      expect([text, kept(text)]).toEqual([text, undefined]);
  });

  test("has names of objects that are as short and plain", () => {
    const below = (name: string) => plainStorageFields({ [name]: { permissions: "2770" } });
    for (const name of ["form", "x".repeat(32)])
      expect(below(name)).toEqual({ [name]: { permissions: "2770" } });
    for (const name of ["x".repeat(33), "a@b"]) expect([name, below(name)]).toEqual([name, undefined]);
  });
});
