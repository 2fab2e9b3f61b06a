// Measures what the program costs, side by side with what the transport, the disk and a shell cost on this machine, and
// writes docs/benchmark.md and docs/growth.svg. Ratios of one run mean something, seconds of another machine do not.
// `--only NAME` measures one thing; `--quick` is small, for trying it out, and writes nothing. Needs curl and jq.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { join, resolve } from "pathe";
import type { Bench, Measure } from "./bench/bench.ts";
import { measureGrowth } from "./bench/growth.ts";
import { measureLatency } from "./bench/latency.ts";
import { machineText } from "./bench/machine.ts";
import { measureOrders } from "./bench/orders.ts";
import { measureQueries } from "./bench/queries.ts";
import { measureStart } from "./bench/start.ts";
import { measureSync } from "./bench/sync.ts";
import { findingText, replaceOnPage } from "./bench/table.ts";
import { compile, nativeTarget } from "./compile.ts";

const root = resolve(import.meta.dir, "..");

const MEASURES: Readonly<Record<string, Measure>> = {
  start: measureStart,
  sync: measureSync,
  latency: measureLatency,
  queries: measureQueries,
  orders: measureOrders,
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
  await measureAll(chosenMeasures(flags.only), createBench(flags.quick));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function chosenMeasures(only: readonly string[]): readonly [string, Measure][] {
  const unknown = only.filter((name) => !Object.hasOwn(MEASURES, name));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(", ")}; known: ${Object.keys(MEASURES).join(", ")}`);
  return Object.entries(MEASURES).filter(([name]) => only.length === 0 || only.includes(name));
}

async function measureAll(measures: readonly [string, Measure][], bench: Bench): Promise<void> {
  const machine = machineText(scratch);
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
    empty: compileProgram("empty"),
    bare: compileProgram("bare"),
    directory: () => mkdtempSync(join(scratch, "at-")),
    say: (text) => console.error(`… ${text}`),
  };
}

/** As the binary is compiled. */
function compileProgram(name: "empty" | "bare"): string {
  const entry = join(import.meta.dir, "bench", `${name}.ts`);
  const outfile = join(scratch, name);
  const log = compile({ entry, outfile, target: nativeTarget(), version: "0.0.0" });
  if (log !== null) throw new Error(`the ${name} program was not built: ${log}`);
  return outfile;
}
