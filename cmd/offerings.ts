// The offerings for commands that belong to neither mode.

import type { Config } from "../lib/config/config.ts";
import type { Flags, Shell } from "./command.ts";
import { runOptions } from "./flags.ts";

/** The configuration, with the offerings that the flags choose. */
export async function loadOfferings(
  flags: Flags,
  shell: Shell,
  { needsToken }: { needsToken: boolean },
): Promise<Config> {
  const [{ loadConfig }, { outputPlace }, { selectEveryOffering }] = await Promise.all([
    import("../lib/config/load.ts"),
    import("../lib/run/place.ts"),
    import("../lib/run/select.ts"),
  ]);
  const { configPath, offeringUuids, allowInsecureConfig, silenceMs } = runOptions("orders", flags);
  const limits = { silenceMs, signal: shell.interrupted };
  const config = await loadConfig(configPath, {
    env: shell.env,
    cwd: shell.cwd,
    allowInsecure: allowInsecureConfig,
    limits,
    takes: ({ uuid }) => offeringUuids.length === 0 || offeringUuids.includes(uuid),
    needsToken,
  });
  const offerings = await selectEveryOffering(config, offeringUuids);
  for (const { settings } of offerings) await outputPlace(settings.outputDirectory, limits).look();
  return { ...config, offerings };
}
