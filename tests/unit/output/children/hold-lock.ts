// Opens an output, says so, and holds it until killed or its input ends: `bun hold-lock.ts DIRECTORY MODE`.

import { openOutput } from "../../../../lib/output/directory.ts";

const [directory = "", mode] = process.argv.slice(2);
const output = openOutput({
  directory,
  mode: mode === "sync" ? "sync" : "orders",
  requireMount: null,
  allowShared: false,
  notice: () => undefined,
  fileMode: 0o640,
  now: () => new Date(),
  warn: (message) => console.log(`warning: ${message}`),
});
console.log("open");
for await (const _ of Bun.stdin.stream()) {
  // Whoever started this never writes.
}
// What nothing refers to any more is collected, and its lock with it.
output.close();
