// The keys of a component that the command `components` reads: mistakes in them have their place there, and are nothing
// to a run.

import { describe, expect, test } from "bun:test";
import { type ComponentDefinition, readDefinitions } from "../../../lib/components/definitions.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { ConfigError, type ConfigIssue } from "../../../lib/errors.ts";
import { configYaml, createSite, OTHER_UUID, offeringYaml } from "../config/site.ts";

type Read = { definitions: ComponentDefinition[]; issues: readonly ConfigIssue[] };

/** As the command reads the file. */
async function read(components: string, takes?: (uuid: string) => boolean): Promise<Read> {
  const site = createSite();
  const path = site.write("config.yaml", fileWith(components));
  const definitions: ComponentDefinition[] = [];
  try {
    await loadConfig(path, {
      ...{ env: {}, cwd: "/srv", allowInsecure: false },
      ...(takes && { takes: ({ uuid }) => takes(uuid) }),
      readMore: (offering, findings) => definitions.push(...readDefinitions(offering, findings)),
    });
    return { definitions, issues: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { definitions, issues: error.issues };
  }
}

function fileWith(components: string): string {
  return configYaml(offeringYaml({ offering: [`backend_components: ${components}`] }));
}

describe("a definition", () => {
  test("has Waldur's names, and nothing that the file does not say", async () => {
    const { definitions } = await read(
      "{storage: {accounting_type: limit, label: ' Space ', limit: 1, unit_factor: 2, description: , article_code: '', min_value: 0}, b: }",
    );
    expect(definitions).toEqual([
      { type: "storage", fields: { billing_type: "limit", name: "Space", limit_amount: 1, min_value: 0 } },
      { type: "b", fields: {} },
    ]);
  });

  test("of a list has a name only", async () => {
    expect((await read("[storage, b]")).definitions).toEqual([
      { type: "storage", fields: {} },
      { type: "b", fields: {} },
    ]);
  });

  test("of an offering that the command does not take is not read", async () => {
    expect(await read("{storage: {limit: many}}", (uuid) => uuid === OTHER_UUID)).toEqual({
      definitions: [],
      issues: [],
    });
  });
});

describe("a mistake", () => {
  const CASES: [component: string, key: string, message: string, hint: string][] = [
    ["{limit: many}", "limit", "must be a number of at least 0", ""],
    ["{limit: '5'}", "limit", "must be a number of at least 0", "write the number without quotes"],
    ["{limit: -1}", "limit", "must be a number of at least 0", ""],
    ["{limit: 0.125}", "limit", "at most two decimal places", ""],
    ["{limit: .inf}", "limit", "must be a number", ""],
    ["{limit: 010}", "limit", "must be a number", "write it without a leading 0"],
    ["{min_value: 5, max_value: 4}", "min_value", "is greater than max_value (4)", ""],
    ["{default_limit: [1]}", "default_limit", "must be a number", ""],
    ["{limit_decimal_places: 3}", "limit_decimal_places", "must be a whole number from 0 to 2", ""],
    ["{limit_period: week}", "limit_period", "must be one of annual, month, quarterly, total", ""],
    ["{label: 5}", "label", "must be text", "put it in quotes"],
    ["{label: no}", "label", "must be text", "put it in quotes"],
    [`{label: ${"x".repeat(151)}}`, "label", "has more than 150 characters", ""],
    [`{measured_unit: ${"x".repeat(31)}}`, "measured_unit", "has more than 30 characters", ""],
    ["{description: 5}", "description", "must be text", ""],
    ["{is_boolean: 1}", "is_boolean", "must be true or false", ""],
    ["{is_prepaid: 'yes'}", "is_prepaid", "must be true or false", "write it without quotes"],
    ["{min_prepaid_duration: 1.5}", "min_prepaid_duration", "must be a whole number", ""],
    [
      "{is_boolean: true, min_value: 2}",
      "min_value",
      "Waldur sets this itself where is_boolean is true, to 0",
      "leave it out",
    ],
    ["{is_boolean: true, limit: 2}", "limit", "Waldur sets this itself where is_boolean is true", ""],
    ["{measured_unti: TB}", "measured_unti", "unknown key", "did you mean measured_unit?"],
    ["{max_values: 1}", "max_values", "unknown key", "did you mean max_value?"],
  ];

  test.each(CASES)("%s is an error at its place", async (component, key, message, hint) => {
    const { issues } = await read(`{storage: ${component}}`);
    expect(issues).toMatchObject([{ path: `offerings[0].backend_components.storage.${key}` }]);
    expect(issues[0]?.message).toContain(message);
    if (hint !== "") expect(issues[0]?.hint).toBe(hint);
    const [line = 0, column = 0] = [issues[0]?.line, issues[0]?.column];
    const there =
      fileWith(`{storage: ${component}}`)
        .split("\n")
        [line - 1]?.slice(column - 1) ?? "";
    expect(there).not.toBe("");
    expect(`{storage: ${component}}`).toEndWith(there);
    expect(`${component.slice(0, 1 - there.length)}${there}`).toContain(key);
  });

  test.each(CASES)("%s is nothing to a run", async (component) => {
    const { issues, shown } = await createSite().load(fileWith(`{storage: ${component}}`));
    expect([issues, shown]).toEqual([[], ""]);
  });

  test("that a run finds too is reported once", async () => {
    for (const component of ["{accounting_type: fixed}", "{unit_factor: 0}", "{unit_facto: 2}"])
      expect((await read(`{storage: ${component}}`)).issues).toHaveLength(1);
    expect((await read("{storage: TB}")).issues).toHaveLength(1);
  });

  test("all of them are reported at once", async () => {
    const { issues } = await read("{storage: {limit: x, label: 1}, 'a b': {limit: y}}");
    expect(issues.map(({ path, message }) => [path?.split(".").slice(2).join("."), message])).toEqual([
      ["storage.limit", "must be a number of at least 0, with at most two decimal places"],
      ["storage.label", "must be text"],
      ["a b", "the name of a component in Waldur may contain only letters, digits, `_`, `-`, `/` and `:`"],
      ["a b.limit", "must be a number of at least 0, with at most two decimal places"],
    ]);
  });

  test("no key of any object is taken for one of the file", async () => {
    expect((await read("{storage: {constructor: 1, __proto__: 2, toString: 3}}")).definitions).toEqual([
      { type: "storage", fields: {} },
    ]);
  });
});
