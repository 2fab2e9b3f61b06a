// What a real server of 2024 takes its time for is queries. The simulated one charges for them as one that was
// measured, a share of it, and lets requests of one token wait for each other: what do our requests, our fields and
// what is remembered of the last run save?

import type { Bench } from "./bench.ts";
import { timeOf } from "./process.ts";
import { withServer } from "./server.ts";
import { curlToNowhere, FIELDS, LOCAL_FIELDS, openSite } from "./site.ts";
import { atMost, count, type Finding, time, times } from "./table.ts";

/** Of the measured cost. */
const SHARE = 0.02;

export async function measureQueries(bench: Bench): Promise<readonly Finding[]> {
  const resources = bench.quick ? 600 : 10_000;
  const rows = await withServer({ resources, generation: "2024", queryCost: SHARE }, async (server) => {
    const run = async (name: string, command: readonly string[], target?: number) => {
      await server.takeRequests();
      const ms = await timeOf(command);
      const requests = await server.takeRequests();
      const sum = (of: "queries" | "costMs") => requests.reduce((all, request) => all + request[of], 0);
      return { name, target, ms, requests: requests.length, queries: sum("queries"), costMs: sum("costMs") };
    };
    const { command } = openSite(bench, server);
    const parallel = openSite(bench, server, { parallel_requests: 8 });
    const first = await run("`sync`, the first", command("sync"));
    const unchanged = await run("the next, nothing changed", command("sync"), 0.2);
    await server.changeSome();
    return [
      first,
      unchanged,
      await run("the next, 1 % changed", command("sync"), 0.25),
      await run("`sync --full`", command("sync", "--full")),
      await run("the first with `parallel_requests: 8`", parallel.command("sync")),
      await run("one curl with the fields of the first", curlToNowhere(server, LOCAL_FIELDS)),
      await run("the same and the fields of project and customer on each row", curlToNowhere(server, FIELDS)),
      await run("one curl without `field=`", curlToNowhere(server, [])),
    ].map(({ name, target, ms, requests, queries, costMs }) => {
      const share = costMs / first.costMs;
      const met = target === undefined ? "" : atMost(target, share);
      return [name, count(requests), count(queries), time(ms), time(costMs), times(share), met];
    });
  });
  const took = `took at ${SHARE * 100} %`;
  return [
    {
      caption: `${count(resources)} resources on a server that charges for queries`,
      columns: ["", "requests", "queries", took, "charged at full cost", "of the first", "target"],
      rows,
      note:
        "The measured server (2024, 2 cores, 10 000 resources) took 59 s for 12 fields with attributes and project_uuid, " +
        "78 to 87 s with those of project and customer, 401 s without `field=`; more than one request in flight gained nothing.",
    },
  ];
}
