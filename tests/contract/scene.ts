// The compiled binary on the site: a directory, a configuration, and what a run left.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { Report } from "../../lib/report/report.ts";
import type { StorageDocument } from "../../lib/storage/document.ts";
import { listPublic, type Ran, runSubject } from "../stage.ts";
import type { Site } from "./site.ts";

export type Scene = {
  /** Runs the program to its end. */
  run(command: "orders" | "sync", ...flags: string[]): Promise<Ran>;
  /** The same with `--json`: the report. */
  report(command: "orders" | "sync", ...flags: string[]): Promise<Report>;
  /** Answers an order as a provisioner does; returns the exit code. */
  answer(order: string, ...flags: string[]): Promise<number>;
  /** Public names of the output directory, sorted; those that hold `part`. */
  files(part?: string): string[];
  read(name: string): StorageDocument;
};

export type SceneOptions = {
  /** Lines of `backend_settings`. */
  settings?: Readonly<Record<string, string>>;
  token?: string;
  offering?: string;
};

/** A directory of its own below the run's; `name` must not have been used before. */
export function openScene({ variables, scratch }: Site, name: string, options: SceneOptions = {}): Scene {
  const directory = join(scratch, name);
  const out = join(directory, "out");
  mkdirSync(out, { recursive: true });
  const config = join(directory, "config.yaml");
  writeFileSync(
    config,
    `offerings:
  - name: Contract
    waldur_api_url: ${JSON.stringify(variables.apiUrl)}
    waldur_api_token: ${JSON.stringify(options.token ?? variables.token)}
    waldur_offering_uuid: "${options.offering ?? variables.offeringUuid}"
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: ${JSON.stringify(out)}
${Object.entries(options.settings ?? {})
  .map(([key, value]) => `      ${key}: ${JSON.stringify(value)}\n`)
  .join("")}`,
    { mode: 0o600 },
  );
  const run: Scene["run"] = (command, ...flags) =>
    runSubject([command, "-c", config, ...flags], { cwd: directory });
  return {
    run,
    async report(command, ...flags) {
      const { stdout, stderr, code } = await run(command, "--json", ...flags);
      if (stdout === "") throw new Error(`exit ${code}: ${stderr.trim()}`);
      return JSON.parse(stdout);
    },
    async answer(order, ...flags) {
      return (await runSubject(["ack", order, "-c", config, ...flags], { cwd: directory })).code;
    },
    files: (part = "") => listPublic(out).filter((file) => file.includes(part)),
    read: (file) => JSON.parse(readFileSync(join(out, file), "utf8")),
  };
}
