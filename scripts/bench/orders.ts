// A pass over many pending orders where each request takes 20 ms: against what its requests and its flushes to disk
// must take, one order at a time.

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "pathe";
import type { Bench, Finding } from "./bench.ts";
import { timeOf } from "./process.ts";
import { withServer } from "./server.ts";
import { configure } from "./site.ts";
import { atMost, count, time } from "./table.ts";

const LATENCY_MS = 20;
const FLUSH_SAMPLES = 200;
const DEADLINE = ["--deadline", "86400"];

export async function measureOrders(bench: Bench): Promise<readonly Finding[]> {
  const orders = bench.quick ? 60 : 1_000;
  const flushes = await flushesPerOrder(bench);
  const flushMs = timeOfFlush(bench.directory("flush"));
  const pass = await withServer({ resources: 1_000, orders, latencyMs: LATENCY_MS }, async (server) => {
    const config = configure(server, bench.directory("orders"));
    const ms = await timeOf([bench.binary, "orders", "-c", config, ...DEADLINE]);
    return { ms, asked: await server.takeRequests() };
  });
  const requests = Object.values(pass.asked).reduce((sum, times) => sum + times, 0);
  const floorMs = requests * LATENCY_MS + orders * (flushes ?? 0) * flushMs;
  const least = pass.ms / floorMs;
  return [
    {
      caption: `\`orders\` with ${count(orders)} pending orders of mixed types and ${LATENCY_MS} ms a request`,
      columns: ["requests", "an order", "flushes an order", "a flush", "floor", "took", "ratio", "target"],
      rows: [
        [
          count(requests),
          (requests / orders).toFixed(2),
          flushes === null ? "not counted" : flushes.toFixed(1),
          time(flushMs),
          time(floorMs),
          time(pass.ms),
          least.toFixed(2),
          atMost(1.3, least),
        ],
      ],
      note: `The floor is requests × latency, and the flushes of the files.${flushes === null ? " strace is not here, so no flush was counted." : ""}`,
    },
    {
      caption: "Requests of that pass",
      columns: ["request", "times"],
      rows: Object.entries(pass.asked).map(([shape, times]) => [`\`${shape}\``, count(times)]),
    },
  ];
}

/** fsyncs of a pass over some orders, without those of an idle one; null where there is no strace. */
async function flushesPerOrder(bench: Bench): Promise<number | null> {
  if (Bun.which("strace") === null) {
    bench.say("SKIPPED: counting flushes, because there is no strace");
    return null;
  }
  const orders = 30;
  return withServer({ resources: 100, orders }, async (server) => {
    const directory = bench.directory("flushes");
    const config = configure(server, directory);
    const flushesOf = async (name: string) => {
      const trace = join(directory, name);
      await timeOf([
        "strace",
        "-f",
        "-e",
        "trace=fsync,fdatasync",
        "-o",
        trace,
        bench.binary,
        "orders",
        "-c",
        config,
      ]);
      return (await Bun.file(trace).text()).split("\n").filter((line) => /sync\(\d+\) += 0/.test(line))
        .length;
    };
    const withOrders = await flushesOf("first");
    return (withOrders - (await flushesOf("idle"))) / orders;
  });
}

/** Writing a small file and flushing it, on the average. */
function timeOfFlush(directory: string): number {
  const path = join(directory, "sample");
  const startedAt = performance.now();
  for (let sample = 0; sample < FLUSH_SAMPLES; sample++) {
    const fd = openSync(path, "w");
    writeSync(fd, "x".repeat(2_500));
    fsyncSync(fd);
    closeSync(fd);
  }
  const ms = (performance.now() - startedAt) / FLUSH_SAMPLES;
  rmSync(path);
  return ms;
}
