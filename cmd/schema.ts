// `schema`: what files of this program look like, as JSON Schema.

import { EXIT } from "../lib/errors.ts";
import { defineCommand, defineGroup, loaded, type Shell } from "./command.ts";
import { commonFlags } from "./common.ts";
import { PLAIN_ENDS } from "./exit-codes.ts";

const config = defineCommand({
  meta: { name: "config", description: "Print the JSON Schema of the configuration file." },
  args: commonFlags,
  examples: [
    {
      about: "for an editor that completes keys and marks mistakes",
      command: "waldur-cscs-storage schema config | tee waldur-cscs-storage.schema.json",
    },
  ],
  ends: PLAIN_ENDS,
  async run(_, shell) {
    const { configJsonSchema } = await import("../lib/keys/json-schema.ts");
    return printSchema(configJsonSchema(), shell);
  },
});

const document = defineCommand({
  meta: { name: "document", description: "Print the JSON Schema of the published files." },
  about: "`validate` uses this schema, and checks rules that a schema cannot express.",
  args: commonFlags,
  examples: [
    {
      about: "the fields of an entry",
      command: "waldur-cscs-storage schema document | jq '.\"$defs\".storageResource.properties'",
    },
  ],
  ends: PLAIN_ENDS,
  async run(_, shell) {
    const { documentJsonSchema } = await import("../lib/documents/json-schema.ts");
    return printSchema(documentJsonSchema(), shell);
  },
});

const report = defineCommand({
  meta: { name: "report", description: "Print the JSON Schema of the report of a run." },
  about: "The report is what `orders` and `sync` print with --json or --dry-run.",
  args: commonFlags,
  examples: [
    {
      about: "what a problem consists of",
      command: "waldur-cscs-storage schema report | jq .properties.problems",
    },
  ],
  ends: PLAIN_ENDS,
  async run(_, shell) {
    const { reportJsonSchema } = await import("../lib/documents/json-schema.ts");
    return printSchema(reportJsonSchema(), shell);
  },
});

async function printSchema(schema: object, shell: Shell) {
  await shell.print(`${JSON.stringify(schema, null, 2)}\n`);
  return EXIT.ok;
}

const commands = [config, document, report];

export const command = defineGroup(
  {
    meta: { name: "schema", description: "Print the JSON Schema of a file of this program." },
    args: commonFlags,
    ends: PLAIN_ENDS,
    examples: commands.flatMap(({ examples }) => examples),
  },
  commands.map(loaded),
);
