// `check`: whether both modes would succeed, before the first run.

import { createLog } from "../lib/report/log.ts";
import { createProgress } from "../lib/report/progress.ts";
import type { Surroundings } from "../lib/run/options.ts";
import { escapeUnsafe } from "../lib/unsafe-text.ts";
import { defineCommand, type Shell } from "./command.ts";
import { commonFlags } from "./common.ts";
import { connectionFlags, offeringFlags, runOptions, texts } from "./flags.ts";

export const command = defineCommand({
  meta: { name: "check", description: "Check whether both modes would succeed, and change nothing." },
  about:
    "Checks configuration, token, server, offering, permissions, output directory and metrics file, and what each mode " +
    "would do. Sends only GET requests. Ends with the exit code of a run.",
  args: {
    ...offeringFlags,
    "metrics-file": {
      type: "string",
      repeatable: true,
      valueHint: "FILE",
      group: "Configuration",
      description: "the --metrics-file of a run; may be given more than once",
    },
    json: { type: "boolean", group: "Output", description: "print the results as JSON" },
    ...connectionFlags,
    ...commonFlags,
  },
  examples: [
    { about: "before the first run", command: "waldur-cscs-storage check -c /etc/waldur/config.yaml" },
    {
      about: "messages of what failed",
      command: `waldur-cscs-storage check --json | jq -r '.items[] | select(.status == "fail").message'`,
    },
  ],
  exits: { 10: "a run would leave orders or resources out" },
  async run(flags, shell) {
    const surroundings = surroundingsOf(shell);
    const { mode: _mode, dryRun: _dryRun, ...shared } = runOptions("sync", flags);
    const options = { ...shared, metricsFiles: texts(flags, "metrics-file") };
    const { hide } = surroundings.log;
    if (flags.json === true) {
      const { checkSetup } = await import("../lib/check/check.ts");
      const report = await checkSetup(options, surroundings, () => undefined);
      await shell.print(hide(`${escapeUnsafe(JSON.stringify(report, null, 2))}\n`));
      return report.exitCode;
    }
    const { showCheck } = await import("../lib/check/shown.ts");
    const printing = printInOrder((text) => shell.print(hide(text)));
    const width = await shell.width();
    const report = await showCheck(options, surroundings, { width, show: printing.add });
    await printing.done();
    return report.exitCode;
  },
});

/** One text after the other, because the caller does not wait. */
function printInOrder(print: (text: string) => Promise<void>) {
  let printed = Promise.resolve();
  return {
    add(text: string) {
      printed = printed.then(() => print(text));
      // The caller that waits for the end gets the error.
      printed.catch(() => undefined);
    },
    done: () => printed,
  };
}

/** Its log is used only to redact secrets: what it would log is a finding. */
function surroundingsOf(shell: Shell): Surroundings {
  const now = () => new Date();
  return {
    env: shell.env,
    cwd: shell.cwd,
    version: shell.version,
    now,
    random: Math.random,
    log: createLog({
      format: "text",
      level: "quiet",
      terminal: shell.isErrorTerminal,
      color: false,
      journald: false,
      now,
      write: (line) => shell.writeError(`${line}\n`),
    }),
    progress: createProgress({
      visible: shell.isErrorTerminal,
      write: shell.writeError,
      nowMs: () => performance.now(),
    }),
    interrupted: shell.interrupted,
  };
}
