// The entry point: parses the command line, runs the command, and turns an error into its exit code. The only file
// that touches the process. What only one command needs is loaded once the command is known.

import type { ArgsDef } from "citty";
import { basename } from "pathe";
import {
  AppError,
  BugError,
  ConfigError,
  EXIT,
  type ExitCode,
  formatIssue,
  InterruptedError,
  StdoutError,
  UsageErrors,
} from "../lib/errors.ts";
import type { Shell } from "./command.ts";
import type { Style } from "./help.ts";
import type { Invocation } from "./line.ts";

declare const VERSION: string;
const version = typeof VERSION === "string" ? VERSION : "0.0.0-source";

const PROGRAM = "waldur-cscs-storage";

/** Cron lines of the Python plugin call this name; a symlink keeps them working. */
const SYNC_NAME = "waldur_cscs_storage_sync";

async function main(args: readonly string[], calledAs: string): Promise<ExitCode> {
  try {
    return await dispatch(calledAs.startsWith(SYNC_NAME) ? ["sync", ...args] : args);
  } catch (error) {
    return explain(error);
  }
}

async function dispatch(args: readonly string[]): Promise<ExitCode> {
  if (args[0] === "--version" || args[0] === "-V") return printVersion();
  const { understand } = await import("./line.ts");
  const asked = await understand(args);
  if (asked.kind === "version") return printVersion();
  if (asked.kind === "run") return run(asked);
  const { helpOf } = await import("./help.ts");
  await print(helpOf(asked, await styleOfOutput()));
  return EXIT.ok;
}

async function run({ command, rawArgs, flags }: Extract<Invocation, { kind: "run" }>): Promise<ExitCode> {
  const { runCommand } = await import("citty");
  const shell = await createShell();
  const { result } = await runCommand<ArgsDef>(command, { rawArgs: [...rawArgs], data: { flags, shell } });
  const code = Object.values(EXIT).find((known) => known === result);
  if (code === undefined) throw new Error(`${command.meta.name} ended with ${String(result)}`);
  return code;
}

async function printVersion(): Promise<ExitCode> {
  await print(`${PROGRAM} ${version}\n`);
  return EXIT.ok;
}

async function styleOfOutput(): Promise<Style> {
  const isPlain = (process.env.NO_COLOR ?? "") !== "" || process.env.TERM === "dumb";
  return { width: await widthOfOutput(), bold: !isPlain && (await isTerminal(1)) };
}

const LEAST_COLUMNS = 40;

/** What `COLUMNS` says, else as wide as the terminal; 80 columns where there is none. */
async function widthOfOutput(): Promise<number> {
  const { COLUMNS = "" } = process.env;
  if (/^\d{1,4}$/.test(COLUMNS) && Number(COLUMNS) >= LEAST_COLUMNS) return Number(COLUMNS);
  if (!(await isTerminal(1))) return 80;
  const { WriteStream } = await import("node:tty");
  const { columns } = new WriteStream(1);
  return columns > 0 ? columns : 80;
}

/** Prints the error, once, and returns the exit code. A stack is for bugs only. */
async function explain(error: unknown): Promise<ExitCode> {
  if (error instanceof StdoutError && error.quiet) return error.exitCode;
  const known = error instanceof AppError ? error : new BugError(error);
  const { clean } = await import("../lib/unsafe-text.ts");
  console.error(`${PROGRAM}: ${wordsOf(known).split("\n").map(clean).join("\n")}`);
  return known.exitCode;
}

/** Each error of a configuration or of a command line has its own hint. */
function wordsOf(error: AppError): string {
  const parts =
    error instanceof ConfigError
      ? error.issues.map((issue) => ({ message: formatIssue(issue), hint: issue.hint }))
      : error instanceof UsageErrors
        ? error.all
        : [error];
  return parts
    .map(({ message, hint }) => (hint === undefined ? message : `${message}\nhint: ${hint}`))
    .join("\n");
}

async function createShell(): Promise<Shell> {
  const { readFileSync, writeSync } = await import("node:fs");
  return {
    env: process.env,
    cwd: workingDirectory(),
    version,
    isErrorTerminal: await isTerminal(2),
    isJournald: await isJournal(process.env.JOURNAL_STREAM),
    isBelowCron: () => isBelowCron((path) => readFileSync(path, "utf8")),
    print,
    width: widthOfOutput,
    writeError(text) {
      try {
        writeSync(2, text);
      } catch {
        // Standard error is closed or full: it cannot be reported, and the run need not stop.
      }
    },
    stayLocal() {
      for (const name of ["NO_PROXY", "no_proxy"]) process.env[name] = "127.0.0.1";
    },
    interrupted: catchSignals(),
    abandon() {
      isAbandoned = true;
    },
  };
}

/** Major number of `/dev/null` and its kind, where cron lines send unread output. */
const MEMORY_DEVICES = 1;

/** `node:tty` takes 3 ms, a fifth of the start, so it is loaded only for a device that can be a terminal. */
async function isTerminal(fd: number): Promise<boolean> {
  const { fstatSync } = await import("node:fs");
  try {
    const status = fstatSync(fd);
    if (!status.isCharacterDevice() || status.rdev >> 8 === MEMORY_DEVICES) return false;
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

const CRONS = /^(?:cron|crond|CRON|fcron|anacron|bcron-exec|busybox-crond)$/;
const MOST_ANCESTORS = 20;

/** The names of the processes above this one, as far as they can be seen. */
function isBelowCron(read: (path: string) => string): boolean {
  try {
    for (let pid = "self", above = 0; pid !== "0" && above < MOST_ANCESTORS; above++) {
      // `pid (name) state parent …`, and the name may hold anything.
      const [, name = "", parent = "0"] = /\((.*)\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`)) ?? [];
      if (CRONS.test(name)) return true;
      pid = parent;
    }
  } catch {
    // Processes of others may be hidden; then this counts as run by hand.
  }
  return false;
}

/** `process.stdout` would take 9 ms and make the descriptor non-blocking, so it is never touched. */
async function print(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new StdoutError(`cannot write to standard output (${code})`, {
      cause,
      quiet: code === "EPIPE",
      hint: "check the free space there with `df`",
    });
  }
}

function catchSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => controller.abort(new InterruptedError(signal)));
  }
  return controller.signal;
}

let isAbandoned = false;

/** The runtime closes its databases before it ends, which accesses the disk; replacing the process does not. */
function leave(code: ExitCode): never {
  if (isAbandoned) {
    try {
      process.execve?.("/bin/sh", ["sh", "-c", `exit ${code}`], {});
    } catch {
      // Without a shell the end has to wait for the disk, or for SIGKILL.
    }
  }
  process.exit(code);
}

leave(await main(process.argv.slice(2), basename(process.argv0)));
