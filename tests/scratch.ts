// Directories of tests, remembered so that those that a failed test left behind go too.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "pathe";

const made = new Set<string>();

/** A new directory below the temporary one. */
export function scratchDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  made.add(directory);
  return directory;
}

export function removeScratch(): void {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
  made.clear();
}
