// The scenes that make ownership hard, by name, so that it can be counted in how many histories each came about.

import { ANSWERS } from "./answers.ts";
import { CHANGES } from "./changes.ts";
import { LOSSES, type Setup } from "./history.ts";
import { LITTER } from "./litter.ts";
import { SCENES_OF_CREATES, SCENES_OF_UPDATES } from "./placing-scenes.ts";
import { SILENT_SCENES } from "./silence.ts";

const OF_SETUPS: Readonly<Record<string, (setup: Setup) => boolean>> = {
  "a current server": ({ generation }) => generation === "current",
  "a 2024 server": ({ generation }) => generation === "2024",
  "path_reuse_after_days 0": ({ reuseDays }) => reuseDays === 0,
  "path_reuse_after_days 7": ({ reuseDays }) => reuseDays === 7,
  "document_profile hierarchy": ({ profile }) => profile === "hierarchy",
  "completion on-ack": ({ completion }) => completion === "on-ack",
  "nested_mounts allow": ({ nestedMounts }) => nestedMounts === "allow",
  "a server with small pages": ({ pageSize }) => pageSize !== null,
  "so many resources that the guard watches": ({ resources }) => resources >= 10,
};

const NAMES: readonly string[] = [
  ...Object.keys(OF_SETUPS),
  "a resource is added",
  ...CHANGES.map((change) => `a resource ${change}`),
  ...SCENES_OF_CREATES,
  ...SCENES_OF_UPDATES,
  ...ANSWERS.map((answer) => `an order is answered: ${answer}`),
  "an order of the second offering",
  ...LOSSES.map((loss) => `${loss} lost`),
  ...Object.keys(LITTER).map((litter) => `${litter} in the output directory`),
  "a resource is replaced",
  "many resources are replaced",
  "the profile changes",
  "1 days go by",
  "8 days go by",
  "hours go by",
  ...SILENT_SCENES,
  "a run with --repath",
  "a resource moves to its backend id",
  "the path of an ended resource is given to another",
];

export function scenesOfSetup(setup: Setup): string[] {
  return Object.entries(OF_SETUPS).flatMap(([name, isSo]) => (isSo(setup) ? [name] : []));
}

/** Every scene with a count of zero, so that one that never comes about is seen in the table. */
export function noScenes(): Map<string, number> {
  return new Map(NAMES.map((name) => [name, 0]));
}

/** Scenes that came about in less than one history of a hundred, of so many that chance does not explain it. */
export function rareScenes(scenes: ReadonlyMap<string, number>, histories: number): string[] {
  if (histories < ENOUGH) return [];
  return [...scenes].flatMap(([name, count]) => (count * 100 < histories ? [name] : []));
}

const ENOUGH = 2000;

export function sceneTable(scenes: ReadonlyMap<string, number>): string {
  const rows = [...scenes].map(([name, count]) => `${String(count).padStart(9)}  ${name}`);
  return ["histories  scene", ...rows].join("\n");
}
