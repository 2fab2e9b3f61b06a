// Time and memory of `sync` against the number of resources, beside the shell pipeline and a program that does nothing:
// a table, and a plot in docs/growth.svg.

import { join } from "pathe";
import type { Bench } from "./bench.ts";
import { shellPipeline } from "./pipelines.ts";
import { type Point, plotText, type Series } from "./plot.ts";
import { peakOf } from "./process.ts";
import { type Timing, timingOf } from "./race.ts";
import { type Server, withServer } from "./server.ts";
import { openSite } from "./site.ts";
import { atMost, count, type Finding, megabytes, time, withMedian } from "./table.ts";

const PLOT = join(import.meta.dir, "../../docs/growth.svg");
const MB = 1e6;

/** The Python plugin (commit d9ac16c, Python 3.11) on a machine with 2 cores, measured once, asking for all fields. */
const ORIGINAL: readonly Point[] = [
  { resources: 1_000, ms: 2_530, bytes: 83e6 },
  { resources: 10_000, ms: 6_070, bytes: 187e6 },
  { resources: 100_000, ms: 48_200, bytes: 1_219e6 },
];

type Measured = { resources: number; ms: Timing; bytes: Timing };

export async function measureGrowth(bench: Bench): Promise<readonly Finding[]> {
  const { bytes: nothing } = await peakOf([bench.empty, "wait"]);
  const ours: Measured[] = [];
  const shell: Point[] = [];
  for (const resources of bench.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000]) {
    bench.say(`${count(resources)} resources`);
    await withServer({ resources }, async (server) => {
      ours.push(await measureOurs(bench, server));
      // At a million it takes a minute and a half and 5.5 GB, and shows nothing new.
      if (resources > 100_000) return;
      const { command } = await shellPipeline(server, bench.directory());
      shell.push({ resources, ...(await peakOf(command)) });
    });
  }
  const points = ours.map(({ resources, ms, bytes }) => ({ resources, ms: ms.min, bytes: bytes.min }));
  const others: readonly Series[] = [
    { name: "curl and jq", color: "#c26a00", points: shell },
    { name: "the Python plugin (quoted)", color: "#777777", points: ORIGINAL, isQuoted: true },
  ];
  if (!bench.quick)
    await Bun.write(PLOT, plotText([{ name: "waldur-cscs-storage", color: "#0b6e99", points }, ...others]));
  return [
    {
      caption: "Time and peak memory of `sync`",
      columns: ["resources", "time", "peak memory", "target", ...others.map(({ name }) => name)],
      rows: [
        ["nothing loaded", "", megabytes(nothing), "", "", ""],
        ...ours.map((one, at) => [
          ...[count(one.resources), time(one.ms.min), withMedian(one.bytes, megabytes)],
          targets(one, { nothing, before: ours[at - 1] }),
          ...others.map((series) => cellOf(series, one.resources)),
        ]),
      ],
      note: "The kernel's high-water mark of the process (VmHWM), the least of the rounds.",
    },
  ];
}

async function measureOurs(bench: Bench, server: Server): Promise<Measured> {
  const { freshSync } = openSite(bench, server);
  const runs: { ms: number; bytes: number }[] = [];
  const rounds = bench.quick || server.resources > 100_000 ? 1 : 9;
  for (let round = 0; round < rounds; round++) runs.push(await peakOf(freshSync()));
  const of = (what: "ms" | "bytes") => timingOf(runs.map((run) => run[what]));
  return { resources: server.resources, ms: of("ms"), bytes: of("bytes") };
}

function targets(
  { resources, bytes }: Measured,
  { nothing, before }: { nothing: number; before: Measured | undefined },
): string {
  if (before === undefined || resources < 100_000) return "";
  const more = (bytes.min - before.bytes.min) / MB;
  if (resources > 100_000) return `${more.toFixed(0)} MB more, ${atMost(128, more)}`;
  const grown = (bytes.min / before.bytes.min - 1) * 100;
  const above = (bytes.min - nothing) / MB;
  return `${grown.toFixed(0)} % more, ${atMost(10, grown)}; ${above.toFixed(0)} MB above nothing, ${atMost(90, above)}`;
}

function cellOf({ points }: Series, size: number): string {
  const point = points.find(({ resources }) => resources === size);
  return point === undefined ? "" : `${time(point.ms)}, ${megabytes(point.bytes)}`;
}
