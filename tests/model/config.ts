// The configuration of a site with a second offering of the same server, whose orders go into the same directory.

import { readFileSync, writeFileSync } from "node:fs";
import type { Stage } from "../stage.ts";

/** Adds the second offering to the file, with the settings of the first, for `orders` alone. */
export function secondOffering({ configPath, simulator, world }: Stage): void {
  const text = readFileSync(configPath, "utf8");
  const first = text.slice(text.indexOf("  - name:"));
  const second = first
    .replace("name: Test", "name: Second")
    .replace(simulator.offeringUuid, world.otherOffering.uuid)
    .replace("    backend_type: cscs-hpc-storage\n", "");
  writeFileSync(configPath, `${text.trimEnd()}\n${second}`);
}
