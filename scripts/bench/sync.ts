// `sync` where the network costs nothing: against the floor, and against what a shell can do.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "pathe";
import type { Bench, Finding } from "./bench.ts";
import { timeOf } from "./process.ts";
import { race, type Timing } from "./race.ts";
import { type Server, withServer } from "./server.ts";
import {
  ALL_FIELDS,
  barePipeline,
  configure,
  expectSame,
  FIELDS,
  floor,
  shellPipeline,
  snapshotIn,
  sweep,
} from "./site.ts";
import { atLeast, atMost, count, time } from "./table.ts";

const SIZES = [
  { resources: 10_000, faster: 12 },
  { resources: 100_000, faster: 15 },
];
const ROUNDS = 7;

export async function measureSync(bench: Bench): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { resources, faster } of bench.quick ? SIZES.slice(0, 1) : SIZES) {
    bench.say(`${count(resources)} resources`);
    const of = await withServer({ resources }, (server) =>
      raceOn(server, bench.directory(`sync-${resources}`), bench),
    );
    findings.push(finding(resources, faster, of));
  }
  return findings;
}

async function raceOn(server: Server, directory: string, { binary, bare, quick }: Bench) {
  const ours = [binary, "sync", "-c", configure(server, directory)];
  const slim = await shellPipeline(server, directory, FIELDS);
  const broad = await shellPipeline(server, directory, ALL_FIELDS);
  const least = await barePipeline(bare, server, directory);
  const bytes = await checkedDocument({ server, directory, ours, pipelines: [slim, broad, least] });
  const command = floor(server, directory, bytes);
  return race(
    {
      ours() {
        sweep(directory);
        return timeOf(ours);
      },
      floor: () => timeOf(command),
      least: () => timeOf(least.command),
      slim: () => timeOf(slim.command),
      broad: () => timeOf(broad.command),
    },
    quick ? 1 : ROUNDS,
  );
}

type Entrants = {
  server: Server;
  directory: string;
  ours: readonly string[];
  pipelines: readonly { command: readonly string[]; file: string }[];
};

/** Everybody runs once, and must have made the same document. Returns where its bytes are kept. */
async function checkedDocument({ directory, ours, pipelines }: Entrants): Promise<string> {
  const kept = join(directory, "bytes.json");
  await timeOf(ours);
  mkdirSync(directory, { recursive: true });
  copyFileSync(snapshotIn(directory), kept);
  for (const { command, file } of pipelines) {
    await timeOf(command);
    await expectSame(kept, file);
  }
  return kept;
}

function finding(resources: number, faster: number, of: (name: string) => Timing): Finding {
  const ours = of("ours");
  const row = (name: string, timing: Timing, target: string) => [
    name,
    time(timing.min),
    time(timing.median),
    `${(timing.min / ours.min).toFixed(2)} (median ${(timing.median / ours.median).toFixed(2)})`,
    target,
  ];
  const above = ours.min / of("floor").min;
  return {
    caption: `${count(resources)} resources, no latency`,
    columns: ["", "least", "median", "times ours", "target"],
    rows: [
      row("`sync`", ours, `${above.toFixed(2)} times the floor, ${atMost(2.5, above)}`),
      row(
        "the floor: one curl with the same fields to nowhere, `dd conv=fsync` of the same bytes",
        of("floor"),
        "",
      ),
      row("the least of a Bun program: the same, parsed, laid out, digested, unchecked", of("least"), ""),
      row(
        "one curl with the same fields, one jq, `sync`, `mv`",
        of("slim"),
        atLeast(faster, of("slim").min / ours.min),
      ),
      row("the same without `field=`", of("broad"), ""),
    ],
  };
}
