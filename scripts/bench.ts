// Measures what the program costs, side by side with what the transport, the disk and a shell cost on this machine, and
// writes docs/benchmark.md and docs/growth.svg. Ratios of one run mean something, seconds of another machine do not.
// `--only NAME` measures one thing; `--quick` is small, for trying it out, and writes nothing.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { join, resolve } from "pathe";
import type { Bench, Measure } from "./bench/bench.ts";
import { measureGrowth } from "./bench/growth.ts";
import { measureLatency } from "./bench/latency.ts";
import { machineText } from "./bench/machine.ts";
import { measureMemory } from "./bench/memory.ts";
import { measureOrders } from "./bench/orders.ts";
import { replaceOnPage } from "./bench/page.ts";
import { measureQueries } from "./bench/queries.ts";
import { measureStart } from "./bench/start.ts";
import { measureSync } from "./bench/sync.ts";
import { findingText } from "./bench/table.ts";
import { measureWire } from "./bench/wire.ts";
import { compile, nativeTarget } from "./compile.ts";

const root = resolve(import.meta.dir, "..");

const MEASURES: Readonly<Record<string, Measure>> = {
  start: measureStart,
  sync: measureSync,
  latency: measureLatency,
  queries: measureQueries,
  memory: measureMemory,
  orders: measureOrders,
  wire: measureWire,
  growth: measureGrowth,
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "bench-"));
try {
  requireTools();
  await measureAll(chosenMeasures(flags.only), createBench(flags.quick));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function requireTools(): void {
  const missing = ["curl", "jq", "dd", "bash"].filter((tool) => Bun.which(tool) === null);
  if (missing.length > 0) fail(`not installed: ${missing.join(", ")}`);
}

function chosenMeasures(only: readonly string[]): readonly [string, Measure][] {
  const unknown = only.filter((name) => !Object.hasOwn(MEASURES, name));
  if (unknown.length > 0) fail(`unknown: ${unknown.join(", ")}; known: ${Object.keys(MEASURES).join(", ")}`);
  return Object.entries(MEASURES).filter(([name]) => only.length === 0 || only.includes(name));
}

async function measureAll(measures: readonly [string, Measure][], bench: Bench): Promise<void> {
  const machine = machineText(scratch, new Date());
  console.log(`${machine}\n`);
  for (const [name, measure] of measures) {
    bench.say(name);
    const text = `${(await measure(bench)).map(findingText).join("\n")}\n${machine}`;
    console.log(`${text}\n`);
    if (!bench.quick) replaceOnPage(name, text);
  }
}

function createBench(quick: boolean): Bench {
  const binary = join(scratch, "waldur-cscs-storage");
  copyFileSync(join(root, "dist", "waldur-cscs-storage"), binary);
  return {
    quick,
    binary,
    empty: compileEmpty(),
    bare: compileOther("bare", join(import.meta.dir, "bench", "bare.ts")),
    directory(name) {
      const path = join(scratch, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    say: (text) => console.error(`… ${text}`),
  };
}

/** With an argument it stays for a moment, so that its memory can be looked at. */
function compileEmpty(): string {
  const directory = join(scratch, "empty");
  mkdirSync(directory);
  const entry = join(directory, "empty.ts");
  writeFileSync(entry, "if (process.argv.length > 2) setTimeout(() => undefined, 300);\n");
  return compileOther("empty", entry);
}

function compileOther(name: string, entry: string): string {
  const outfile = join(scratch, `${name}-program`);
  const log = compile({ entry, outfile, target: nativeTarget(), version: "0.0.0" });
  if (log !== null) fail(`the ${name} program was not built: ${log}`);
  return outfile;
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  rmSync(scratch, { recursive: true, force: true });
  process.exit(1);
}
