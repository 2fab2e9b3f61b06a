// What it costs to start: against a program that does nothing, and a pass without orders against its requests alone.

import type { Bench, Finding } from "./bench.ts";
import { timeOfShort } from "./process.ts";
import { race, type Timing } from "./race.ts";
import { withServer } from "./server.ts";
import { configure, curl } from "./site.ts";
import { atMost, ratio, time } from "./table.ts";

const COLUMNS = ["", "least", "median", "against", "ratio", "target"];

export function measureStart(bench: Bench): Promise<readonly Finding[]> {
  const { binary, empty } = bench;
  return withServer({ resources: 0 }, async (server) => {
    const config = configure(server, bench.directory("start"));
    const offering = `marketplace-provider-offerings/${server.offering}/?field=uuid&field=slug&field=type`;
    const orders = `marketplace-orders/?offering_uuid=${server.offering}&state=pending-provider&state=executing&page=1&page_size=300`;
    const requests = [...curl(server, offering), "--next", ...curl(server, orders).slice(1)];
    const pass = [binary, "orders", "-c", config];
    timeOfShort(pass);
    await server.takeRequests();
    timeOfShort(pass);
    const asked = Object.values(await server.takeRequests()).reduce((sum, times) => sum + times, 0);
    const of = await raceInTurns(bench, {
      empty: [empty],
      version: [binary, "--version"],
      help: [binary, "--help"],
      curl: requests,
      pass,
    });
    const start = of("empty");
    const bare = { min: start.min + of("curl").min, median: start.median + of("curl").median };
    return [
      {
        caption: "Start, and a pass over an offering without orders",
        columns: COLUMNS,
        rows: [
          ["an empty program", time(start.min), time(start.median), "", "", ""],
          row("`--version`", of("version"), { against: start, name: "the empty program", target: 1.3 }),
          // It is laid out for the terminal's width, for a person to read.
          row("`--help`", of("help"), { against: start, name: "the empty program", target: 2 }),
          [
            "one curl with the two requests of a pass",
            time(of("curl").min),
            time(of("curl").median),
            "",
            "",
            "",
          ],
          row("`orders` with nothing to do", of("pass"), {
            against: bare,
            name: "the empty program and that curl",
            target: 1.75,
          }),
        ],
        note: `Requests of such a pass: ${asked}.`,
      },
    ];
  });
}

/** The server lives in another process, so blocking this one is harmless. */
function raceInTurns({ quick }: Bench, commands: Readonly<Record<string, readonly string[]>>) {
  const runs = Object.entries(commands).map(([name, command]) => [name, () => timeOfShort(command)] as const);
  return race(Object.fromEntries(runs), quick ? 7 : 41);
}

function row(name: string, timing: Timing, other: { against: Timing; name: string; target: number }) {
  const least = timing.min / other.against.min;
  return [
    name,
    time(timing.min),
    time(timing.median),
    other.name,
    `${least.toFixed(2)} (median ${ratio(timing.median, other.against.median)})`,
    atMost(other.target, least),
  ];
}
