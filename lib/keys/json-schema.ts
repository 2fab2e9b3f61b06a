// The schema of the configuration file as a JSON Schema, for editors and for programs that generate the file. What it
// cannot express (files that must exist, keys that must agree, unquoted octal numbers) a run reports.

import { toJsonSchema } from "@valibot/to-json-schema";
import { BACKEND } from "./ours.ts";
import {
  AnyComponents,
  Component,
  ComponentNames,
  ComponentsByName,
  File,
  Offering,
  Settings,
} from "./schema.ts";

/** JSON Schema 2020-12. */
export function configJsonSchema() {
  const schema = toJsonSchema(File, {
    target: "draft-2020-12",
    typeMode: "input",
    // What JSON Schema cannot express is left out.
    errorMode: "ignore",
    definitions: {
      offering: Offering,
      backend_settings: Settings,
      backend_components: AnyComponents,
      components_by_name: ComponentsByName,
      component_names: ComponentNames,
      component: Component,
    },
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "lazy" && jsonSchema.$ref === "#/$defs/offering"
        ? { type: "object", anyOf: [{ not: IS_OURS }, jsonSchema] }
        : null,
    // For the README alone.
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type !== "metadata") return null;
      return Object.fromEntries(Object.entries(jsonSchema).filter(([name]) => name !== "shown"));
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, title: "Configuration of waldur-cscs-storage", ...rest };
}

/** In any case, which JSON Schema has no flag for. */
const PATTERN = `^\\s*${BACKEND.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)}\\s*$`;

/** Offerings of other backends may be anything. */
const IS_OURS = {
  anyOf: ["backend_type", "order_processing_backend"].map((key) => ({
    properties: { [key]: { type: "string" as const, pattern: PATTERN } },
    required: [key],
  })),
};
