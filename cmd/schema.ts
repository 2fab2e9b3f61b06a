// `schema`: what files of this program look like, as JSON Schema.

import { EXIT } from "../lib/errors.ts";
import { defineCommand, defineGroup } from "./command.ts";
import { commonFlags } from "./common.ts";

const config = defineCommand({
  meta: { name: "config", description: "Print the JSON Schema of the configuration file." },
  args: commonFlags,
  examples: [
    {
      about: "for an editor that completes keys and marks mistakes",
      command: "waldur-cscs-storage schema config | tee waldur-cscs-storage.schema.json",
    },
  ],
  async run(_, shell) {
    const { configJsonSchema } = await import("../lib/config/json-schema.ts");
    await shell.print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return EXIT.ok;
  },
});

export const command = defineGroup(
  {
    meta: { name: "schema", description: "Print the JSON Schema of a file of this program." },
    args: commonFlags,
    examples: config.examples,
  },
  [{ name: "config", summary: config.meta.description, load: async () => ({ command: config }) }],
);
