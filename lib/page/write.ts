// Pages for the offerings of a configuration: one for each output directory, or a single one.

import type { OfferingConfig } from "../config/config.ts";
import { collectPage } from "./page.ts";
import { publishAs, publishInDirectory } from "./publish.ts";
import { renderPage } from "./render.ts";

export type PagesOptions = {
  offerings: readonly OfferingConfig[];
  version: string;
  now: () => Date;
  /** Absolute path of the single page; null for one in each output directory. */
  output: string | null;
};

/** The first page that cannot be written ends it; those before it are written. */
export async function writePages({ offerings, version, now, output }: PagesOptions): Promise<void> {
  const pageOf = (some: readonly OfferingConfig[]) => async () =>
    renderPage(await collectPage({ offerings: some, version, now: now() }));
  const [first] = offerings;
  if (first === undefined) return;
  if (output !== null) {
    await publishAs(output, { fileMode: first.settings.fileMode, make: pageOf(offerings) });
    return;
  }
  for (const sharing of Map.groupBy(offerings, ({ settings }) => settings.outputDirectory).values()) {
    const [one] = sharing;
    if (one !== undefined) await publishInDirectory(one, pageOf(sharing));
  }
}
