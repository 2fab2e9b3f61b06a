// Builds dist/waldur-cscs-storage: one hardened binary, the same bytes from the same sources. It is tried in a hostile
// directory before it counts as built.
// `--target bun-linux-arm64` builds for another kind of machine, under a name of its own and without trying the result.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";
import manifest from "../package.json" with { type: "json" };
import { compile, nativeTarget } from "./compile.ts";
import { isTarget, runtimeOf, TARGETS, type Target } from "./runtime.ts";

const root = resolve(import.meta.dir, "..");
const target = targetOf(process.argv.slice(2));
const isNative = target === nativeTarget();
/** Never the name that tests and packages take for the binary of this machine. */
const crossName = `waldur-cscs-storage-${manifest.version}-${target.replace("bun-", "")}`;
const runtime = runtimeFor(target);
const outfile = join(root, "dist", isNative ? "waldur-cscs-storage" : crossName);

build();
if (isNative) smokeRun();
console.error(`built ${outfile} ${manifest.version} for ${target}`);

function targetOf(args: readonly string[]): Target {
  const [flag, value = nativeTarget()] = args;
  if ((flag === undefined || (flag === "--target" && args.length === 2)) && isTarget(value)) return value;
  console.error(`build: ${args.join(" ")} is not understood`);
  console.error(`usage: bun scripts/build.ts [--target ${TARGETS.join("|")}]`);
  process.exit(64);
}

function runtimeFor(wanted: Target): string | undefined {
  try {
    return runtimeOf(wanted);
  } catch (error) {
    return fail(error instanceof Error ? error.message : `${error}`);
  }
}

/** Beside the place it is for, so that the binary is replaced in one step and source maps do not pile up around it. */
function build(): void {
  const dist = join(root, "dist");
  mkdirSync(dist, { recursive: true });
  const scratch = mkdtempSync(join(dist, ".build-"));
  try {
    // Bun writes this name into the program.
    const built = join(scratch, "waldur-cscs-storage");
    const log = compile({
      entry: join(root, "cmd", "main.ts"),
      outfile: built,
      target,
      version: manifest.version,
      runtime,
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
