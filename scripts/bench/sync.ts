// `sync` where the network costs nothing: against the floor, the least of a program, and what a shell can do.

import { copyFileSync } from "node:fs";
import { join } from "pathe";
import type { Bench } from "./bench.ts";
import { barePipeline, expectSame, floor, shellPipeline } from "./pipelines.ts";
import { timeOf } from "./process.ts";
import { race, type Timing } from "./race.ts";
import { type Server, withServer } from "./server.ts";
import { openSite } from "./site.ts";
import { atMost, count, type Finding, ratio, time, times, withMedian } from "./table.ts";

const SIZES = [
  { resources: 10_000, floors: 2.8, bares: 1.7 },
  { resources: 100_000, floors: 2.2, bares: 1.5 },
];

export async function measureSync(bench: Bench): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const size of bench.quick ? SIZES.slice(0, 1) : SIZES) {
    bench.say(`${count(size.resources)} resources`);
    findings.push(finding(size, await withServer(size, (server) => raceOn(server, bench))));
  }
  return findings;
}

async function raceOn(server: Server, bench: Bench) {
  const { directory, freshSync, snapshot } = openSite(bench, server);
  const bare = await barePipeline(server, directory, bench.bare);
  const shell = await shellPipeline(server, directory);
  // Everybody runs once, and must have made the same document.
  const bytes = join(directory, "bytes.json");
  await timeOf(freshSync());
  copyFileSync(snapshot(), bytes);
  for (const { command, file } of [bare, shell]) {
    await timeOf(command);
    await expectSame(bytes, file);
  }
  const least = floor(server, directory, bytes);
  return race(
    {
      ours: () => timeOf(freshSync()),
      floor: () => timeOf(least),
      bare: () => timeOf(bare.command),
      shell: () => timeOf(shell.command),
    },
    bench.quick ? 2 : 7,
  );
}

function finding(
  { resources, floors, bares }: (typeof SIZES)[number],
  of: (name: "ours" | "floor" | "bare" | "shell") => Timing,
): Finding {
  const ours = of("ours");
  const row = (name: string, timing: Timing, target?: number) => {
    const [theirs, above] = [ratio(timing, ours), ratio(ours, timing)];
    const held = target === undefined ? "" : `${times(above.min)} times it, ${atMost(target, above.min)}`;
    return [name, time(timing.min), time(timing.median), withMedian(theirs, times), held];
  };
  return {
    caption: `${count(resources)} resources, no latency`,
    columns: ["", "least", "median", "times ours", "target of `sync`"],
    rows: [
      row("`sync`", ours),
      row(
        "the floor: one curl with the same fields to nowhere, `dd conv=fsync` of the same bytes",
        of("floor"),
        floors,
      ),
      row("the least of a Bun program: the same, parsed, laid out, digested, unchecked", of("bare"), bares),
      row("one curl with the same fields, one jq, `sync`, `mv`", of("shell")),
    ],
  };
}
