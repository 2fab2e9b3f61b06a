// Which machine it was: figures mean nothing without it.

import { cpus, loadavg, release, totalmem } from "node:os";

/** One paragraph of Markdown; the file system is the one of the directory. */
export function machineText(directory: string): string {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  const fileSystem = output(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", directory]);
  const [curl, jq] = ["curl", "jq"].map((program) => /[\d.]+/.exec(output([program, "--version"]))?.[0]);
  return [
    `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB,`,
    `Linux ${release()}, ${fileSystem}, Bun ${Bun.version}, curl ${curl}, jq ${jq};`,
    `${new Date().toISOString().slice(0, 10)}, load at the start ${load.toFixed(1)}.`,
  ].join("\n");
}

function output(command: string[]): string {
  return `${Bun.spawnSync(command).stdout}`.trim();
}
