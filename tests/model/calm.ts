// A run of `sync` without a fault: what its snapshot must hold is made out before it, for the run itself changes
// what is known; and what every other run leaves of that.

import type { Arrival, Ran } from "../stage.ts";
import { isAlone, type Run } from "./history.ts";
import { wantedPath } from "./paths.ts";
import { listedRows, type SnapshotRule, snapshotRule } from "./permitted.ts";
import {
  complaintsOfCalmSync,
  complaintsOfNotices,
  isFullRun,
  noticedIn,
  type Unseen,
  unseenRows,
} from "./silence.ts";
import type { Site } from "./site.ts";
import { type Newest, newEntries, newestSnapshot, noteSnapshot } from "./snapshots.ts";

export type Foreseen = {
  before: Newest;
  isCalmSync: boolean;
  unseen: readonly Unseen[];
  /** One for each snapshot that the new one may follow. */
  rules: readonly SnapshotRule[];
  /** The same for a run that believes nothing of what it remembers. */
  freshRules: readonly SnapshotRule[];
};

export async function foresee(site: Site, run: Run): Promise<Foreseen> {
  const { stage, seen } = site;
  const isCalmSync =
    isAlone(run) && run.runs.every((line) => line.startsWith("sync") && !line.includes("--repath"));
  // What Waldur's worker still has to write would change the world between the rule and the run.
  if (isCalmSync) await stage.simulator.workerIdle();
  const unseen = unseenRows(site);
  for (const row of listedRows(site)) seen.wants.remember(row.uuid, []);
  for (const { row, older } of unseen)
    seen.wants.remember(
      row.uuid,
      older.flatMap((one) => wantedPath(stage.world, one) ?? []),
    );
  const rulesOf = (isFresh: boolean) =>
    isCalmSync ? seen.baselines.map((entries) => snapshotRule(site, entries, isFresh)) : [];
  const rules = rulesOf(false);
  return {
    before: newestSnapshot(site),
    isCalmSync,
    unseen,
    rules,
    freshRules: unseen.length === 0 ? rules : rulesOf(true),
  };
}

export function complaintsOfSnapshots(
  site: Site,
  run: Run,
  { foreseen, ended, requests }: { foreseen: Foreseen; ended: readonly Ran[]; requests: readonly Arrival[] },
): string[] {
  const { before, isCalmSync, unseen, rules, freshRules } = foreseen;
  const entries = newEntries(site, before);
  const isFresh = isFullRun(run) || ended.some((ran) => noticedIn(ran).length > 0);
  const complaints = [
    ...complaintsOfNotices(site, ended),
    ...(entries === null
      ? []
      : noteSnapshot(site, run, { entries, ended, rules: isFresh ? freshRules : rules })),
  ];
  const [ran] = ended;
  const isReal = site.seen.isRemembering;
  if (isCalmSync && isReal && ran !== undefined)
    complaints.push(...complaintsOfCalmSync(site, run, { unseen, ran, requests, entries }));
  else if (isReal) site.seen.silence.forget();
  return complaints;
}
