// The schemas of what this program publishes and prints as JSON Schema 2020-12, for anybody who reads it in another
// language.

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { reportSchema } from "../report/schema.ts";
import { Directory, Document, Entry, Quotas } from "./schema.ts";

const DEFINITIONS = { document: Document, storageResource: Entry, directory: Directory, quotas: Quotas };

/** Of a published file: a snapshot, or the file of an order. */
export function documentJsonSchema() {
  const { document: _document, ...parts } = DEFINITIONS;
  return jsonSchemaOf(Document, "Document of waldur-cscs-storage", parts);
}

/** Of what a run prints with `--json` or `--dry-run`. */
export function reportJsonSchema() {
  return jsonSchemaOf(reportSchema(Document), "Report of waldur-cscs-storage", DEFINITIONS);
}

function jsonSchemaOf(
  schema: v.GenericSchema,
  title: string,
  definitions: Readonly<Record<string, v.GenericSchema>> = {},
) {
  const { $schema, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    definitions,
    // Any object (schema.ts).
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === "custom" ? { type: "object" } : null),
  });
  return { $schema, title, ...rest };
}
