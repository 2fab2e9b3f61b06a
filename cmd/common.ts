// The options of every command, the root among them.

import type { Arguments } from "./command.ts";

export const commonFlags = {
  help: { type: "boolean", alias: "h", description: "show this help" },
  version: { type: "boolean", alias: "V", description: "show the version" },
} as const satisfies Arguments;
