// Ways to run the program that the stage does not know: from a script of the shell, on a terminal, and with a hand on
// it while it runs.

import { readdirSync, readlinkSync } from "node:fs";
import { join } from "pathe";
import { BINARY, openStage, type Ran, type Stage, type StageOptions, SUBJECT } from "../stage.ts";

/** Some promises are those of the compiled binary alone. */
export const isBinary = SUBJECT[0] === BINARY;

export type Place = { cwd: string; env?: Readonly<Record<string, string>> };

function environment(env: Place["env"] = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? "", TZ: "UTC", ...env };
}

/** Runs a script of bash in which `"$@"` is the program. */
export function runScript(script: string, place: Place): Promise<Ran> {
  return start(["bash", "-c", script, "bash", ...SUBJECT], place).ended;
}

/** A script as above, with `$CONFIG`, in the stage's directory. */
export function scriptOn(stage: Stage, script: string, env: Place["env"] = {}): Promise<Ran> {
  return runScript(script, { cwd: stage.directory, env: { CONFIG: stage.configPath, ...env } });
}

export type Running = { pid: number; kill(signal: NodeJS.Signals): void; ended: Promise<Ran> };

/** Starts the program and leaves it running. */
export function startOn(stage: Stage, args: readonly string[], env: Place["env"] = {}): Running {
  const [command = "", ...rest] = args;
  return start([...SUBJECT, command, "-c", stage.configPath, ...rest], { cwd: stage.directory, env });
}

function start(command: string[], { cwd, env }: Place): Running {
  const child = Bun.spawn(command, {
    cwd,
    env: environment(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()] as const;
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    ended: Promise.all([child.exited, ...texts]).then(([code, stdout, stderr]) => ({ code, stdout, stderr })),
  };
}

type Terminal = { env?: Place["env"]; columns?: number };

/** Runs a script with all three streams on a terminal; returns what the terminal was shown. */
export async function runOnTerminal(
  script: string,
  stage: Stage,
  { env = {}, columns = 200 }: Terminal = {},
): Promise<{ code: number; shown: string }> {
  const decoder = new TextDecoder();
  let shown = "";
  const child = Bun.spawn(["bash", "-c", script, "bash", ...SUBJECT], {
    cwd: stage.directory,
    env: environment({ CONFIG: stage.configPath, TERM: "xterm", ...env }),
    terminal: {
      cols: columns,
      data(_, bytes) {
        shown += decoder.decode(bytes, { stream: true });
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, shown };
}

/** Waits for something that is sure to happen soon; the test's own timeout bounds it. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await Bun.sleep(5);
}

/** Names of everything below a directory, links with their targets, sorted: what must not change when nothing may. */
export function listingOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(directory.length + 1);
      return entry.isSymbolicLink() ? `${name} -> ${readlinkSync(path)}` : name;
    })
    .sort();
}

/** Temporary files, wherever they were left. */
export function leftoversIn(directory: string): string[] {
  return listingOf(directory).filter((name) => /tmp/i.test(name));
}

/** A stage with a dozen resources unless another number is given, closed whatever happens. */
export async function withStage(options: StageOptions, use: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage({ resources: 12, ...options });
  try {
    await use(stage);
  } finally {
    await stage.close();
  }
}
