// A site for `components`: a configuration with these lines below `backend_components`, or with one value for it.

import type { SimulatorOptions } from "../lib/simulator/server.ts";
import { openStage, type Stage } from "./stage.ts";

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
