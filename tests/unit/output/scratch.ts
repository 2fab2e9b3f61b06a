// What the tests of lib/output share: a fresh directory for each test, an output opened in it, a child process.

import { onTestFinished } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Output,
  type OutputOptions,
  openOutput,
  STATE_DIRECTORY,
} from "../../../lib/output/directory.ts";

export const UUID = "0123456789abcdef0123456789abcdef";
export const OTHER_UUID = "f".repeat(32);

const cleanups: (() => void)[] = [];

/** Runs after the test, last one first. */
export function afterwards(act: () => void): void {
  if (cleanups.length === 0) onTestFinished(cleanUp);
  cleanups.push(act);
}

function cleanUp(): void {
  const errors: unknown[] = [];
  for (let act = cleanups.pop(); act !== undefined; act = cleanups.pop()) {
    try {
      act();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lib-output-"));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export type Opened = Output & { warnings: string[]; notices: string[]; statePath: string };

export function openScratch(options: Partial<OutputOptions> = {}): Opened {
  const warnings: string[] = [];
  const notices: string[] = [];
  const output = openOutput({
    directory: options.directory ?? scratchDirectory(),
    mode: "orders",
    requireMount: null,
    allowShared: false,
    fileMode: 0o640,
    now: () => new Date(),
    warn: (message) => warnings.push(message),
    notice: ({ message }) => notices.push(message),
    ...options,
  });
  afterwards(output.close);
  return { ...output, warnings, notices };
}

/** Everything in the output directory but the state directory. */
export function publicNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name !== STATE_DIRECTORY)
    .sort();
}

export function temporaryNames(directory: string): string[] {
  return readdirSync(join(directory, STATE_DIRECTORY)).filter((name) => name.startsWith("tmp-"));
}

/** What an act throws; fails when it throws nothing. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

export const CHILDREN = join(import.meta.dir, "children");
/** The running bun, for child processes. */
export const BUN = process.execPath;

const IS_ROOT = process.getuid?.() === 0;
/** Root in a container need not be allowed to mount. */
export const CAN_MOUNT = IS_ROOT && works(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", tmpdir()]);
/** How to run a command as another user who can read this program; null when that cannot be done. */
export const AS_NOBODY = asNobody();
export const STRACE = works(["strace", "-qq", "-o", "/dev/null", "true"]) ? "strace" : null;
if (!CAN_MOUNT) console.warn("cannot mount: tests that need a file system of their own are skipped");
if (AS_NOBODY === null)
  console.warn("cannot become another user: the test of a foreign directory is skipped");
if (STRACE === null) console.warn("no strace: tests of system calls and of their failure are skipped");

function asNobody(): string[] | null {
  const prefix = ["setpriv", "--reuid=65534", "--clear-groups"];
  return IS_ROOT && works([...prefix, BUN, "build", "--no-bundle", join(CHILDREN, "publish.ts")])
    ? prefix
    : null;
}

function works(command: string[]): boolean {
  const [program = ""] = command;
  return Bun.which(program) !== null && Bun.spawnSync(command).exitCode === 0;
}

/** A file system of its own below a fresh directory; unmounted after the test. */
export function mountScratch(options: string): string {
  const path = scratchDirectory();
  run(["mount", "-t", "tmpfs", "-o", `mode=755,${options}`, "tmpfs", path]);
  afterwards(() => run(["umount", "-l", path]));
  return path;
}

export function run(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
