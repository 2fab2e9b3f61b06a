// A simulated Waldur in a process of its own, so that what is measured shares neither core nor memory with it. Its
// options are one JSON argument. It says where it is in one line of JSON, answers each line on standard input with the
// requests since the last one, and ends with its standard input.

import { type SimulatorOptions, startSimulator } from "../../lib/simulator/server.ts";

const options: SimulatorOptions = JSON.parse(process.argv[2] ?? "{}");
const simulator = startSimulator(options);
const { url, providerToken: token, offeringUuid: offering } = simulator;
console.log(JSON.stringify({ url, token, offering }));
for await (const _line of console) console.log(JSON.stringify(takeShapes()));
await simulator.stop();

function takeShapes(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path } of simulator.requests.splice(0)) {
    const shape = `${method} ${path.replace(/[0-9a-f]{32}/g, "{uuid}")}`;
    counts[shape] = (counts[shape] ?? 0) + 1;
  }
  return counts;
}
