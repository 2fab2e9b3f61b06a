// Running a command to its end: how long it took, and the most memory that one of its processes ever had.

import { readFileSync } from "node:fs";

/** Milliseconds from start to end; throws for any other exit code than 0. */
export async function timeOf(command: readonly string[]): Promise<number> {
  return start(command).ended;
}

/** The same without the event loop, for what takes a few milliseconds. */
export function timeOfShort(command: readonly string[]): number {
  const startedAt = performance.now();
  const { exitCode } = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const ms = performance.now() - startedAt;
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return ms;
}

/** The kernel keeps the high-water mark, so only what a process takes in its last moments is missed. */
const LOOK_MS = 5;

/** Milliseconds, and bytes of the largest process. Looking at memory takes time of its own, so times are only rough. */
export async function peakOf(command: readonly string[]): Promise<{ ms: number; bytes: number }> {
  const { pid, ended } = start(command);
  let bytes = 0;
  const look = setInterval(() => {
    bytes = Math.max(bytes, ...familyOf(pid).map(highWater));
  }, LOOK_MS);
  try {
    return { ms: await ended, bytes };
  } finally {
    clearInterval(look);
  }
}

function start(command: readonly string[]): { pid: number; ended: Promise<number> } {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    env: { PATH: process.env.PATH ?? "", TZ: "UTC" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  const ended = child.exited.then((code) => {
    const ms = performance.now() - startedAt;
    if (code !== 0) throw new Error(`${command.slice(0, 3).join(" ")} ended with ${code}`);
    return ms;
  });
  return { pid: child.pid, ended };
}

/** The process and all below it. The resource usage that a parent is given would begin with the parent's own memory. */
function familyOf(pid: number): number[] {
  const children = readOrNone(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

function highWater(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readOrNone(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** A process may end at any moment. */
function readOrNone(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
