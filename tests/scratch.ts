// Directories of tests, remembered so that those that a failed test left behind go too. A test that runs the program
// inside its own process asks for memory: a disk that is flushed thousands of times is what such tests would wait for.

import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";

const made = new Set<string>();

/** Some containers have a small one. */
const MEMORY = { directory: "/dev/shm", leastBytes: 1024 ** 3 };

/** A new directory below the temporary one, or in memory where the machine has room for it. */
export function scratchDirectory(prefix: string, { inMemory = false }: { inMemory?: boolean } = {}): string {
  const directory = mkdtempSync(join(inMemory && hasMemory() ? MEMORY.directory : tmpdir(), prefix));
  made.add(directory);
  return directory;
}

function hasMemory(): boolean {
  try {
    accessSync(MEMORY.directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY.directory);
    return bavail * bsize >= MEMORY.leastBytes;
  } catch {
    return false;
  }
}

export function removeScratch(): void {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
  made.clear();
}
