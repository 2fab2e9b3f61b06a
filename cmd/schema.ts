// `schema`: what files of this program look like, as JSON Schema.

import { EXIT } from "../lib/errors.ts";
import type { Command, CommandGroup } from "./command.ts";
import { helpFlag } from "./flags.ts";

const config: Command = {
  definition: {
    meta: {
      name: "waldur-cscs-storage schema config",
      description: "Print the JSON Schema of the configuration file",
    },
    args: helpFlag,
  },
  examples: ["waldur-cscs-storage schema config > waldur-cscs-storage.schema.json"],
  async run(_, shell) {
    const { configJsonSchema } = await import("../lib/config/json-schema.ts");
    await shell.print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return EXIT.ok;
  },
};

export const command: CommandGroup = {
  name: "schema",
  definition: {
    meta: { name: "waldur-cscs-storage schema", description: "Print a JSON Schema" },
    args: helpFlag,
    subCommands: { config: config.definition },
  },
  examples: config.examples,
  subcommands: new Map([["config", config]]),
};
