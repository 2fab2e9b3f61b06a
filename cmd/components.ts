// `components`: the offering's components in Waldur, made as the file has them.

import { escapeUnsafe } from "../lib/unsafe-text.ts";
import { defineCommand } from "./command.ts";
import { commonFlags } from "./common.ts";
import { connectionFlags, offeringFlags, runOptions } from "./flags.ts";
import { createRunLog } from "./run.ts";

export const command = defineCommand({
  meta: { name: "components", description: "Create and update the offering's components in Waldur." },
  about:
    "Sends the values of backend_components that differ in Waldur. Nothing is removed or emptied, and prices are not changed.",
  args: {
    ...offeringFlags,
    "dry-run": {
      type: "boolean",
      alias: "n",
      group: "Run",
      description: "change nothing; show what would be changed",
    },
    "allow-billing-change": {
      type: "boolean",
      group: "Run",
      description: "also change how a component is billed (accounting_type)",
    },
    json: { type: "boolean", group: "Output", description: "print the changes as JSON" },
    ...connectionFlags,
    ...commonFlags,
  },
  examples: [
    {
      about: "what would be changed",
      command: "waldur-cscs-storage components -c /etc/waldur/config.yaml --dry-run",
    },
    { about: "change them", command: "waldur-cscs-storage components -c /etc/waldur/config.yaml" },
    {
      about: "the changed fields, for a script",
      command:
        "waldur-cscs-storage components --dry-run --json | jq '.offerings[].components[] | {type, changes}'",
    },
  ],
  exits: { 10: "some components were left as they are; the messages say why" },
  async run(flags, shell) {
    const { setUpComponents } = await import("../lib/components/run.ts");
    const { mode: _, ...options } = runOptions("orders", flags);
    const log = createRunLog(flags, {
      ...shell,
      writeError: (line) => shell.writeError(`${line}\n`),
    });
    const report = await setUpComponents(
      { ...options, allowBillingChange: flags["allow-billing-change"] === true },
      { ...shell, log },
    );
    const { componentsText } = await import("../lib/components/text.ts");
    const text = flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : componentsText(report);
    if (text !== "") await shell.print(log.hide(escapeUnsafe(text)));
    return report.exitCode;
  },
});
