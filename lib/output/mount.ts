// Whether a path is a mount point. An output directory on a file system that is not mounted would be created on, and
// fill, the disk below it, and readers would see nothing of it.

import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, OutputError } from "../errors.ts";
import { attempt, attemptIfExists } from "./failure.ts";

/**
 * @param directory the output directory, which need not exist yet
 * @throws OutputError when nothing is mounted at `mount`, or the directory is not below it
 */
export function checkMount(mount: string, directory: string): void {
  const hint = `mount it first (\`findmnt ${mount}\`), or correct the configuration`;
  const point = attemptIfExists("find mount point", mount, () => realpathSync(mount));
  if (point === null || !isMountPoint(point)) {
    throw new OutputError(`nothing is mounted at ${mount} (require_mount)`, { hint });
  }
  const place = attempt("find output directory", directory, () => realPlace(directory));
  if (place !== point && !place.startsWith(point === "/" ? "/" : `${point}/`)) {
    throw new OutputError(`the output directory ${directory} is not on the file system at ${mount}`, {
      hint,
    });
  }
}

/** Where a directory is, or would be when it does not exist. */
function realPlace(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return join(realpathSync(dirname(directory)), basename(directory));
  }
}

/** A bind mount has the device of its parent, so the kernel's table is asked too. */
function isMountPoint(path: string): boolean {
  if (path === "/") return true;
  const device = (of: string) => attempt("find mount point", of, () => statSync(of, { bigint: true })).dev;
  return device(path) !== device(dirname(path)) || readMountPoints().includes(path);
}

function readMountPoints(): string[] {
  try {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    return lines.map((line) => unescapeOctal(line.split(" ")[4] ?? ""));
  } catch {
    // Without /proc the device numbers alone decide.
    return [];
  }
}

/** The kernel writes a space as `\040`. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
