import { runDemo } from "../lib/demo/demo.ts";
import { describeOrders, publishOrders } from "../lib/orders/pass.ts";
import { createLog } from "../lib/report/log.ts";
import { createProgress } from "../lib/report/progress.ts";
import { type RunOptions, runMode } from "../lib/run/run.ts";
import { FAULTS } from "../lib/simulator/faults.ts";
import { describeSnapshotRun, publishSnapshot } from "../lib/sync/sync.ts";
import type { Command, Shell } from "./command.ts";
import { helpFlag, number, runOptions, text } from "./flags.ts";

const SYNC_OPTIONS = { allowShrink: false, ifChanged: false, repath: false };
const WORK = {
  sync: {
    publish: (job, output) => publishSnapshot(job, output, SYNC_OPTIONS),
    describe: (job) => describeSnapshotRun(job, SYNC_OPTIONS),
  },
  orders: { publish: publishOrders, describe: describeOrders },
} satisfies Record<RunOptions["mode"], Parameters<typeof runMode>[2]>;

/** `demo`: both modes against the built-in simulated Waldur. */
export const command: Command = {
  definition: {
    meta: {
      name: "waldur-cscs-storage demo",
      description: `Run both modes against a built-in simulated Waldur. Faults: ${Object.keys(FAULTS).join(", ")}`,
    },
    args: {
      resources: {
        type: "string",
        valueHint: "N",
        description: "storage resources, 0 to 1000000 (default 300)",
      },
      orders: { type: "string", valueHint: "N", description: "open orders, 0 to 10000 (default 3)" },
      keep: { type: "string", valueHint: "DIR", description: "write the files below DIR" },
      fault: { type: "string", valueHint: "NAME", description: "let the simulated Waldur misbehave" },
      serve: {
        type: "string",
        valueHint: "PORT",
        description: "keep the simulated Waldur up (0: any free port)",
      },
      ...helpFlag,
    },
  },
  examples: [
    "waldur-cscs-storage demo",
    "waldur-cscs-storage demo --fault 500-on-page-2    # sync publishes nothing, exit 75",
    "waldur-cscs-storage demo --serve 8080             # then try orders, sync and curl against it",
  ],
  run(flags, shell) {
    shell.stayLocal();
    return runDemo(
      {
        resources: number(flags, "resources", { least: 0, most: 1_000_000, otherwise: 300, whole: true }),
        orders: number(flags, "orders", { least: 0, most: 10_000, otherwise: 3, whole: true }),
        keep: text(flags, "keep") ?? null,
        fault: text(flags, "fault") ?? null,
        servePort: number(flags, "serve", { least: 0, most: 65535, otherwise: null, whole: true }),
      },
      {
        cwd: shell.cwd,
        show: shell.print,
        interrupted: shell.interrupted,
        run: (mode, configPath) =>
          runMode({ ...runOptions(mode, {}), configPath, retries: 1 }, demoSurroundings(shell), WORK[mode]),
      },
    );
  },
};

function demoSurroundings(shell: Shell): Parameters<typeof runMode>[1] {
  return {
    env: {},
    cwd: shell.cwd,
    version: shell.version,
    now: () => new Date(),
    random: Math.random,
    log: createLog({
      format: "text",
      level: "normal",
      terminal: shell.isErrorTerminal,
      color: false,
      journald: false,
      now: () => new Date(),
      write: (line) => shell.tell(`${line}\n`),
    }),
    progress: createProgress({ visible: false, write: shell.tell, nowMs: () => performance.now() }),
    interrupted: shell.interrupted,
  };
}
