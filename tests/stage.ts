// A place to try the whole program in: a simulated Waldur, a directory, a configuration, and two ways to run: the
// compiled binary in a process of its own (or the source, with SUBJECT=source), or the same run inside the test's
// process.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";
import { InterruptedError } from "../lib/errors.ts";
import { describeOrders, publishOrders } from "../lib/orders/pass.ts";
import { createLog } from "../lib/report/log.ts";
import { createProgress } from "../lib/report/progress.ts";
import type { Report } from "../lib/report/report.ts";
import type { RunOptions, Surroundings } from "../lib/run/options.ts";
import { runMode } from "../lib/run/run.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../lib/simulator/server.ts";
import type { StorageDocument } from "../lib/storage/document.ts";
import { describeSnapshotRun, publishSnapshot, type SyncOptions } from "../lib/sync/sync.ts";
import { scratchDirectory } from "./scratch.ts";

const root = resolve(import.meta.dir, "..");
export const BINARY = join(root, "dist", "waldur-cscs-storage");
export const SUBJECT: readonly string[] =
  process.env.SUBJECT === "source" ? [process.execPath, join(root, "cmd", "main.ts")] : [BINARY];

export type Ran = { code: number; stdout: string; stderr: string };
export type Stage = Awaited<ReturnType<typeof openStage>>;

export type StageOptions = SimulatorOptions & {
  /** Lines of `backend_settings`, as YAML values. */
  settings?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** The setting `timezone`. */
  timezone?: string | undefined;
  /** Files are in memory: for runs inside the test's process, which nothing interrupts. */
  inMemory?: boolean;
  /** Instead of the offering's own. */
  config?: (place: Place) => string;
};

export async function openStage(options: StageOptions = {}) {
  const { settings = {}, timezone, inMemory = false, ...others } = options;
  const zone = timezone === undefined ? "" : `timezone: ${timezone}\n`;
  const { config = (place) => zone + configText(place, settings), ...simulated } = others;
  const simulator = startSimulator({ resources: 0, seed: 1, ...simulated });
  const directory = scratchDirectory("stage-", { inMemory });
  const out = join(directory, "out");
  const configPath = join(directory, "config.yaml");
  mkdirSync(out);
  const place = { url: simulator.url, token: simulator.providerToken, offering: simulator.offeringUuid, out };
  writeFileSync(configPath, config(place), { mode: 0o600 });

  return {
    simulator,
    world: simulator.world,
    directory,
    out,
    configPath,
    /** Runs the subject to its end. */
    run: (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
      runSubject(withConfig(args, configPath), { env, cwd: directory }),
    /** The same run inside this process. */
    async runHere(mode: RunOptions["mode"], more: HereOptions = {}) {
      // The server's clock is that of the run, unless the test is about clocks.
      const clock = more.serverNow ?? more.now;
      if (clock === undefined) return runHere(mode, configPath, more);
      simulator.setDateClock(clock);
      try {
        return await runHere(mode, configPath, more);
      } finally {
        simulator.setDateClock(others.now ?? (() => new Date()));
      }
    },
    /** Public names of the output directory, sorted. */
    files: () => listPublic(out),
    read: (name: string): StorageDocument => JSON.parse(readFileSync(join(out, name), "utf8")),
    readText: (name: string) => readFileSync(join(out, name), "utf8"),
    /** Every file below the output directory, by relative path, sorted. */
    everything: () => listAll(out),
    requestsOf: (method: string) => simulator.requests.filter((request) => request.method === method),
    async close() {
      await simulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Place = { url: string; token: string; offering: string; out: string };
type Settings = NonNullable<StageOptions["settings"]>;

/** The configuration of one offering, with these settings. */
export function configText({ url, token, offering, out }: Place, settings: Settings = {}): string {
  const lines = Object.entries(settings).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}\n`);
  return `offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${offering}
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${out}
${lines.join("")}`;
}

function withConfig(args: readonly string[], configPath: string): readonly string[] {
  const [command = "", ...rest] = args;
  if (command !== "orders" && command !== "sync") return args;
  return args.includes("-c") || args.includes("--config") ? args : [command, "-c", configPath, ...rest];
}

type Around = { env?: Readonly<Record<string, string>>; cwd?: string };

export function runSubject(args: readonly string[], around: Around = {}): Promise<Ran> {
  return runCommand([...SUBJECT, ...args], around);
}

/** Runs any program to its end, with an almost empty environment. */
export async function runCommand(
  command: readonly string[],
  { env = {}, cwd = tmpdir() }: Around,
): Promise<Ran> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH: process.env.PATH ?? "", TZ: "UTC", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}

/** Spawned from a process of its own: a child's high-water mark begins with that of its parent. */
const MEASURE = `
  const child = Bun.spawn(process.argv.slice(1), { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
  process.exitCode = await child.exited;
  console.log(child.resourceUsage().maxRSS);
`;

/** Runs the command, without its output, and says how much memory it ever had. */
export async function runMeasured(
  command: readonly string[],
  around: Around,
): Promise<{ code: number; stderr: string; peakBytes: number }> {
  const ran = await runCommand([process.execPath, "-e", MEASURE, "--", ...command], around);
  return { code: ran.code, stderr: ran.stderr, peakBytes: Number(ran.stdout) };
}

export type HereOptions = Partial<RunOptions> & {
  sync?: Partial<SyncOptions>;
  now?: () => Date;
  /** What the server takes for the time. */
  serverNow?: () => Date;
  interrupted?: AbortSignal;
};

/** What a run inside this process has around it. Lines of its log go to `write`. */
export function surroundings({
  write,
  level = "verbose",
  now = () => new Date(),
  ...others
}: { write: (line: string) => void; level?: "verbose" | "normal" | "quiet" } & Pick<Surroundings, "cwd"> &
  Partial<Surroundings>): Surroundings {
  return {
    env: {},
    version: "0.0.0-test",
    now,
    random: () => 0,
    log: createLog({ format: "text", level, terminal: false, color: false, journald: false, now, write }),
    progress: createProgress({ visible: false, write: () => undefined, nowMs: () => 0 }),
    interrupted: new AbortController().signal,
    ...others,
  };
}

/** What a run inside this process reports: its report, and the lines of its log. */
export async function runHere(
  mode: RunOptions["mode"],
  configPath: string,
  {
    sync = {},
    now = () => new Date(),
    serverNow: _serverNow,
    interrupted = new AbortController().signal,
    ...options
  }: HereOptions,
): Promise<{ report: Report; lines: string[] }> {
  const lines: string[] = [];
  const syncOptions = { allowShrink: false, ifChanged: false, full: false, repath: false, ...sync };
  const work =
    mode === "orders"
      ? { publish: publishOrders, describe: describeOrders }
      : {
          publish: (...[job, output]: Parameters<typeof publishOrders>) =>
            publishSnapshot(job, output, syncOptions),
          describe: (job: Parameters<typeof describeOrders>[0]) => describeSnapshotRun(job, syncOptions),
        };
  const report = await runMode(
    {
      mode,
      configPath,
      offeringUuids: [],
      dryRun: false,
      silenceMs: 2000,
      deadlineMs: 60_000,
      retries: 1,
      allowInsecureConfig: false,
      ...options,
    },
    surroundings({ cwd: tmpdir(), now, interrupted, write: (line) => lines.push(line) }),
    work,
  );
  return { report, lines };
}

export type Arrival = Simulator["requests"][number];

/**
 * The log of requests is an array: a listener sees each request as it arrives, before the server does.
 */
export function listenTo({ requests }: Simulator): ((request: Arrival) => void)[] {
  const listeners: ((request: Arrival) => void)[] = [];
  requests.push = (...arrived) => {
    for (const request of arrived) for (const listener of listeners) listener(request);
    return Array.prototype.push.apply(requests, arrived);
  };
  return listeners;
}

export function interruptedNow(): AbortSignal {
  return AbortSignal.abort(new InterruptedError("SIGTERM"));
}

/** Without the directory in which the provisioner answers. */
export function listPublic(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith(".") && name !== "acks")
    .sort();
}

export function listAll(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
