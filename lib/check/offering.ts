// One offering from its settings to what both modes would do. Which failure comes first in a run decides what it ends
// with: the output directory before Waldur, Waldur before the rows.

import type { OfferingConfig } from "../config/config.ts";
import type { ExitCode } from "../errors.ts";
import type { Mode } from "../output/directory.ts";
import { checkAcks } from "./acks.ts";
import type { CheckContext, Stopped } from "./context.ts";
import type { Findings } from "./findings.ts";
import { checkGidMap } from "./gid-map.ts";
import { checkGidSource } from "./gid-source.ts";
import { checkPlace, type Place } from "./place.ts";
import { tryOrders, trySync } from "./runs.ts";
import { checkSettings } from "./settings.ts";
import { checkWaldur } from "./waldur.ts";

/** @returns the codes that runs of this offering would end with, and those of what only `check` objects to */
export async function checkOffering(
  offering: OfferingConfig,
  context: CheckContext,
  findings: Findings,
): Promise<ExitCode[]> {
  const own = [checkSettings(offering, findings)];
  const place = checkPlace(offering, findings);
  try {
    const gids = checkGidMap(offering, place.stopped === null, findings);
    own.push(await checkAcks(offering, context, findings));
    const waldur = await checkWaldur(offering, context, findings);
    own.push(...waldur.own, ...place.own, gids.own);
    const source = await checkGidSource({ offering, context, findings }, waldur.stopped.sync);
    own.push(source.own);
    const codes: ExitCode[] = [];
    for (const mode of modesOf(offering)) {
      const stopped = stoppedBy([place.stopped, gids.stopped, waldur.stopped[mode], source.stopped]);
      const code = stopped?.code ?? (await tryMode(mode, { offering, context, findings }));
      if (stopped !== null) findings.skip([mode], stopped.item);
      codes.push(firstOf(mode, place) ?? code);
    }
    return [...own, ...codes];
  } finally {
    place.close();
  }
}

function modesOf({ sync, orders }: OfferingConfig): Mode[] {
  return [...(sync ? (["sync"] as const) : []), ...(orders ? (["orders"] as const) : [])];
}

function stoppedBy(all: readonly (Stopped | null)[]): Stopped | null {
  return all.find((one) => one !== null) ?? null;
}

/** A run opens its directory before it asks for anything. */
function firstOf(mode: Mode, { stopped, locked }: Place): ExitCode | null {
  return stopped?.code ?? locked.get(mode) ?? null;
}

function tryMode(mode: Mode, trial: Parameters<typeof trySync>[0]): Promise<ExitCode> {
  return mode === "sync" ? trySync(trial) : tryOrders(trial);
}
