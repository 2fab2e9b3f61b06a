// The binary can be made again, byte for byte, and a build that went wrong says so.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";
import manifest from "../../package.json" with { type: "json" };
import { compile, nativeTarget } from "../../scripts/compile.ts";
import { BINARY } from "../stage.ts";

const script = resolve(import.meta.dir, "../../scripts/build.ts");

setDefaultTimeout(60_000);

const entry = resolve(import.meta.dir, "../../cmd/main.ts");

function build(outfile: string, from = entry): string | null {
  return compile({ entry: from, outfile, target: nativeTarget(), version: manifest.version });
}

function withScratch<Result>(act: (directory: string) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), "build-"));
  try {
    return act(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("the same sources give the same bytes, wherever they are built", () => {
  withScratch((directory) => {
    const again = join(directory, "waldur-cscs-storage");
    expect(build(again)).toBeNull();
    expect(readFileSync(again).equals(readFileSync(BINARY))).toBe(true);
  });
});

test("the program for CPUs without AVX2 is that of x64, and a build for another target does not replace it", () => {
  const before = readFileSync(BINARY);
  const target = "bun-linux-x64-baseline";
  const built = Bun.spawnSync([process.execPath, script, "--target", target], { stderr: "pipe" });
  expect(`${built.stderr}`).toContain(` ${manifest.version} for ${target}\n`);
  const other = `${BINARY}-${manifest.version}-linux-x64-baseline`;
  expect(readFileSync(BINARY).equals(before)).toBe(true);
  if (process.arch === "x64") expect(readFileSync(other).equals(before)).toBe(true);
  rmSync(other);
});

test("an import that cannot be resolved fails the build, and leaves no binary", () => {
  withScratch((directory) => {
    const broken = join(directory, "broken.ts");
    writeFileSync(broken, 'import { nothing } from "./nowhere.ts";\nconsole.log(nothing);\n');
    const outfile = join(directory, "broken");
    expect(build(outfile, broken)).toContain("nowhere");
    expect(existsSync(outfile)).toBe(false);
  });
});

test("a target that there is not is refused, with those that there are", () => {
  const built = Bun.spawnSync([process.execPath, script, "--target", "linux-arm64"], { stderr: "pipe" });
  expect(built.exitCode).toBe(64);
  expect(`${built.stderr}`).toContain("--target linux-arm64 is not understood");
  expect(`${built.stderr}`).toContain("bun-linux-x64|bun-linux-x64-baseline|bun-linux-arm64");
});
