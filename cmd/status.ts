// `status`: the last runs, open orders and what they wait for, problems.

import { EXIT, type ExitCode } from "../lib/errors.ts";
import { escapeUnsafe } from "../lib/unsafe-text.ts";
import { defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { connectionFlags, offeringFlags } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";
import { askingWaldur } from "./waldur.ts";

export const command = defineCommand({
  meta: { name: "status", description: "Show the last runs, open orders and problems." },
  about:
    "Reads the state in the output directory, and the open orders from Waldur. Run it as the user of the runs. Changes nothing.",
  args: {
    ...offeringFlags,
    local: {
      type: "boolean",
      group: "Run",
      description: "send no requests to Waldur; needs no token, and shows only orders that have a file name",
    },
    json: { type: "boolean", group: "Output", description: "print the status as JSON" },
    ...connectionFlags,
    ...commonFlags,
  },
  examples: [
    { about: "now", command: "waldur-cscs-storage status -c /etc/waldur/config.yaml" },
    {
      about: "while Waldur is down",
      command: "waldur-cscs-storage status --local -c /etc/waldur/config.yaml",
    },
    {
      about: "orders that need attention",
      command: `waldur-cscs-storage status --json | jq '.offerings[].orders[] | select(.waits.for == "problem")'`,
    },
  ],
  exits: {
    10: "there are problems, the last run of a mode failed, or the last success is more than an hour ago (sync: 26 hours); not on a passive gateway",
  },
  async run(flags, shell): Promise<ExitCode> {
    const isLocal = flags.local === true;
    const { offerings } = await loadOfferings(flags, shell, { needsToken: !isLocal });
    const [{ statusOf }, { statusText }, { isAbsent }] = await Promise.all([
      import("../lib/status/status.ts"),
      import("../lib/status/text.ts"),
      import("../lib/run/active.ts"),
    ]);
    const status = await askingWaldur(flags, shell, ({ readerFor, ...limits }) =>
      statusOf({
        offerings,
        readerFor: isLocal ? null : readerFor,
        isPassive: async ({ settings: { activeIf } }) =>
          activeIf !== null && (await isAbsent(activeIf, limits)),
        version: shell.version,
        now: new Date(),
      }),
    );
    await shell.print(
      flags.json === true
        ? `${escapeUnsafe(JSON.stringify(status, null, 2))}\n`
        : statusText(status, await shell.width()),
    );
    return Object.values(EXIT).find((code) => code === status.exitCode) ?? EXIT.bug;
  },
});
