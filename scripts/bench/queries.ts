// What a real server of 2024 takes its time for is queries. The simulated one charges for them as one that was
// measured, a tenth as much, and lets requests of one token wait for each other: what do our fields and requests save?

import { startSimulator } from "../../lib/simulator/server.ts";
import type { Bench, Finding } from "./bench.ts";
import { timeOf } from "./process.ts";
import { type Server, withServer } from "./server.ts";
import { ALL_FIELDS, configure, curl, FIELDS, LOCAL_FIELDS, pagesPath, sweep } from "./site.ts";
import { atMost, count, time } from "./table.ts";

/** Of the measured cost. */
const SHARE = 0.1;
const SHOWN_RESOURCES = 10_000;

export async function measureQueries(bench: Bench): Promise<readonly Finding[]> {
  const resources = bench.quick ? 600 : 3_000;
  const rows = await withServer({ resources, generation: "2024", queryCost: SHARE }, async (server) => [
    await row("`sync`", server, syncCommand(bench, server, 1)),
    await row("`sync` with `parallel_requests: 8`", server, syncCommand(bench, server, 8)),
    await row("one curl with the fields of `sync`", server, curlCommand(server, LOCAL_FIELDS)),
    await row(
      "the same and the fields of project and customer on each row",
      server,
      curlCommand(server, FIELDS),
    ),
    await row("one curl without `field=`", server, curlCommand(server, ALL_FIELDS)),
  ]);
  return [
    await measureMemory(bench),
    {
      caption: `${count(resources)} resources on a server that charges for queries (at ${SHARE * 100} % of the measured cost)`,
      columns: ["", "requests", "took", `at full cost, ${count(SHOWN_RESOURCES)} resources`],
      rows,
      note:
        "The measured server (2024, 2 cores, 10 000 resources) took 59 s for 12 fields with attributes and project_uuid, " +
        "78 to 87 s with those of project and customer, 401 s without `field=`; more than one request in flight gained nothing.",
    },
  ];
}

/** What a run costs the server that remembers the rows of the run before. */
async function measureMemory(bench: Bench): Promise<Finding> {
  const resources = bench.quick ? 600 : SHOWN_RESOURCES;
  const simulator = startSimulator({ resources, generation: "2024", queryCost: SHARE });
  const server = { url: simulator.url, token: simulator.providerToken, offering: simulator.offeringUuid };
  const directory = bench.directory("remembered");
  const config = configure(server, directory);
  const run = async (name: string, ...flags: readonly string[]) => {
    simulator.requests.splice(0);
    const ms = await timeOf([bench.binary, "sync", "-c", config, ...flags]);
    const sum = (of: "queries" | "costMs") =>
      simulator.requests.reduce((all, request) => all + request[of], 0);
    return { name, requests: simulator.requests.length, queries: sum("queries"), costMs: sum("costMs"), ms };
  };
  try {
    sweep(directory);
    const first = await run("first");
    const unchanged = await run("nothing changed");
    // Every hundredth, so that each page has some.
    for (const [n, { uuid }] of simulator.world.resources().entries())
      if (n % 100 === 0) simulator.world.resource(uuid).attributes = { permissions: "770" };
    const changed = await run("1 % changed");
    const full = await run("`--full`", "--full");
    const ratio = ({ costMs }: { costMs: number }) => costMs / full.costMs;
    return {
      caption: `Runs of \`sync\` one after the other, ${count(resources)} resources on the same server`,
      columns: [
        "",
        "requests",
        "queries for rows",
        "took",
        "charged at full cost",
        "of a full run",
        "target",
      ],
      rows: [first, unchanged, changed, full].map((one) => [
        one.name,
        count(one.requests),
        count(one.queries),
        time(one.ms),
        time(one.costMs),
        ratio(one).toFixed(2),
        one === unchanged ? atMost(0.2, ratio(one)) : one === changed ? atMost(0.25, ratio(one)) : "",
      ]),
    };
  } finally {
    await simulator.stop();
  }
}

async function row(name: string, server: Server, command: readonly string[]): Promise<string[]> {
  await server.takeRequests();
  const ms = await timeOf(command);
  const requests = Object.values(await server.takeRequests()).reduce((sum, times) => sum + times, 0);
  const full = (ms / SHARE) * (SHOWN_RESOURCES / server.resources);
  return [name, count(requests), time(ms), time(full)];
}

function syncCommand(bench: Bench, server: Server, parallel: number): readonly string[] {
  const directory = bench.directory(`queries-${parallel}`);
  sweep(directory);
  return [bench.binary, "sync", "-c", configure(server, directory, { parallel_requests: parallel })];
}

function curlCommand(server: Server, fields: readonly string[]): readonly string[] {
  return [...curl(server, pagesPath(server, fields)), "-o", "/dev/null"];
}
