// `page`: one static HTML file with quotas, changes, orders and problems.

import { EXIT, type ExitCode } from "../lib/errors.ts";
import { defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { LOCAL_ENDS } from "./exit-codes.ts";
import { offeringFlags, runOptions, text } from "./flags.ts";
import { loadOfferings } from "./offerings.ts";

export const command = defineCommand({
  meta: { name: "page", description: "Write an HTML page with quotas, changes, orders and problems." },
  about:
    "Writes index.html: the newest snapshot by tenant, project and system, changes since the previous one, open and recent orders, " +
    "problems, and the last runs. One page for each output directory, or with --output one for all. It loads nothing " +
    "from elsewhere. Sends no requests to Waldur. Run it as the user of the runs.",
  args: {
    ...offeringFlags,
    output: {
      type: "string",
      valueHint: "FILE",
      group: "Output",
      description: "write one page for all offerings to FILE",
    },
    ...commonFlags,
  },
  examples: [
    {
      about: "index.html in the output directory, after each snapshot",
      command: "waldur-cscs-storage page -c /etc/waldur/config.yaml",
    },
    {
      about: "outside the output directory",
      command: "waldur-cscs-storage page -c /etc/waldur/config.yaml --output /var/www/storage.html",
    },
  ],
  ends: LOCAL_ENDS,
  exits: {
    0: "written, also if it shows problems; not written on a passive gateway",
    65: "the newest snapshot is incomplete",
    73: "it cannot be written, or a file of that name is not ours",
  },
  async run(flags, shell): Promise<ExitCode> {
    const { offerings } = await loadOfferings(flags, shell, { needsToken: false });
    const [{ writePages }, { isAbsent }, { resolve }] = await Promise.all([
      import("../lib/page/write.ts"),
      import("../lib/run/active.ts"),
      import("node:path"),
    ]);
    const { silenceMs } = runOptions("orders", flags);
    const active = [];
    for (const offering of offerings) {
      const { activeIf } = offering.settings;
      const limits = { silenceMs, signal: shell.interrupted };
      if (activeIf === null || !(await isAbsent(activeIf, limits))) active.push(offering);
    }
    const output = text(flags, "output");
    await writePages({
      offerings: active,
      version: shell.version,
      now: () => new Date(),
      output: output === undefined ? null : resolve(shell.cwd, output),
    });
    return EXIT.ok;
  },
});
