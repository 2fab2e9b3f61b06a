// A mount whose server never answers, as a network file system whose server is gone: FUSE without a program behind it.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "pathe";
import { scratchDirectory } from "../scratch.ts";

/** The mount lives as long as the descriptor, and never longer than a test may: what waits for it then fails. */
const SCRIPT = `exec 3<>/dev/fuse &&
  mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other dead "$1" &&
  sleep 20 3<&-
  umount -l "$1"`;

/** Mounts it over a directory; what it returns takes it away. */
export function deadMount(path: string): () => void {
  const child = Bun.spawn(["bash", "-c", SCRIPT, "bash", path], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const until = performance.now() + 5000;
  while (!isMounted(path)) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`no dead mount at ${path}`);
    Bun.sleepSync(5);
  }
  return () => {
    child.kill("SIGKILL");
    Bun.spawnSync(["umount", "-l", path]);
  };
}

function isMounted(path: string): boolean {
  return Bun.spawnSync(["grep", "-qs", ` ${path} fuse `, "/proc/self/mounts"]).exitCode === 0;
}

function tries(): boolean {
  if (process.getuid?.() !== 0) return false;
  const path = join(scratchDirectory("dead-"), "mount");
  mkdirSync(path);
  try {
    deadMount(path)();
    rmSync(path, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** Whether this machine lets us mount one. */
export const CAN_DIE = tries();

/** Appended to the name of a test that is skipped. */
export const NEEDS_DEAD = CAN_DIE ? "" : " (mounts skipped: they need root and /dev/fuse)";
