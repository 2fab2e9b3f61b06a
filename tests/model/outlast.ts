// The end of a history in which something changed behind `modified`: it goes on until that is seen.

import type { History, Run, Step } from "./history.ts";
import { unseenRows } from "./silence.ts";
import { hasSilentChange } from "./silent.ts";
import type { Site } from "./site.ts";

/** Without a fault. */
export const PEACEFUL: Omit<Run, "runs"> = {
  zone: "UTC",
  clock: "+0",
  faults: [],
  struck: [],
  meanwhile: [],
  kill: null,
};
/** More than a day altogether. */
const MOST_CHECKS = 2;
const CHECK_HOURS = 13;

/**
 * Whatever changed silently is seen in the end: by `--full` at once, else when a day has gone by. False: something is
 * wrong.
 */
export async function outlast(
  site: Site,
  play: (step: Step, isHurried: boolean) => Promise<boolean>,
): Promise<boolean> {
  for (let checks = 0; checks < MOST_CHECKS; checks++) {
    site.seen.now = site.clock.now().getTime();
    if (unseenRows(site).length === 0) break;
    const { endsFull } = site.setup;
    if (!endsFull && !(await play({ waitHours: CHECK_HOURS }, false))) return false;
    const line = endsFull ? "sync --full --allow-shrink" : "sync --allow-shrink";
    if (!(await play({ ...PEACEFUL, runs: [line] }, false))) return false;
  }
  return true;
}

/** How many go by in the whole history. */
export function hoursOf({ steps }: History): number {
  const waits = steps.map((step) =>
    "waitDays" in step ? step.waitDays * 24 : "waitHours" in step ? step.waitHours : 0,
  );
  const last = hasSilentChange({ steps }) ? MOST_CHECKS * CHECK_HOURS : 0;
  return waits.reduce((sum, hours) => sum + hours, last);
}
