// `sync` where each request takes 20 ms: against what the requests alone must take.

import type { Bench, Finding } from "./bench.ts";
import { timeOf } from "./process.ts";
import { race } from "./race.ts";
import { type Server, withServer } from "./server.ts";
import { configure, sweep } from "./site.ts";
import { atMost, count, time } from "./table.ts";

const LATENCY_MS = 20;

export async function measureLatency(bench: Bench): Promise<readonly Finding[]> {
  const rows: string[][] = [];
  for (const resources of bench.quick ? [3_000] : [10_000, 100_000]) {
    bench.say(`${count(resources)} resources`);
    await withServer({ resources }, (near) =>
      withServer({ resources, latencyMs: LATENCY_MS }, async (far) => {
        for (const parallel of [1, 8]) rows.push(await measure(bench, { near, far, parallel }));
      }),
    );
  }
  return [
    {
      caption: `\`sync\` with ${LATENCY_MS} ms a request`,
      columns: [
        "resources",
        "`parallel_requests`",
        "requests",
        "without latency",
        "floor",
        "with latency",
        "ratio",
        "target",
      ],
      rows,
      note: "The floor is requests × latency / `parallel_requests`, and the time without latency.",
    },
  ];
}

type Servers = { near: Server; far: Server; parallel: number };

async function measure(bench: Bench, { near, far, parallel }: Servers): Promise<string[]> {
  const runOn = (server: Server, name: string) => {
    const directory = bench.directory(`${name}-${server.resources}-${parallel}`);
    const config = configure(server, directory, { parallel_requests: parallel });
    return () => {
      sweep(directory);
      return timeOf([bench.binary, "sync", "-c", config]);
    };
  };
  const runFar = runOn(far, "far");
  await far.takeRequests();
  await runFar();
  const requests = Object.values(await far.takeRequests()).reduce((sum, times) => sum + times, 0);
  const of = await race({ near: runOn(near, "near"), far: runFar }, bench.quick ? 1 : 3);
  const floorMs = (requests * LATENCY_MS) / parallel + of("near").min;
  const least = of("far").min / floorMs;
  return [
    count(far.resources),
    `${parallel}`,
    count(requests),
    time(of("near").min),
    time(floorMs),
    `${time(of("far").min)} (median ${time(of("far").median)})`,
    least.toFixed(2),
    atMost(1.15, least),
  ];
}
