// Type check, lint, build, and every test on source and on the compiled binary; ends with the line `N passed, N
// failed`. Each step counts as one. Tests that cannot run on this machine are skipped and named; with CI set, none may
// be.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "pathe";

const root = resolve(import.meta.dir, "..");
const COVERAGE_FLOOR_PERCENT = 95;

type Tally = { passed: number; failed: number; skipped: string[] };

const tally: Tally = { passed: 0, failed: 0, skipped: [] };
step("type check", ["x", "tsc", "--noEmit"]);
step("type check of the browser's side", ["x", "tsc", "--noEmit", "-p", "lib/page/browser"]);
step("lint", ["x", "biome", "ci", "."]);
if (step("build", ["scripts/build.ts"])) runTests();
else console.error("the tests were not run, because there is no binary to test");

for (const name of tally.skipped) console.log(`skipped: ${name}`);
if (process.env.CI !== undefined && tally.skipped.length > 0) {
  console.log("in CI no test may be skipped");
  tally.failed += tally.skipped.length;
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);

/** Runs `bun` with these arguments. */
function step(name: string, args: readonly string[]): boolean {
  const startedAt = performance.now();
  const ran = Bun.spawnSync([process.execPath, ...args], {
    cwd: root,
    stdout: "inherit",
    stderr: "inherit",
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const isGood = ran.exitCode === 0;
  console.log(`${isGood ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  if (isGood) tally.passed++;
  else tally.failed++;
  return isGood;
}

function runTests(): void {
  const scratch = mkdtempSync(join(tmpdir(), "verify-"));
  try {
    const junit = join(scratch, "junit.xml");
    const ran = Bun.spawnSync(
      [
        process.execPath,
        "test",
        ...["--reporter=junit", `--reporter-outfile=${junit}`],
        ...["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${scratch}`],
      ],
      { cwd: root, stdout: "inherit", stderr: "inherit", env: { ...process.env, NO_COLOR: "1" } },
    );
    countTests(junit, ran.exitCode);
    checkCoverage(join(scratch, "lcov.info"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function countTests(junit: string, exitCode: number): void {
  if (!existsSync(junit)) {
    console.log("FAILED: bun test left no report");
    tally.failed++;
    return;
  }
  const cases = [
    ...readFileSync(junit, "utf8").matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g),
  ];
  let failed = 0;
  for (const [, name = "", body = ""] of cases) {
    if (body.includes("<skipped")) tally.skipped.push(unescapeXml(name));
    else if (body.includes("<failure") || body.includes("<error")) failed++;
    else tally.passed++;
  }
  // A crash outside a test leaves no failed case.
  tally.failed += failed === 0 && exitCode !== 0 ? 1 : failed;
}

function unescapeXml(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Lines of `lib/`; a file that no test loads counts as not covered at all. What runs in a browser is tried in one. */
function checkCoverage(lcov: string): void {
  const files = parseLcov(existsSync(lcov) ? readFileSync(lcov, "utf8") : "");
  let found = 0;
  let hit = 0;
  const gaps: string[] = [];
  for (const path of libFiles()) {
    const lines = files.get(path);
    if (lines === undefined) {
      if (hasCode(path)) gaps.push(`${path}: loaded by no test`);
      continue;
    }
    found += lines.found;
    hit += lines.hit;
    if (lines.missed.length > 0) gaps.push(`${path}: ${ranges(lines.missed)}`);
  }
  const percent = found === 0 ? 0 : (hit / found) * 100;
  const isGood = percent >= COVERAGE_FLOOR_PERCENT && !gaps.some((gap) => gap.endsWith("loaded by no test"));
  console.log(
    `${isGood ? "ok" : "FAILED"}: ${percent.toFixed(1)} % of the lines of lib/ are covered (floor ${COVERAGE_FLOOR_PERCENT} %)`,
  );
  for (const gap of gaps) console.log(`  not covered: ${gap}`);
  if (isGood) tally.passed++;
  else tally.failed++;
}

type Lines = { found: number; hit: number; missed: number[] };

function parseLcov(text: string): Map<string, Lines> {
  const files = new Map<string, Lines>();
  for (const record of text.split("end_of_record")) {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (path === undefined) continue;
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(
      ([, line, hits]) => [Number(line), Number(hits)] as const,
    );
    files.set(relative(root, resolve(root, path)), {
      found: lines.length,
      hit: lines.filter(([, hits]) => hits > 0).length,
      missed: lines.filter(([, hits]) => hits === 0).map(([line]) => line),
    });
  }
  return files;
}

function libFiles(): string[] {
  return readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("page/browser/"))
    .map((name) => join("lib", name))
    .sort();
}

/** A file of types alone is erased, so nothing can load it. */
function hasCode(path: string): boolean {
  return (
    new Bun.Transpiler({ loader: "ts" }).transformSync(readFileSync(join(root, path), "utf8")).trim() !== ""
  );
}

function ranges(lines: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else parts.push([line, line]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
