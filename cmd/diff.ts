// `diff`: the differences between two documents.

import { EXIT } from "../lib/errors.ts";
import { defineCommand, type Flags, type Shell } from "./command.ts";
import { commonFlags } from "./common.ts";
import { LOCAL_ENDS } from "./exit-codes.ts";
import { offeringFlags, text } from "./flags.ts";

export const command = defineCommand({
  meta: { name: "diff", description: "Show the differences between two snapshots." },
  about:
    "Compares by itemId: resources that are new or gone, and path, quotas, permission, GID and status of the others. Without OLD and " +
    "NEW it compares the last two snapshots of the output directory, with OLD alone that file and the last snapshot. If " +
    "one of them was written by the Python plugin, differences that docs/migration.md explains are marked. Sends no requests to Waldur.",
  args: {
    old: { type: "positional", required: false, description: "a snapshot, or an order file" },
    new: { type: "positional", required: false, description: "the one to compare it with" },
    ...offeringFlags,
    json: { type: "boolean", group: "Output", description: "print the difference as JSON" },
    ...commonFlags,
  },
  examples: [
    {
      about: "since the previous snapshot",
      command: "waldur-cscs-storage diff -c /etc/waldur/config.yaml",
    },
    {
      about: "the plugin's last list and the last snapshot of this program",
      command: "waldur-cscs-storage diff old-all.json -c /etc/waldur/config.yaml",
    },
    {
      about: "paths that are gone",
      command: "waldur-cscs-storage diff old.json new.json --json | jq -r '.gone[].path'",
    },
  ],
  ends: LOCAL_ENDS,
  exits: {
    0: "equal",
    10: "different, or entries could not be compared",
    64: "wrong command line, or there is no such file",
    65: "a file is not a document, or is truncated",
  },
  async run(flags, shell) {
    const [{ diffDocuments }, { diffJson, diffText }] = await Promise.all([
      import("../lib/documents/diff.ts"),
      import("../lib/documents/diff-text.ts"),
    ]);
    const difference = diffDocuments(...(await pathsFor(flags, shell)));
    const pieces = flags.json === true ? diffJson(difference) : diffText(difference, await shell.width());
    for (const piece of pieces) await shell.print(piece);
    return difference.isEqual ? EXIT.ok : EXIT.problems;
  },
});

async function pathsFor(flags: Flags, shell: Shell): Promise<[old: string, next: string]> {
  const [old, next] = [text(flags, "old"), text(flags, "new")];
  if (old !== undefined && next !== undefined) return [old, next];
  const [{ loadOfferings }, { newestSnapshots }] = await Promise.all([
    import("./offerings.ts"),
    import("../lib/documents/snapshots.ts"),
  ]);
  const { offerings } = await loadOfferings(flags, shell, { needsToken: false });
  const [newest, before = newest] = newestSnapshots(offerings, old === undefined ? 2 : 1);
  return [old ?? before, newest];
}
