// How a program becomes one hardened binary: the flags, and what of Bun's log means failure. Shared by the build and by
// the benchmark, whose empty program must be built as ours is.

import { rmSync } from "node:fs";
import { resolve } from "pathe";

const root = resolve(import.meta.dir, "..");

export type Compilation = {
  entry: string;
  outfile: string;
  target: string;
  version: string;
  /** Bun's executable for another target (`runtime.ts`); without it that of this process. */
  runtime?: string | undefined;
};

/** The target of this machine, as Bun names it. */
export function nativeTarget(): string {
  return `bun-linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
}

/** Compiles; null, or the log of the build that failed, also where Bun ends with 0 after an error. */
export function compile({ entry, outfile, target, version, runtime }: Compilation): string | null {
  const built = Bun.spawnSync(
    [
      process.execPath,
      ...["build", "--compile", "--production", "--minify", "--keep-names", "--sourcemap", "--bytecode"],
      // Split, or every built-in that any command needs is loaded at the start of all of them: 8 ms instead of 3.5.
      ...["--format=esm", "--splitting", "--reject-unresolved", `--target=${target}`],
      // Most runs are over before compiled code pays: a fifth less work for an idle pass. A list asks for more of it
      // later (lib/sync/listing.ts).
      "--compile-jit-policy=30",
      // Nothing in the working directory changes behaviour.
      ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
      // BUN_OPTIONS --preload and BUN_INSPECT are refused; the system's CAs are trusted.
      "--compile-exec-argv=--disallow-code-generation-from-strings=strict --use-system-ca",
      ...(runtime === undefined ? [] : [`--compile-executable-path=${runtime}`]),
      ...["--define", `VERSION=${JSON.stringify(version)}`],
      ...["--outfile", outfile, entry],
    ],
    { cwd: root, stdout: "pipe", stderr: "pipe" },
  );
  const log = `${built.stdout}${built.stderr}`;
  if (built.exitCode === 0 && !/^error/m.test(log)) return null;
  rmSync(outfile, { force: true });
  return log;
}
