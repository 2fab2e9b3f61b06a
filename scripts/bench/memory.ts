// The most memory that `sync` ever has, against a program that does nothing, for lists of different lengths. The
// longest is written to memory, where this may mount one, because its file has two gigabytes.

import { mkdirSync } from "node:fs";
import { join } from "pathe";
import type { Bench, Finding } from "./bench.ts";
import { peakOf } from "./process.ts";
import { timingOf } from "./race.ts";
import { withServer } from "./server.ts";
import { configure, sweep } from "./site.ts";
import { count, megabytes } from "./table.ts";

const MB = 1e6;

export async function measureMemory(bench: Bench): Promise<readonly Finding[]> {
  const nothing = (await peakOf([bench.empty, "wait"])).bytes;
  const small = await peaksAt(10_000, bench);
  const rows = [["nothing loaded", megabytes(nothing), "", ""], row(10_000, { ...small, nothing }, "")];
  if (bench.quick) return [finding(rows)];
  const large = await peaksAt(100_000, bench);
  const grown = (large.min / small.min - 1) * 100;
  const above = (large.min - nothing) / MB;
  rows.push(
    row(
      100_000,
      { ...large, nothing },
      `${grown.toFixed(0)} % above 10 000 ${met(grown, 10, "%")}; ${met(above, 90, "MB above nothing")}`,
    ),
  );
  const huge = await inMemory(bench, () => peaksAt(1_000_000, bench));
  if (huge !== null) {
    const more = (huge.min - large.min) / MB;
    rows.push(row(1_000_000, { ...huge, nothing }, met(more, 128, "MB above 100 000")));
  }
  return [finding(rows)];
}

function finding(rows: readonly string[][]): Finding {
  return {
    caption: "Peak memory of `sync`",
    columns: ["resources", "peak", "above nothing loaded", "target"],
    rows,
    note: "The kernel's high-water mark of the process (VmHWM), the least of the rounds.",
  };
}

function met(figure: number, target: number, what: string): string {
  return `(≤ ${target} ${what}: ${figure <= target ? "met" : "**not met**"})`;
}

function row(
  resources: number,
  { min, median, nothing }: { min: number; median: number; nothing: number },
  target: string,
) {
  return [
    count(resources),
    `${megabytes(min)} (median ${megabytes(median)})`,
    megabytes(min - nothing),
    target,
  ];
}

async function peaksAt(resources: number, bench: Bench) {
  bench.say(`${count(resources)} resources`);
  const directory = join(bench.directory("memory"), count(resources).replaceAll(" ", ""));
  mkdirSync(directory, { recursive: true });
  const peaks: number[] = [];
  const rounds = bench.quick || resources > 100_000 ? 1 : 9;
  await withServer({ resources }, async (server) => {
    const config = configure(server, directory);
    for (let round = 0; round < rounds; round++) {
      sweep(directory);
      peaks.push((await peakOf([bench.binary, "sync", "-c", config])).bytes);
    }
  });
  sweep(directory);
  return timingOf(peaks);
}

/** Runs the work with a file system in memory mounted where it writes; null, and said so, where that is not allowed. */
async function inMemory<T>(bench: Bench, work: () => Promise<T>): Promise<T | null> {
  const directory = bench.directory("memory");
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", directory], {
    stderr: "pipe",
  });
  if (mounted.exitCode !== 0) {
    bench.say(`SKIPPED: 1 000 000 resources, because no tmpfs can be mounted: ${`${mounted.stderr}`.trim()}`);
    return null;
  }
  try {
    return await work();
  } finally {
    Bun.spawnSync(["umount", directory]);
  }
}
