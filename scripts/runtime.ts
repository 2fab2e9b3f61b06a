// Bun's executable for another kind of machine, from the package registry, kept in the user's cache. One whose bytes
// are not those that were looked at is refused: it becomes part of what is installed.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "pathe";
import { nativeTarget } from "./compile.ts";

/**
 * SHA-256 of `bin/bun`. Since Bun 1.4 the program for x64 needs no AVX: `baseline` is another name for the same bytes.
 */
const RUNTIMES = {
  version: "1.4.5",
  targets: {
    "bun-linux-x64": {
      name: "@oven/bun-linux-x64",
      sha256: "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083",
    },
    "bun-linux-x64-baseline": {
      name: "@oven/bun-linux-x64-baseline",
      sha256: "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083",
    },
    "bun-linux-arm64": {
      name: "@oven/bun-linux-aarch64",
      sha256: "04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923",
    },
  },
} as const;

export type Target = keyof typeof RUNTIMES.targets;
export const TARGETS = Object.keys(RUNTIMES.targets);

export function isTarget(text: string): text is Target {
  return TARGETS.includes(text);
}

/** The path of the executable; undefined for the target of this machine. Throws where it is not the one expected. */
export function runtimeOf(target: Target): string | undefined {
  if (target === nativeTarget()) return undefined;
  if (Bun.version !== RUNTIMES.version)
    throw new Error(`the executables are known for Bun ${RUNTIMES.version}, and this is Bun ${Bun.version}`);
  const { sha256 } = RUNTIMES.targets[target];
  const cached = join(cacheDirectory(), `bun-${RUNTIMES.version}-${sha256.slice(0, 16)}`);
  if (existsSync(cached) && sha256Of(cached) === sha256) return cached;
  return fetchInto(cached, target);
}

function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "waldur-cscs-storage");
}

function fetchInto(cached: string, target: Target): string {
  const { name, sha256 } = RUNTIMES.targets[target];
  mkdirSync(dirname(cached), { recursive: true });
  const scratch = mkdtempSync(`${cached}-`);
  try {
    const cpu = target.includes("arm64") ? "arm64" : "x64";
    const wanted = [`${name}@${RUNTIMES.version}`, "--cwd", scratch, "--cpu", cpu, "--os", "linux"];
    const ran = Bun.spawnSync([process.execPath, "add", ...wanted, "--ignore-scripts"], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const fetched = join(scratch, "node_modules", name, "bin", "bun");
    if (ran.exitCode !== 0 || !existsSync(fetched))
      throw new Error(`${name} could not be fetched from the package registry: ${ran.stderr}`);
    const found = sha256Of(fetched);
    if (found !== sha256) throw new Error(`${name} has the SHA-256 ${found} instead of ${sha256}`);
    chmodSync(fetched, 0o755);
    renameSync(fetched, cached);
    return cached;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function sha256Of(path: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
}
