// The entry: finds the command, reads its flags strictly, runs it, and turns an error into its exit code. The only file
// that touches the process; nothing that a command needs alone is loaded before the command is known.

import type { ArgsDef } from "citty";
import { basename } from "pathe";
import { nearestWord } from "../lib/config/nearest.ts";
import {
  AppError,
  BugError,
  EXIT,
  type ExitCode,
  InterruptedError,
  StdoutError,
  UsageError,
} from "../lib/errors.ts";
import type { Command, CommandGroup, Shell } from "./command.ts";

declare const VERSION: string;
const version = typeof VERSION === "string" ? VERSION : "0.0.0-source";

const PROGRAM = "waldur-cscs-storage";

/** Cron lines of the Python plugin call this name; a symlink keeps them working. */
const SYNC_NAME = "waldur_cscs_storage_sync";

type Entry = { summary: string; load: () => Promise<{ command: Command | CommandGroup }> };

const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "orders",
    { summary: "publish pending storage orders and report them back", load: () => import("./orders.ts") },
  ],
  [
    "sync",
    { summary: "publish all.json, the list of every storage resource", load: () => import("./sync.ts") },
  ],
  [
    "claims",
    { summary: "show who holds which mount point, and release one", load: () => import("./claims.ts") },
  ],
  [
    "schema",
    { summary: "print the JSON Schema of the configuration file", load: () => import("./schema.ts") },
  ],
  [
    "demo",
    { summary: "run both modes against a built-in simulated Waldur", load: () => import("./demo.ts") },
  ],
]);

const EXIT_CODES = `EXIT CODES
   0  all done, also when there was nothing to do
   1  a bug in the program
  10  some orders or resources could not be handled; the rest was
  64  wrong command line
  65  Waldur's answer is unusable, or the list shrank beyond the guard
  69  TLS verification failed, a redirect, or no such endpoint
  73  the output directory or the metrics file cannot be written, or require_mount is not mounted
  74  standard output could not be written
  75  Waldur unreachable or busy, or another run holds the lock: try again later
  77  Waldur refused the token or the permission
  78  configuration error; all errors are listed at once
 130  interrupted by SIGINT (143: SIGTERM); nothing is half-written
`;

async function main(args: readonly string[], calledAs: string): Promise<ExitCode> {
  try {
    return await dispatch(calledAs.startsWith(SYNC_NAME) ? ["sync", ...args] : args);
  } catch (error) {
    return explain(error);
  }
}

async function dispatch(args: readonly string[]): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") return printText(overview());
  if (name === "--version") return printText(`${PROGRAM} ${version}\n`);
  if (name === undefined)
    throw new UsageError("a command is missing", { hint: `${PROGRAM} --help lists them` });
  const entry = COMMANDS.get(name);
  if (entry === undefined) throw unknownCommand(name);
  if (rest.includes("--version")) return printText(`${PROGRAM} ${version}\n`);
  const { findCommand, parseFlags } = await import("./command.ts");
  const found = findCommand((await entry.load()).command, rest);
  if ("help" in found) return printText(await helpOf(found.help));
  const { command, args: own } = found;
  if (own.some((arg) => arg === "--help" || arg === "-h")) return printText(await helpOf(command));
  const flags = parseFlags(own, command.definition.args as ArgsDef);
  if (flags.help === true) return printText(await helpOf(command));
  return command.run(flags, await createShell());
}

async function printText(text: string): Promise<ExitCode> {
  await print(text);
  return EXIT.ok;
}

function overview(): string {
  const commands = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`);
  return [
    `Turns Waldur storage orders and resources into JSON files (${PROGRAM} ${version})`,
    "",
    `USAGE  ${PROGRAM} <command> [options]`,
    "",
    "COMMANDS",
    ...commands,
    "",
    "EXAMPLES",
    `  ${PROGRAM} demo                                       see both modes work, no account needed`,
    `  ${PROGRAM} sync -c /etc/waldur/config.yaml --dry-run  what would be published`,
    `  ${PROGRAM} orders -c /etc/waldur/config.yaml          one pass, for cron`,
    `  ${PROGRAM} sync --help                                options of a command`,
    "",
    EXIT_CODES,
  ].join("\n");
}

async function helpOf(command: Command | CommandGroup): Promise<string> {
  const { renderUsage } = await importCitty();
  const usage = await renderUsage(command.definition);
  const examples = command.examples.map((example) => `  ${example}`);
  return [usage.trimEnd(), "", "EXAMPLES", ...examples, "", EXIT_CODES].join("\n");
}

/** citty decides on colours when it is loaded, by the environment alone. */
async function importCitty(): Promise<typeof import("citty")> {
  if (!(await isTerminal(1)) || (process.env.NO_COLOR ?? "") !== "") process.env.NO_COLOR = "1";
  return import("citty");
}

function unknownCommand(name: string): UsageError {
  if (name === "-m" || name.startsWith("-m=") || name === "--mode") {
    return new UsageError("the site agent's -m is not known here", {
      hint: `"-m order_process" is \`${PROGRAM} orders\`; waldur_cscs_storage_sync is \`${PROGRAM} sync\``,
    });
  }
  if (name.startsWith("-")) {
    return new UsageError(`the command must come first, not ${name}`, {
      hint: `${PROGRAM} ${[...COMMANDS.keys()].join("|")} [options]`,
    });
  }
  const near = nearestWord(name, [...COMMANDS.keys()]);
  return new UsageError(`unknown command ${JSON.stringify(name)}`, {
    hint: near === null ? `known: ${[...COMMANDS.keys()].join(", ")}` : `did you mean ${near}?`,
  });
}

/** Says what went wrong, once, and returns the exit code. A stack is for bugs only. */
async function explain(error: unknown): Promise<ExitCode> {
  if (error instanceof StdoutError && error.quiet) return error.exitCode;
  const { message, hint, exitCode } = error instanceof AppError ? error : new BugError(error);
  const { clean } = await import("../lib/unsafe-text.ts");
  const lines = `${message}${hint === undefined ? "" : `\nhint: ${hint}`}`.split("\n");
  console.error(`${PROGRAM}: ${lines.map(clean).join("\n")}`);
  return exitCode;
}

async function createShell(): Promise<Shell> {
  const { writeSync } = await import("node:fs");
  return {
    env: process.env,
    cwd: workingDirectory(),
    version,
    isErrorTerminal: await isTerminal(2),
    isJournald: await isJournal(process.env.JOURNAL_STREAM),
    print,
    tell(text) {
      try {
        writeSync(2, text);
      } catch {
        // Standard error is closed or full: there is no other place to say so, and no reason to stop.
      }
    },
    stayLocal() {
      for (const name of ["NO_PROXY", "no_proxy"]) process.env[name] = "127.0.0.1";
    },
    interrupted: catchSignals(),
  };
}

/** `node:tty` costs a fifth of the start, so it is asked only about a device that can be a terminal. */
async function isTerminal(fd: number): Promise<boolean> {
  const { fstatSync } = await import("node:fs");
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  const { isatty } = await import("node:tty");
  return isatty(fd);
}

/** A deleted working directory still has a name, below which nothing can be found or made. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? "/";
  }
}

async function isJournal(stream: string | undefined): Promise<boolean> {
  if (stream === undefined) return false;
  const { fstatSync } = await import("node:fs");
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** `process.stdout` would cost start-up time and make the descriptor non-blocking, so it is never touched. */
async function print(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new StdoutError(`cannot write to standard output (${code})`, { cause, quiet: code === "EPIPE" });
  }
}

function catchSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => controller.abort(new InterruptedError(signal)));
  }
  return controller.signal;
}

process.exit(await main(process.argv.slice(2), basename(process.argv0)));
