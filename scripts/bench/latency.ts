// `sync` where each request takes 20 ms: against what the requests alone must take.

import type { Bench } from "./bench.ts";
import { timeOf } from "./process.ts";
import { race } from "./race.ts";
import { type Server, withServer } from "./server.ts";
import { openSite } from "./site.ts";
import { atMost, count, type Finding, time, times, withMedian } from "./table.ts";

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
  const columns = [
    "resources",
    "`parallel_requests`",
    "requests",
    "without latency",
    "floor",
    "with latency",
  ];
  return [
    {
      caption: `\`sync\` with ${LATENCY_MS} ms a request`,
      columns: [...columns, "ratio", "target"],
      rows,
      note: "The floor is requests × latency / `parallel_requests`, and the time without latency.",
    },
  ];
}

type Servers = { near: Server; far: Server; parallel: number };

async function measure(bench: Bench, { near, far, parallel }: Servers): Promise<string[]> {
  const runOn = (server: Server) => {
    const site = openSite(bench, server, { parallel_requests: parallel });
    return () => timeOf(site.freshSync());
  };
  const runFar = runOn(far);
  await far.takeRequests();
  await runFar();
  const requests = (await far.takeRequests()).length;
  const of = await race({ near: runOn(near), far: runFar }, bench.quick ? 1 : 3);
  const floorMs = (requests * LATENCY_MS) / parallel + of("near").min;
  const above = of("far").min / floorMs;
  return [
    ...[count(far.resources), `${parallel}`, count(requests), time(of("near").min), time(floorMs)],
    ...[withMedian(of("far"), time), times(above), atMost(1.15, above)],
  ];
}
