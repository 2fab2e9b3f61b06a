// Takes away, one at a time, each guard that a promise rests on, and shows that a test fails for it. Works in a copy of
// the tree; run by hand and weekly: `bun run mutate [--only WORD]`. Prints a table; ends with 1 when a mutant survives
// or a guard is not found where it is listed.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "pathe";
import { MUTANTS, type Mutant } from "./mutants.ts";

const root = resolve(import.meta.dir, "..");
const only = process.argv[2] === "--only" ? (process.argv[3] ?? "") : "";
const copy = mkdtempSync(join(tmpdir(), "mutate-"));
let survivors = 0;
try {
  const pages = ["docs", "README.md", "CHANGELOG.md", "LICENSE"];
  const settings = ["package.json", "bun.lock", "tsconfig.json", "bunfig.toml"];
  for (const part of ["cmd", "lib", "tests", "scripts", "packaging", "examples", ...pages, ...settings]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  symlinkSync(join(root, "dist"), join(copy, "dist"));
  console.log("| removed guard | file | test that fails |\n| --- | --- | --- |");
  for (const mutant of MUTANTS.filter(({ guard }) => guard.includes(only))) {
    const failing = failingTest(mutant);
    if (failing === null) survivors++;
    console.log(`| ${mutant.guard} | \`${mutant.file}\` | ${failing ?? "**NOTHING: it survives**"} |`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exit(survivors === 0 ? 0 : 1);

/** The first test that fails without the guard; null when none does. */
function failingTest({ file, from, to, tests }: Mutant): string | null {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} holds this not exactly once: ${from}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    for (const test of tests) {
      const ran = Bun.spawnSync([process.execPath, "test", "--bail", `tests/${test}`], {
        cwd: copy,
        env: { ...process.env, SUBJECT: "source" },
        stdout: "pipe",
        stderr: "pipe",
        timeout: 120_000,
      });
      if (ran.exitCode !== 0) return nameOfFailure(`${ran.stdout}${ran.stderr}`, test);
    }
    return null;
  } finally {
    writeFileSync(path, source);
  }
}

function nameOfFailure(output: string, test: string): string {
  const name = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(output)?.[1];
  return `\`${test}\`: ${(name ?? "does not load").replaceAll("|", "\\|").slice(0, 110)}`;
}
