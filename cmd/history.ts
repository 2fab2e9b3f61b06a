// `history`: what was sent to Waldur, published, removed and released, from the files of the state directory alone.

import { EXIT, UsageError } from "../lib/errors.ts";
import { defineCommand, type Flags } from "./command.ts";
import { commonFlags } from "./common.ts";
import { LOCAL_ENDS } from "./exit-codes.ts";
import { offeringFlags, parseUuid, runOptions, text } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";

export const command = defineCommand({
  meta: {
    name: "history",
    description: "Show what was sent to Waldur and which files were published.",
  },
  about:
    "Reads the records of past runs in the state directory; needs no token and sends no requests to Waldur.",
  args: {
    ...offeringFlags,
    since: {
      type: "string",
      valueHint: "TIME",
      group: "Run",
      description: "only entries since then: 90m, 12h, 2d, 1w ago, or a date such as 2026-11-27T06:00",
    },
    order: { type: "string", valueHint: "UUID", group: "Run", description: "only entries of this order" },
    json: { type: "boolean", group: "Output", description: "print a JSON array, one entry per line" },
    ...commonFlags,
  },
  examples: [
    { about: "the last two days", command: "waldur-cscs-storage history --since 2d" },
    {
      about: "requests that Waldur did not answer with 200",
      command:
        "waldur-cscs-storage history --json | jq '.[] | select(.event == \"sent\" and .status != 200)'",
    },
  ],
  ends: LOCAL_ENDS,
  async run(flags, shell) {
    const order = text(flags, "order");
    const filter = {
      since: sinceOf(flags, await import("../lib/history/since.ts")),
      order: order === undefined ? null : parseUuid("order", order),
      offerings: runOptions("orders", flags).offeringUuids,
    };
    const [{ listHistory }, { historyJson, historyTable }] = await Promise.all([
      import("../lib/history/reader.ts"),
      import("../lib/history/text.ts"),
    ]);
    const { offerings, timezone } = await loadOfferings(flags, shell, { needsToken: false });
    const entries = listHistory(
      offerings.map(({ settings }) => settings.outputDirectory),
      filter,
    );
    await shell.print(
      flags.json === true
        ? historyJson(entries)
        : historyTable(entries, { width: await shell.width(), timezone }),
    );
    return EXIT.ok;
  },
});

function sinceOf(flags: Flags, { parseSince }: typeof import("../lib/history/since.ts")): number | null {
  const given = text(flags, "since");
  if (given === undefined) return null;
  const since = parseSince(given, new Date());
  if (since !== null) return since;
  throw new UsageError(`--since ${JSON.stringify(given)} is neither a duration nor a time`, {
    hint: "such as 90m, 12h, 2d, 1w, or 2026-11-27, 2026-11-27T06:00, 2026-11-27T06:00:00Z",
  });
}
