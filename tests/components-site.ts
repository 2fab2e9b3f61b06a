// A site for `components`: a configuration with these lines below `backend_components`, or with one value for it; and
// the command inside the test's process.

import { type ComponentsOptions, setUpComponents } from "../lib/components/run.ts";
import type { SimulatorOptions } from "../lib/simulator/server.ts";
import { openStage, type Stage, surroundings } from "./stage.ts";

/** The caller closes it. */
export function openComponents(
  components: string | readonly string[],
  options: SimulatorOptions = {},
): Promise<Stage> {
  const value =
    typeof components === "string"
      ? ` ${components}\n`
      : `\n${components.map((line) => `      ${line}\n`).join("")}`;
  return openStage({
    ...options,
    config: ({ url, token, offering, out }) => `offerings:
  - name: Test
    waldur_api_url: ${url}
    waldur_api_token: ${token}
    waldur_offering_uuid: ${offering}
    backend_type: cscs-hpc-storage
    backend_settings: {output_directory: ${out}}
    backend_components:${value}`,
  });
}

export type ComponentsHere = Partial<ComponentsOptions> & { interrupted?: AbortSignal };

/** What the command reports, and the lines of its log. */
export async function setUpHere(stage: Stage, { interrupted, ...options }: ComponentsHere = {}) {
  const lines: string[] = [];
  const { env, cwd, version, log, ...around } = surroundings({
    cwd: stage.directory,
    level: "normal",
    write: (line) => lines.push(line),
  });
  const report = await setUpComponents(
    {
      configPath: stage.configPath,
      offeringUuids: [],
      dryRun: false,
      silenceMs: 2000,
      deadlineMs: 60_000,
      retries: 0,
      allowInsecureConfig: false,
      allowBillingChange: false,
      ...options,
    },
    { env, cwd, version, log, interrupted: interrupted ?? around.interrupted },
  );
  return { report, lines };
}
