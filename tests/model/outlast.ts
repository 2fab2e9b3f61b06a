// The end of a history in which something changed behind `modified`: it goes on until that is seen.

import type { History, Run, Setup, Step } from "./history.ts";
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
/** More than a day altogether; lists of several pages are checked page by page. */
const CHECKS = { whole: { most: 2, hours: 13 }, byPage: { most: 4, hours: 7 } };

/**
 * Whatever changed silently is seen in the end: by `--full` at once, else when a day has gone by. False: something is
 * wrong.
 */
export async function outlast(
  site: Site,
  play: (step: Step, isHurried: boolean) => Promise<boolean>,
): Promise<boolean> {
  const { most, hours } = checksOf(site.setup);
  for (let checks = 0; checks < most; checks++) {
    site.seen.now = site.clock.now().getTime();
    if (unseenRows(site).length === 0) break;
    const { endsFull } = site.setup;
    if (!endsFull && !(await play({ waitHours: hours }, false))) return false;
    const line = endsFull ? "sync --full --allow-shrink" : "sync --allow-shrink";
    if (!(await play({ ...PEACEFUL, runs: [line] }, false))) return false;
  }
  return true;
}

/** How many go by in the whole history. */
export function hoursOf({ setup, steps }: History): number {
  const { most, hours } = checksOf(setup);
  const waits = steps.map((step) =>
    "waitDays" in step ? step.waitDays * 24 : "waitHours" in step ? step.waitHours : 0,
  );
  const last = hasSilentChange({ steps }) ? most * hours : 0;
  return waits.reduce((sum, hours) => sum + hours, last);
}

function checksOf({ pageSize }: Setup): { most: number; hours: number } {
  return pageSize === null ? CHECKS.whole : CHECKS.byPage;
}
