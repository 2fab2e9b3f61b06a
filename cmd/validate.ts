// `validate`: published files against their schema and their rules.

import type { Validated } from "../lib/documents/finding.ts";
import { EXIT } from "../lib/errors.ts";
import { defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { PLAIN_ENDS } from "./exit-codes.ts";

export const command = defineCommand({
  meta: { name: "validate", description: "Check published files against their schema and their rules." },
  about:
    "Checks snapshots and order files against the schema that `schema document` prints, and rules beyond it: unique ids " +
    "and mount points, no hard quota below the soft one, a name that matches the content, and others. A mount point inside " +
    "another is a warning, because `nested_mounts` may allow it; warnings do not change the exit code.",
  args: {
    file: { type: "positional", repeatable: true, description: "a published file" },
    json: { type: "boolean", group: "Output", description: "print the findings as JSON" },
    ...commonFlags,
  },
  examples: [
    {
      about: "everything that was published",
      command: "waldur-cscs-storage validate /srv/storage-orders/*.json",
    },
    {
      about: "entries with errors",
      command: "waldur-cscs-storage validate all.json --json | jq -r '.findings[].itemId'",
    },
  ],
  ends: PLAIN_ENDS,
  exits: { 0: "every file is valid", 10: "a file has errors, or cannot be read" },
  async run(flags, shell) {
    const { validateJson, validateText } = await import("../lib/documents/validate-text.ts");
    const paths = Array.isArray(flags.file) ? flags.file.map(String) : [];
    const files: Validated[] = [];
    const pieces = flags.json === true ? validateJson(paths, files) : validateText(paths, files);
    for (const piece of pieces) await shell.print(piece);
    return files.every(({ errors }) => errors === 0) ? EXIT.ok : EXIT.problems;
  },
});
