// Which machine it was: figures mean nothing without it.

import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** One paragraph of Markdown. */
export function machineText(directory: string, at: Date): string {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  return [
    `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB,`,
    `Linux ${release()}, ${fileSystemOf(directory)}, Bun ${Bun.version}, ${versionOf("curl")}, ${versionOf("jq")};`,
    `${at.toISOString().slice(0, 10)}, load at the start ${load.toFixed(1)}.`,
  ].join("\n");
}

function versionOf(program: string): string {
  const [, version = "unknown"] = /([\d.]+)/.exec(`${Bun.spawnSync([program, "--version"]).stdout}`) ?? [];
  return `${program} ${version}`;
}

/** Of the mount with the longest path above the directory. */
function fileSystemOf(directory: string): string {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const above = mounts.filter(([, path = "?"]) =>
    `${directory}/`.startsWith(path === "/" ? path : `${path}/`),
  );
  const [nearest] = above.toSorted(([, one = ""], [, other = ""]) => other.length - one.length);
  return nearest?.[2] ?? "unknown file system";
}
