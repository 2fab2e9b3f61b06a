// `demo`: both modes against the built-in simulated Waldur.

import { type Look, runDemo } from "../lib/demo/demo.ts";
import { EXIT, type ExitCode } from "../lib/errors.ts";
import { describeOrders, publishOrders } from "../lib/orders/pass.ts";
import { createLog } from "../lib/report/log.ts";
import { createProgress } from "../lib/report/progress.ts";
import type { RunOptions } from "../lib/run/options.ts";
import { runMode } from "../lib/run/run.ts";
import { FAULTS } from "../lib/simulator/faults.ts";
import { describeSnapshotRun, publishSnapshot } from "../lib/sync/sync.ts";
import { defineCommand, type Shell } from "./command.ts";
import { commonFlags } from "./common.ts";
import { choice, number, runOptions, text } from "./flags.ts";

const SYNC_OPTIONS = { allowShrink: false, ifChanged: false, full: false, repath: false };
const WORK = {
  sync: {
    publish: (job, output) => publishSnapshot(job, output, SYNC_OPTIONS),
    describe: (job) => describeSnapshotRun(job, SYNC_OPTIONS),
  },
  orders: { publish: publishOrders, describe: describeOrders },
} satisfies Record<RunOptions["mode"], Parameters<typeof runMode>[2]>;

export const command = defineCommand({
  meta: { name: "demo", description: "Run both modes against a built-in simulated Waldur." },
  about: `Faults: ${Object.keys(FAULTS).join(", ")}`,
  args: {
    resources: {
      type: "string",
      valueHint: "N",
      group: "Scene",
      description: "storage resources, 0 to 1000000 (default 300)",
    },
    orders: {
      type: "string",
      valueHint: "N",
      group: "Scene",
      description: "open orders, 0 to 10000 (default 3)",
    },
    generation: {
      type: "enum",
      options: ["current", "2024"],
      group: "Scene",
      description: "kind of server (default current)",
    },
    fault: {
      type: "string",
      valueHint: "NAME",
      group: "Scene",
      description: "simulate a fault of the server or the network",
    },
    keep: { type: "string", valueHint: "DIR", group: "Run", description: "write the files to DIR" },
    serve: {
      type: "string",
      valueHint: "PORT",
      group: "Run",
      description: "keep the simulated Waldur running (0: any free port)",
    },
    "order-every": {
      type: "string",
      valueHint: "SECONDS",
      group: "Run",
      description: "with --serve: create an order every SECONDS, 1 to 86400",
    },
    ...commonFlags,
  },
  examples: [
    { about: "both modes, step by step", command: "waldur-cscs-storage demo" },
    {
      about: "sync publishes nothing and ends with 75",
      command: "waldur-cscs-storage demo --fault 500-on-page-2",
    },
    {
      about: "keep it running, to place orders, switch on faults, and try orders and sync",
      command: "waldur-cscs-storage demo --serve 8080",
    },
    {
      about: "the same with a server of 2024, and an order each minute",
      command: "waldur-cscs-storage demo --serve 8080 --generation 2024 --order-every 60",
    },
  ],
  run(flags, shell) {
    shell.stayLocal();
    const seconds = number(flags, "order-every", { least: 1, most: 86_400, otherwise: null, whole: true });
    return runDemo(
      {
        resources: number(flags, "resources", { least: 0, most: 1_000_000, otherwise: 300, whole: true }),
        orders: number(flags, "orders", { least: 0, most: 10_000, otherwise: 3, whole: true }),
        keep: text(flags, "keep") ?? null,
        fault: text(flags, "fault") ?? null,
        generation: choice(flags, "generation", ["current", "2024"]),
        orderEveryMs: seconds === null ? null : seconds * 1000,
        servePort: number(flags, "serve", { least: 0, most: 65535, otherwise: null, whole: true }),
      },
      {
        cwd: shell.cwd,
        show: shell.print,
        interrupted: shell.interrupted,
        run: (mode, configPath) =>
          runMode({ ...runOptions(mode, {}), configPath, retries: 1 }, demoSurroundings(shell), WORK[mode]),
        look: (command, paths) => LOOKS[command](paths, shell),
      },
    );
  },
});

type CommandOutput = { text: string; exitCode: ExitCode };
const WIDTH = 80;

const LOOKS: Readonly<Record<Look, (paths: readonly string[], shell: Shell) => Promise<CommandOutput>>> = {
  check: ([configPath = ""], shell) => checkText(configPath, shell),
  status: ([configPath = ""], shell) => statusTextOf(configPath, shell),
  diff: ([old = "", next = ""]) => differenceText(old, next),
};

async function statusTextOf(configPath: string, shell: Shell): Promise<CommandOutput> {
  const [{ loadConfig }, { statusOf }, { statusText }] = await Promise.all([
    import("../lib/config/load.ts"),
    import("../lib/status/status.ts"),
    import("../lib/status/text.ts"),
  ]);
  const { offerings } = await loadConfig(configPath, { env: {}, cwd: shell.cwd, allowInsecure: false });
  const isPassive = async () => false;
  const { version } = shell;
  const status = await statusOf({ offerings, readerFor: null, isPassive, version, now: new Date() });
  return { text: statusText(status, WIDTH), exitCode: EXIT.ok };
}

async function differenceText(old: string, next: string): Promise<CommandOutput> {
  const [{ diffDocuments }, { diffText }] = await Promise.all([
    import("../lib/documents/diff.ts"),
    import("../lib/documents/diff-text.ts"),
  ]);
  return { text: [...diffText(diffDocuments(old, next), WIDTH)].join(""), exitCode: EXIT.ok };
}

async function checkText(configPath: string, shell: Shell): Promise<CommandOutput> {
  const { showCheck } = await import("../lib/check/shown.ts");
  const options = { ...runOptions("sync", {}), configPath, retries: 1, metricsFiles: [] };
  let text = "";
  const show = (more: string) => {
    text += more;
  };
  const { exitCode } = await showCheck(options, demoSurroundings(shell), { width: WIDTH, show });
  return { text, exitCode };
}

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
      write: (line) => shell.writeError(`${line}\n`),
    }),
    progress: createProgress({ visible: false, write: shell.writeError, nowMs: () => performance.now() }),
    interrupted: shell.interrupted,
  };
}
