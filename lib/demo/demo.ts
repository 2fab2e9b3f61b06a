// Both modes against the built-in simulated Waldur, shown step by step: what was asked, what was written, one document.
// Nothing leaves this machine, and everything that is written is below one directory.

import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { type ExitCode, OutputError, UsageError, worstExitCode } from "../errors.ts";
import type { Report } from "../report/report.ts";
import type { RunOptions } from "../run/options.ts";
import { planFaults } from "../simulator/faults.ts";
import type { Generation } from "../simulator/model.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { serve } from "./serve.ts";

export type DemoOptions = {
  resources: number;
  orders: number;
  /** Directory to keep the files in; null makes a new one below the temporary directory. */
  keep: string | null;
  fault: string | null;
  /** Port to keep the simulated Waldur up on; null runs both modes and ends. */
  servePort: number | null;
  /** Which kind of server; a current one unless said otherwise. */
  generation?: Generation;
  /** While it is kept up, an order arrives each time this has passed; null: never. */
  orderEveryMs?: number | null;
};

export type Stage = {
  cwd: string;
  show: (text: string) => Promise<void>;
  /** Runs one mode with the configuration at this path. */
  run: (mode: RunOptions["mode"], configPath: string) => Promise<Report>;
  /** What people get of the configuration at this path, or of two snapshots. */
  look: (command: Look, paths: readonly string[]) => Promise<{ text: string; exitCode: ExitCode }>;
  interrupted: AbortSignal;
};

export type Look = "check" | "status" | "diff";

const CONFIG = "config.yaml";

/** Runs the demonstration; the exit code is the highest-ranked of its runs. */
export async function runDemo(options: DemoOptions, stage: Stage): Promise<ExitCode> {
  const simulator = startAsAsked(options);
  try {
    const directory = prepareDirectory(options, simulator, stage.cwd);
    const configPath = join(directory, CONFIG);
    const { servePort, orderEveryMs = null } = options;
    if (servePort !== null) return await serve(simulator, { configPath, orderEveryMs, ...stage });
    return await showBothModes(simulator, { configPath, directory, options, stage });
  } finally {
    await simulator.stop();
  }
}

/** Throws `UsageError` for an unknown fault, and for a port that cannot be used. */
function startAsAsked(options: DemoOptions): Simulator {
  const { resources, orders, fault, servePort, generation = "current" } = options;
  if (servePort === null && (options.orderEveryMs ?? null) !== null)
    throw new UsageError("--order-every needs --serve PORT", {
      hint: "the simulated Waldur keeps running only with it",
    });
  const faults = fault === null ? [] : [fault];
  try {
    planFaults(faults);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  try {
    const kept = servePort === null ? {} : { port: servePort, isControlled: true };
    return startSimulator({ resources, orders, faults, generation, ...kept });
  } catch (cause) {
    if (servePort === null || !(cause instanceof Error && "code" in cause)) throw cause;
    const reason = cause.code === "EACCES" ? "ports below 1024 are for root" : "another program may use it";
    const hint = `${reason}; --serve 0 uses any free port`;
    throw new UsageError(`--serve ${servePort}: cannot listen there (${cause.code})`, { cause, hint });
  }
}

/** Makes the directory with its configuration in it; throws `OutputError` when it cannot. */
function prepareDirectory({ keep }: DemoOptions, simulator: Simulator, cwd: string): string {
  const parent = tmpdir();
  try {
    const directory =
      keep === null ? mkdtempSync(join(parent, "waldur-cscs-storage-demo-")) : resolve(cwd, keep);
    requireOwn(directory);
    mkdirSync(join(directory, "out"), { recursive: true });
    const config = join(directory, CONFIG);
    rmSync(config, { force: true });
    writeFileSync(config, configText(simulator, directory), { mode: 0o600, flag: "wx" });
    return directory;
  } catch (cause) {
    if (cause instanceof OutputError || !(cause instanceof Error && "code" in cause)) throw cause;
    const hint = "use --keep DIR with a writable directory";
    throw new OutputError(`cannot write files below ${keep ?? parent} (${cause.code})`, { cause, hint });
  }
}

/** Files of others, perhaps a configuration that is in use, are neither replaced nor added to. */
function requireOwn(directory: string): void {
  const found = readdirIfThere(directory);
  if (found.length === 0) return;
  const config = join(directory, CONFIG);
  if (found.includes(CONFIG) && isOwnConfig(config, directory)) return;
  const what = found.includes(CONFIG)
    ? `${config} was not made by demo, or was changed`
    : `${directory} is not empty`;
  throw new OutputError(`${what}; nothing was written`, {
    hint: "give --keep a directory that does not exist yet, or one that demo created",
  });
}

function readdirIfThere(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** A file as an earlier demo wrote it there; only address, token and offering differ from one to the next. */
function isOwnConfig(path: string, directory: string): boolean {
  const stats = lstatSync(path);
  if (!stats.isFile() || stats.size > MOST_BYTES) return false;
  const own = configText({ url: "", providerToken: "", offeringUuid: "" }, directory);
  const bare = (text: string) =>
    text.replace(/^(.* waldur_(?:api_url|api_token|offering_uuid): )".*"$/gm, '$1""');
  return bare(readFileSync(path, "utf8")) === own;
}

const MOST_BYTES = 65_536;

type Address = Pick<Simulator, "url" | "providerToken" | "offeringUuid">;

function configText(simulator: Address, directory: string): string {
  return `# made by waldur-cscs-storage demo, which writes it again as long as nobody changes it
offerings:
  - name: "Demo storage"
    waldur_api_url: ${JSON.stringify(simulator.url)}
    waldur_api_token: ${JSON.stringify(simulator.providerToken)}
    waldur_offering_uuid: ${JSON.stringify(simulator.offeringUuid)}
    backend_type: "cscs-hpc-storage"
    order_processing_backend: "cscs-hpc-storage"
    backend_settings:
      output_directory: ${JSON.stringify(join(directory, "out"))}
      storage_file_system: "lustre"
    backend_components:
      storage: { measured_unit: "TB", accounting_type: "limit", label: "Storage", unit_factor: 1 }
`;
}

type Scene = { configPath: string; directory: string; options: DemoOptions; stage: Stage };

async function showBothModes(simulator: Simulator, scene: Scene): Promise<ExitCode> {
  const { options, stage, directory } = scene;
  const fault = options.fault === null ? "" : `, with the fault ${options.fault}`;
  await stage.show(
    `a simulated Waldur at ${simulator.url} with ${options.resources} resources and ${options.orders} open orders${fault}\n`,
  );
  if (options.fault !== null) await showHealthySync(simulator, options.fault, scene);
  const sync = await showRun("sync", simulator, scene);
  const before = keepSnapshot(sync, scene);
  const orders = await showRun("orders", simulator, scene);
  const [example] = orders.files;
  if (example !== undefined) {
    await stage.show(`\n${basename(example.path)}:\n${readFileSync(example.path, "utf8")}`);
  }
  if (options.fault === null) await showDifference(simulator, before, scene);
  const check = await showLook("check", ["-c", scene.configPath], scene);
  await showLook("status", ["--local", "-c", scene.configPath], scene);
  await stage.show(`\neverything is in ${directory}\n`);
  return worstExitCode([sync.exitCode, orders.exitCode, check]);
}

/** A successful run first, to show that a fault does not change what was published. */
async function showHealthySync(simulator: Simulator, fault: string, scene: Scene): Promise<void> {
  simulator.setFaults([]);
  await scene.stage.show("\nwithout a fault:");
  await showRun("sync", simulator, scene);
  simulator.setFaults([fault]);
  await scene.stage.show(`\nwith ${fault}:`);
}

async function showRun(mode: RunOptions["mode"], simulator: Simulator, scene: Scene): Promise<Report> {
  const { stage, configPath } = scene;
  const before = simulator.requests.length;
  await stage.show(`\n$ waldur-cscs-storage ${mode} -c ${configPath}\n`);
  const report = await stage.run(mode, configPath);
  for (const line of requestLines(simulator.requests.slice(before))) await stage.show(`  sent   ${line}\n`);
  for (const file of report.files) {
    await stage.show(`  wrote  ${basename(file.path)} (${file.bytes} bytes)\n`);
  }
  for (const problem of report.problems) await stage.show(`  error  ${problem.message}\n`);
  await stage.show(`  exit   ${report.exitCode}\n`);
  return report;
}

/** The next snapshot may get the same name. */
function keepSnapshot({ files }: Report, { directory }: Scene): string | null {
  const [file] = files;
  if (file === undefined) return null;
  const kept = join(directory, "before.json");
  copyFileSync(file.path, kept);
  return kept;
}

async function showDifference(simulator: Simulator, before: string | null, scene: Scene): Promise<void> {
  const [after] = (await showRun("sync", simulator, scene)).files;
  if (before !== null && after !== undefined) await showLook("diff", [before, after.path], scene);
}

async function showLook(command: Look, args: readonly string[], { stage }: Scene): Promise<ExitCode> {
  await stage.show(`\n$ waldur-cscs-storage ${command} ${args.join(" ")}\n`);
  const { text, exitCode } = await stage.look(
    command,
    args.filter((arg) => !arg.startsWith("-")),
  );
  await stage.show(text);
  return exitCode;
}

/** Requests by shape, with how often each was sent, in the order of their first appearance. */
function requestLines(requests: Simulator["requests"]): string[] {
  const counts = new Map<string, number>();
  for (const { method, path } of requests) {
    const shape = `${method.padEnd(4)} ${path.replace(/[0-9a-f]{32}/g, "{uuid}")}`;
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  return [...counts].map(([shape, count]) => (count === 1 ? shape : `${shape} (${count} times)`));
}
