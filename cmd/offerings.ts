// The offerings that a command looks at which is of neither mode.

import type { Config } from "../lib/config/config.ts";
import type { Flags, Shell } from "./command.ts";
import { runOptions } from "./flags.ts";

/** The configuration, with the offerings that the flags choose. */
export async function loadOfferings(
  flags: Flags,
  shell: Shell,
  { needsToken }: { needsToken: boolean },
): Promise<Config> {
  const [{ loadConfig }, { selectEveryOffering }] = await Promise.all([
    import("../lib/config/load.ts"),
    import("../lib/run/select.ts"),
  ]);
  const { configPath, offeringUuids, allowInsecureConfig } = runOptions("orders", flags);
  const config = await loadConfig(configPath, {
    env: shell.env,
    cwd: shell.cwd,
    allowInsecure: allowInsecureConfig,
    takes: ({ uuid }) => offeringUuids.length === 0 || offeringUuids.includes(uuid),
    needsToken,
  });
  return { ...config, offerings: selectEveryOffering(config, offeringUuids) };
}
