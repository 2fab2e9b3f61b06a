// What it costs to start: against a program that does nothing, and a pass without orders against its requests alone.

import type { Bench } from "./bench.ts";
import { timeOfShort } from "./process.ts";
import { race, type Timing } from "./race.ts";
import { withServer } from "./server.ts";
import { curl, openSite } from "./site.ts";
import { atMost, type Finding, ratio, time, times, withMedian } from "./table.ts";

export function measureStart(bench: Bench): Promise<readonly Finding[]> {
  const { binary, empty, quick } = bench;
  return withServer({ resources: 0 }, async (server) => {
    const pass = openSite(bench, server).command("orders");
    timeOfShort(pass);
    await server.takeRequests();
    timeOfShort(pass);
    const asked = await server.takeRequests();
    const curls = asked.map(({ path, query }) => curl(server, `${path}?${query}`));
    const requests = curls.flatMap((one, at) => (at === 0 ? one : ["--next", ...one.slice(1)]));
    // The server lives in another process, so blocking this one is harmless.
    const of = await race(
      {
        empty: () => timeOfShort([empty]),
        version: () => timeOfShort([binary, "--version"]),
        help: () => timeOfShort([binary, "--help"]),
        curl: () => timeOfShort(requests),
        pass: () => timeOfShort(pass),
      },
      quick ? 7 : 41,
    );
    const start = { name: "the empty program", timing: of("empty") };
    const bare = {
      name: "the empty program and that curl",
      timing: { min: start.timing.min + of("curl").min, median: start.timing.median + of("curl").median },
    };
    return [
      {
        caption: "Start, and a pass over an offering without orders",
        columns: ["", "least", "median", "against", "ratio", "target"],
        rows: [
          row("an empty program", of("empty")),
          row("`--version`", of("version"), { ...start, target: 1.3 }),
          // It is laid out for the terminal's width, for a person to read.
          row("`--help`", of("help"), { ...start, target: 2 }),
          row("one curl with the two requests of a pass", of("curl")),
          row("`orders` with nothing to do", of("pass"), { ...bare, target: 1.75 }),
        ],
        note: `Requests of such a pass: ${asked.length}.`,
      },
    ];
  });
}

function row(name: string, timing: Timing, against?: { timing: Timing; name: string; target: number }) {
  const own = [name, time(timing.min), time(timing.median)];
  if (against === undefined) return [...own, "", "", ""];
  const figure = ratio(timing, against.timing);
  return [...own, against.name, withMedian(figure, times), atMost(against.target, figure.min)];
}
