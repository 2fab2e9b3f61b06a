// What every command shares, the root among them: the program's name and its two options.

import type { Arguments } from "./command.ts";

export const PROGRAM = "waldur-cscs-storage";

export const commonFlags = {
  help: { type: "boolean", alias: "h", description: "show this help" },
  version: { type: "boolean", alias: "V", description: "show the version" },
} as const satisfies Arguments;
