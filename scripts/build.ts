// Builds dist/waldur-cscs-storage: one hardened binary, the same bytes from the same sources. It is tried in a hostile
// directory before it counts as built.
// `--target bun-linux-arm64` cross-builds, without trying the result.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "pathe";
import manifest from "../package.json" with { type: "json" };
import { compile, nativeTarget } from "./compile.ts";

const root = resolve(import.meta.dir, "..");
const TARGETS: readonly string[] = ["bun-linux-x64", "bun-linux-arm64"];
const target = targetOf(process.argv.slice(2));
const outfile = join(root, "dist", "waldur-cscs-storage");

build();
if (target === nativeTarget()) smokeRun();
console.error(`built ${outfile} ${manifest.version} for ${target}`);

function targetOf(args: readonly string[]): string {
  const [flag, value] = args;
  if (flag === undefined) return nativeTarget();
  if (flag === "--target" && value !== undefined && TARGETS.includes(value)) return value;
  console.error(`build: ${args.join(" ")} is not understood`);
  console.error(`usage: bun scripts/build.ts [--target ${TARGETS.join("|")}]`);
  process.exit(64);
}

/** Beside the place it is for, so that the binary is replaced in one step and source maps do not pile up around it. */
function build(): void {
  const dist = join(root, "dist");
  mkdirSync(dist, { recursive: true });
  const scratch = mkdtempSync(join(dist, ".build-"));
  try {
    const built = join(scratch, basename(outfile));
    const log = compile({
      entry: join(root, "cmd", "main.ts"),
      outfile: built,
      target,
      version: manifest.version,
    });
    if (log === null) {
      renameSync(built, outfile);
      return;
    }
    rmSync(outfile, { force: true });
    console.error(log);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  fail("the build failed");
}

/** With no environment, in a directory whose files would hijack a careless binary. */
function smokeRun(): void {
  const hostile = mkdtempSync(join(tmpdir(), "hostile-"));
  try {
    writeFileSync(join(hostile, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(hostile, ".env"), "NODE_TLS_REJECT_UNAUTHORIZED=0\n");
    writeFileSync(join(hostile, "evil.ts"), 'console.log("EVIL"); process.exit(99);\n');
    const ran = Bun.spawnSync([outfile, "--version"], {
      cwd: hostile,
      env: {},
      stdout: "pipe",
      stderr: "pipe",
    });
    const expected = `waldur-cscs-storage ${manifest.version}\n`;
    if (ran.exitCode !== 0 || `${ran.stdout}` !== expected || `${ran.stderr}` !== "") {
      fail(`the binary does not start as it should: exit ${ran.exitCode}, ${ran.stdout}${ran.stderr}`);
    }
  } finally {
    rmSync(hostile, { recursive: true, force: true });
  }
}

function fail(message: string): never {
  console.error(`build: ${message}`);
  process.exit(1);
}
