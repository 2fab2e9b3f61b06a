// `orders`: one pass, or with --interval one after the other until a signal.

import { EXIT, type ExitCode } from "../lib/errors.ts";
import { describeOrders, publishOrders } from "../lib/orders/pass.ts";
import { defineCommand } from "./command.ts";
import { number, runFlags, runOptions } from "./flags.ts";
import { runOnce } from "./run.ts";

const ENDING: ReadonlySet<ExitCode> = new Set([EXIT.usage, EXIT.config, EXIT.sigint, EXIT.sigterm]);

export const command = defineCommand({
  meta: { name: "orders", description: "Publish open storage orders and report them back to Waldur." },
  args: runFlags("orders", {
    interval: {
      type: "string",
      valueHint: "SECONDS",
      group: "Run",
      description: "run a pass every SECONDS, 1 to 86400, until a signal",
    },
  }),
  examples: [
    { about: "one pass, for cron", command: "waldur-cscs-storage orders -c /etc/waldur/config.yaml" },
    {
      about: "what a pass would do with each order",
      command: "waldur-cscs-storage orders --dry-run | jq '.orders[] | {uuid, type, outcome}'",
    },
    {
      about: "a pass every minute, for a systemd service instead of cron",
      command: "waldur-cscs-storage orders --interval 60",
    },
  ],
  async run(flags, shell) {
    const options = runOptions("orders", flags);
    const intervalS = number(flags, "interval", { least: 1, most: 86400, otherwise: null });
    const pass = () =>
      runOnce(options, { flags, shell, work: { publish: publishOrders, describe: describeOrders } });
    if (intervalS === null) return pass();
    const { setTimeout: sleep } = await import("node:timers/promises");
    for (;;) {
      const startedAt = performance.now();
      const code = await pass();
      if (ENDING.has(code)) return code;
      const restMs = Math.max(0, intervalS * 1000 - (performance.now() - startedAt));
      await sleep(restMs, undefined, { signal: shell.interrupted }).catch(() => undefined);
      if (shell.interrupted.aborted) return shell.interrupted.reason.exitCode;
    }
  },
});
