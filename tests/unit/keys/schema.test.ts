// What is made from the schema besides the reading: the README's table, the JSON Schema.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Ajv from "ajv/dist/2020";
import { parse } from "yaml";
import { configJsonSchema } from "../../../lib/keys/json-schema.ts";
import { OWN_KEYS } from "../../../lib/keys/levels.ts";
import { withKeysTable } from "../../../scripts/keys-table.ts";
import { configYaml, createSite, offeringYaml } from "../config/site.ts";

const root = resolve(import.meta.dir, "../../..");

test("the README has the table of keys that the schema gives (bun scripts/keys-table.ts writes it)", () => {
  const page = readFileSync(join(root, "README.md"), "utf8");
  expect(page).toBe(withKeysTable(page));
});

describe("the JSON Schema", () => {
  const schema = configJsonSchema();
  const validate = new Ajv({ strict: true, strictTypes: false }).compile(JSON.parse(JSON.stringify(schema)));

  test("names every key that is read, with what it means", () => {
    for (const [level, name] of [
      ["offering", "offering"],
      ["settings", "backend_settings"],
      ["component", "component"],
    ] as const) {
      const known = schema.$defs?.[name];
      const described = typeof known === "object" ? Object.entries(known.properties ?? {}) : [];
      expect(described.map(([key]) => key)).toEqual([...OWN_KEYS[level]]);
      for (const [key, value] of described) {
        expect([key, typeof value === "object" && value.description]).toEqual([key, expect.any(String)]);
      }
    }
  });

  test.each([
    ["settings", ["output_directory: /srv/out", "file_mode: '0640'", "default_permissions: 775"], []],
    [
      "components by name",
      ["output_directory: /srv/out"],
      ["backend_components: {storage: {unit_factor: 2}}"],
    ],
    ["components in a list", ["output_directory: /srv/out"], ["backend_components: [storage]"]],
    ["null for a default", ["output_directory: /srv/out", "keep_snapshots:"], ["backend_components:"]],
  ])("takes what the program takes: %s", async (_, settings, offering) => {
    const yaml = configYaml(
      offeringYaml({ settings, offering }),
      "  - {backend_type: slurm, verify_ssl: 3}\n",
    );
    expect((await createSite().load(yaml)).issues).toEqual([]);
    validate(parse(yaml));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each([
    ["keep_snapshots: -1", "/offerings/0/backend_settings/keep_snapshots"],
    ["parallel_requests: 9", "/offerings/0/backend_settings/parallel_requests"],
    ["acceptance: always", "/offerings/0/backend_settings/acceptance"],
    ["file_mode: 644", "/offerings/0/backend_settings/file_mode"],
    ["latest_link: 'true'", "/offerings/0/backend_settings/latest_link"],
    ["inode_hard_coefficient: 0", "/offerings/0/backend_settings/inode_hard_coefficient"],
  ])("refuses %s", async (line, path) => {
    const yaml = configYaml(offeringYaml({ settings: ["output_directory: /srv/out", line] }));
    expect((await createSite().load(yaml)).issues).toHaveLength(1);
    expect(validate(parse(yaml))).toBe(false);
    expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(path);
  });

  test("takes the example of the Python plugin", () => {
    const example = readFileSync(join(root, "tests/fixtures/config/example.yaml"), "utf8");
    validate(parse(example));
    expect(validate.errors ?? []).toEqual([]);
  });
});
