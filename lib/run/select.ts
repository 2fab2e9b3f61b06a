// Which offerings a run is for.

import type { Config, OfferingConfig } from "../config/config.ts";
import { ConfigError, UsageError } from "../errors.ts";
import type { Mode } from "../output/directory.ts";

/** The offerings of this mode, in the order of the file, narrowed by `--offering-uuid`. */
export async function selectOfferings(
  config: Config,
  options: { mode: Mode; offeringUuids: readonly string[] },
): Promise<OfferingConfig[]> {
  const mine = config.offerings.filter((offering) => offering[options.mode]);
  if (mine.length === 0) throw await noOfferings(config, options.mode);
  return narrow(mine, options.offeringUuids, config);
}

/** The offerings of either mode, narrowed the same way, for a command that belongs to neither. */
export async function selectEveryOffering(
  config: Config,
  offeringUuids: readonly string[],
): Promise<OfferingConfig[]> {
  const ours = config.offerings.filter(({ sync, orders }) => sync || orders);
  if (ours.length === 0) throw await noOfferings(config, "sync");
  return narrow(ours, offeringUuids, config);
}

function narrow(mine: OfferingConfig[], uuids: readonly string[], { path }: Config): OfferingConfig[] {
  for (const uuid of uuids) {
    if (!mine.some((offering) => offering.uuid === uuid)) throw unknownOffering(uuid, mine, path);
  }
  return uuids.length === 0 ? mine : mine.filter(({ uuid }) => uuids.includes(uuid));
}

async function noOfferings(config: Config, mode: Mode): Promise<ConfigError> {
  const key = mode === "sync" ? "backend_type" : "order_processing_backend";
  return new ConfigError([
    {
      ...(await config.locate(["offerings"])),
      message: `no offering is for ${mode}: none has ${key}: cscs-hpc-storage`,
      hint: `set ${key}: "cscs-hpc-storage" on the offerings that \`${mode}\` should handle`,
    },
  ]);
}

function unknownOffering(uuid: string, mine: readonly OfferingConfig[], file: string): UsageError {
  const known = mine.map((offering) => `${offering.uuid} (${offering.name})`).join(", ");
  return new UsageError(`--offering-uuid ${uuid}: ${file} has no such offering for this command`, {
    hint: `known here: ${known}`,
  });
}
