// A pass over many pending orders where each request takes 20 ms: against what its requests alone must take, one order
// at a time.

import type { Bench } from "./bench.ts";
import { timeOf } from "./process.ts";
import { withServer } from "./server.ts";
import { openSite } from "./site.ts";
import { atMost, count, type Finding, time, times } from "./table.ts";

const LATENCY_MS = 20;

export async function measureOrders(bench: Bench): Promise<readonly Finding[]> {
  const orders = bench.quick ? 60 : 300;
  const { ms, requests } = await withServer(
    { resources: 1_000, orders, latencyMs: LATENCY_MS },
    async (server) => {
      const took = await timeOf(openSite(bench, server).command("orders", "--deadline", "86400"));
      return { ms: took, requests: (await server.takeRequests()).length };
    },
  );
  const floorMs = requests * LATENCY_MS;
  const above = ms / floorMs;
  return [
    {
      caption: `\`orders\` with pending orders of mixed types and ${LATENCY_MS} ms a request`,
      columns: ["orders", "requests", "an order", "floor", "took", "ratio", "target"],
      rows: [
        [
          ...[count(orders), count(requests), (requests / orders).toFixed(2), time(floorMs), time(ms)],
          ...[times(above), atMost(1.3, above)],
        ],
      ],
      note: "The floor is requests × latency. What is above it is the disk's: files are flushed before they are reported to Waldur.",
    },
  ];
}
