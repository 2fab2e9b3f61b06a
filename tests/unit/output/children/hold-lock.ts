// Opens an output, says so, and holds it until killed: `bun hold-lock.ts DIRECTORY MODE`.

import { openOutput } from "../../../../lib/output/directory.ts";

const [directory = "", mode] = process.argv.slice(2);
openOutput({
  directory,
  mode: mode === "sync" ? "sync" : "orders",
  requireMount: null,
  fileMode: 0o640,
  now: () => new Date(),
  warn: (message) => console.log(`warning: ${message}`),
});
console.log("open");
setInterval(() => {}, 60_000);
