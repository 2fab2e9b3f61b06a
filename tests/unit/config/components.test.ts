import { describe, expect, test } from "bun:test";
import { configYaml, createSite, offeringYaml, onlyOffering } from "./site.ts";

const load = (components: string) =>
  createSite().load(configYaml(offeringYaml({ offering: [`backend_components: ${components}`] })));

describe("the component of the space quota", () => {
  test.each([
    ["", "storage", 1],
    ["{}", "storage", 1],
    ["{storage: }", "storage", 1],
    ["{storage: {unit_factor: 0.001}}", "storage", 0.001],
    ["{storage: {unit_factor: }}", "storage", 1],
    ["{capacity: {unit_factor: 2}}", "capacity", 2],
    ["[storage]", "storage", 1],
    ["[capacity]", "capacity", 1],
    ["[inodes, storage]", "storage", 1],
    ["\n      - storage", "storage", 1],
    ["{scratch: {unit_factor: 5}, storage: {unit_factor: 3}}", "storage", 3],
  ])("of %p", async (components, name, unitFactor) => {
    expect(onlyOffering(await load(components)).component).toEqual({ name, unitFactor });
  });

  test("has a default when the key is missing", async () => {
    const outcome = await createSite().load(configYaml(offeringYaml()));
    expect(onlyOffering(outcome).component).toEqual({ name: "storage", unitFactor: 1 });
  });

  test.each(["usage", "limit", "one"])("may be counted as %s", async (type) => {
    expect((await load(`{storage: {accounting_type: ${type}}}`)).issues).toEqual([]);
  });

  test.each([
    ["{a: {}, b: {}}", "", "none is named storage"],
    ["storage", "", "must be a map"],
    ["[]", "", "is empty"],
    ["[a, b]", "", "none is named storage"],
    ["[storage: {}]", "[0]", "must be the name of a component"],
    ["{storage: TB}", ".storage", "must be a map"],
    ["{storage: {unit_factor: 0}}", ".storage.unit_factor", "greater than 0"],
    ["{storage: {unit_factor: -1}}", ".storage.unit_factor", "greater than 0"],
    ["{storage: {unit_factor: .nan}}", ".storage.unit_factor", "greater than 0"],
    ["{storage: {unit_factor: .inf}}", ".storage.unit_factor", "greater than 0"],
    ["{storage: {unit_factor: '1'}}", ".storage.unit_factor", "greater than 0"],
    ["{storage: {accounting_type: fixed}}", ".storage.accounting_type", "must be one of usage, limit, one"],
    ["{storage: {accounting_type: Limit}}", ".storage.accounting_type", "must be one of usage, limit, one"],
    ["{storage: {}, x: {accounting_type: few}}", ".x.accounting_type", "must be one of usage, limit, one"],
  ])("refuses %s", async (components, path, message) => {
    const { issues } = await load(components);
    expect(issues).toMatchObject([{ path: `offerings[0].backend_components${path}` }]);
    expect(issues[0]?.message).toContain(message);
  });

  test("refuses a misspelt key", async () => {
    const { issues } = await load("{storage: {unit_facto: 1024}}");
    expect(issues).toMatchObject([
      { path: "offerings[0].backend_components.storage.unit_facto", hint: "did you mean unit_factor?" },
    ]);
  });
});
