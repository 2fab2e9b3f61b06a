// Which snapshots are compared by default: the last two of an output directory, as its readers see them.

import type { OfferingConfig } from "../config/config.ts";
import { UsageError } from "../errors.ts";
import { snapshotsNewestFirst } from "../output/files.ts";

/** @throws UsageError when there are not so many, and when it is not clear whose directory is meant */
export function newestSnapshots(
  offerings: readonly OfferingConfig[],
  count: 1 | 2,
): [newest: string, before: string | undefined] {
  const listed = offerings.filter(({ sync }) => sync);
  const those = listed.length > 0 ? listed : offerings;
  const directories = [...new Set(those.map(({ settings }) => settings.outputDirectory))];
  const [directory = "", ...others] = directories;
  if (others.length > 0) {
    const known = those.map(({ uuid, name }) => `${uuid} (${name})`).join(", ");
    throw new UsageError("the offerings of the configuration have several output directories", {
      hint: `choose one with --offering-uuid: ${known}; or give two files`,
    });
  }
  const [newest, before] = snapshotsNewestFirst(directory);
  if (newest !== undefined && (count === 1 || before !== undefined)) return [newest, before];
  throw new UsageError(
    `${directory} has ${newest === undefined ? "no snapshot" : "only one snapshot"}, so there is nothing to compare`,
    { hint: "give two files: diff OLD NEW" },
  );
}
