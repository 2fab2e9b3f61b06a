// Time and memory against the number of resources, for us and for the shell pipeline as far as it gets: a table, and a
// plot in docs/growth.svg.

import { rmSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "pathe";
import type { Bench, Finding } from "./bench.ts";
import { type Point, plotText, type Series } from "./plot.ts";
import { peakOf } from "./process.ts";
import { type Server, withServer } from "./server.ts";
import { configure, FIELDS, shellPipeline, sweep } from "./site.ts";
import { count, megabytes, time } from "./table.ts";

const PLOT = join(import.meta.dir, "../../docs/growth.svg");

/** The Python plugin (commit d9ac16c, Python 3.11) on a machine with 2 cores, measured once, asking for all fields. */
const ORIGINAL: readonly Point[] = [
  { resources: 1_000, ms: 2_530, bytes: 83e6 },
  { resources: 10_000, ms: 6_070, bytes: 187e6 },
  { resources: 100_000, ms: 48_200, bytes: 1_219e6 },
];

/** What jq needs for each resource, generously: it holds the whole document. */
const PIPELINE_BYTES = 8_000;

export async function measureGrowth(bench: Bench): Promise<readonly Finding[]> {
  const ours: Point[] = [];
  const pipeline: Point[] = [];
  for (const resources of bench.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000]) {
    bench.say(`${count(resources)} resources`);
    await withServer({ resources }, async (server) => {
      const directory = bench.directory(`growth-${resources}`);
      ours.push(await pointOfOurs(bench, server, directory));
      if (freemem() > resources * PIPELINE_BYTES) pipeline.push(await pointOfPipeline(server, directory));
      else bench.say(`SKIPPED: the pipeline at ${count(resources)}, for want of memory`);
      rmSync(directory, { recursive: true, force: true });
    });
  }
  const series: readonly Series[] = [
    { name: "waldur-cscs-storage", color: "#0b6e99", points: ours },
    { name: "curl and jq", color: "#c26a00", points: pipeline },
    { name: "the Python plugin (quoted)", color: "#777777", points: ORIGINAL, isQuoted: true },
  ];
  if (!bench.quick) await Bun.write(PLOT, plotText(series));
  return [finding(series)];
}

async function pointOfOurs({ binary }: Bench, server: Server, directory: string): Promise<Point> {
  const config = configure(server, directory);
  const peak = await peakOf([binary, "sync", "-c", config]);
  sweep(directory);
  return { resources: server.resources, ...peak };
}

async function pointOfPipeline(server: Server, directory: string): Promise<Point> {
  const { command } = await shellPipeline(server, directory, FIELDS);
  return { resources: server.resources, ...(await peakOf(command)) };
}

function finding(series: readonly Series[]): Finding {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ resources }) => resources)))];
  return {
    caption: "Growth",
    columns: ["resources", ...series.map(({ name }) => name)],
    rows: sizes.map((size) => [count(size), ...series.map(({ points }) => cellOf(points, size))]),
    note: "Time and peak memory of one run each, the memory watched meanwhile. The plugin's points are quoted, from another run.",
  };
}

function cellOf(points: readonly Point[], size: number): string {
  const point = points.find(({ resources }) => resources === size);
  return point === undefined ? "" : `${time(point.ms)}, ${megabytes(point.bytes)}`;
}
