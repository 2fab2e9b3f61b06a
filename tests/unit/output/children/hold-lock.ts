// Opens an output, says so, and holds it until killed or its input ends: `bun hold-lock.ts DIRECTORY MODE`.

import { openHere } from "./open.ts";

const [directory = "", mode] = process.argv.slice(2);
const output = openHere(directory, mode === "sync" ? "sync" : "orders");
console.log("open");
for await (const _ of Bun.stdin.stream()) {
  // The parent process never writes.
}
// What nothing refers to any more is collected, and its lock with it.
output.close();
