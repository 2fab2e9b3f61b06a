// What goes over the wire: bytes for each resource, with and without `field=` and gzip, and the requests of each run.

import type { Bench, Finding } from "./bench.ts";
import { timeOf } from "./process.ts";
import { type Server, withServer } from "./server.ts";
import { ALL_FIELDS, configure, curl, FIELDS, LOCAL_FIELDS, PAGE_ROWS, pagesPath } from "./site.ts";
import { count } from "./table.ts";

export async function measureWire(bench: Bench): Promise<readonly Finding[]> {
  const bytes = await Promise.all([
    withServer({ resources: PAGE_ROWS, gzip: true }, (server) => bytesRow("current", server, FIELDS)),
    withServer({ resources: PAGE_ROWS, gzip: true, generation: "2024" }, (server) =>
      bytesRow("2024", server, LOCAL_FIELDS),
    ),
  ]);
  return [
    {
      caption: "Bytes of a resource on the wire",
      columns: ["server", "asked for", "with gzip", "without `field=`", "with gzip"],
      rows: bytes,
      note: "Of a page of 300 rows, divided by 300; gzip where the server, or the proxy in front of it, offers it.",
    },
    {
      caption: "Requests of a `sync` of 10 000 resources",
      columns: ["server", "request", "times"],
      rows: [...(await requestRows(bench, "current")), ...(await requestRows(bench, "2024"))],
    },
  ];
}

async function bytesRow(name: string, server: Server, fields: readonly string[]): Promise<string[]> {
  const each = [];
  for (const asked of [fields, ALL_FIELDS]) {
    each.push(bytesOf(server, asked, []), bytesOf(server, asked, ["--compressed"]));
  }
  return [name, ...each.map((bytes) => (bytes / PAGE_ROWS).toFixed(0))];
}

function bytesOf(server: Server, fields: readonly string[], more: readonly string[]): number {
  const command = [
    ...curl(server, pagesPath(server, fields, 1)),
    ...more,
    "-o",
    "/dev/null",
    "-w",
    "%{size_download}",
  ];
  const { stdout, exitCode } = Bun.spawnSync(command, { stdout: "pipe" });
  if (exitCode !== 0) throw new Error(`curl ended with ${exitCode}`);
  return Number(`${stdout}`);
}

async function requestRows(bench: Bench, generation: "current" | "2024"): Promise<string[][]> {
  const asked = await withServer({ resources: 10_000, generation }, async (server) => {
    const config = configure(server, bench.directory(`wire-${generation}`));
    await timeOf([bench.binary, "sync", "-c", config]);
    return server.takeRequests();
  });
  return Object.entries(asked).map(([shape, times]) => [generation, `\`${shape}\``, count(times)]);
}
