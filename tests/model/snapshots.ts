// Which snapshot a run published, what it must hold, and what the next one is compared with.

import { statSync } from "node:fs";
import { join } from "pathe";
import { EXIT } from "../../lib/errors.ts";
import type { Ran } from "../stage.ts";
import { resourcesIn } from "./directories.ts";
import { type Entry, entryOf } from "./expected.ts";
import { complaintOfLoss } from "./guard.ts";
import type { Run } from "./history.ts";
import type { SnapshotRule } from "./permitted.ts";
import { type Site, snapshotsOf } from "./site.ts";

export type Newest = { name: string; inode: number; entries: Entry[] } | null;

/** The snapshot that was written last: by the time that nobody can set, for the program moves the other one forward. */
export function newestSnapshot(site: Site): Newest {
  const { stage } = site;
  const [newest] = snapshotsOf(site)
    .map((name) => ({ name, stats: statSync(join(stage.out, name), { bigint: true }) }))
    .sort((a, b) => Number(b.stats.ctimeNs - a.stats.ctimeNs));
  if (newest === undefined) return null;
  const { name, stats } = newest;
  return { name, inode: Number(stats.ino), entries: resourcesIn(stage.read(name)).map(entryOf) };
}

/** The entries of a snapshot that is not the one of before; null where there is none. */
export function newEntries(site: Site, before: Newest): readonly Entry[] | null {
  const now = newestSnapshot(site);
  return now === null || (now.name === before?.name && now.inode === before.inode) ? null : now.entries;
}

/** What the snapshot of a run must hold when nothing disturbed it, and what the next one is compared with. */
export function noteSnapshot(
  site: Site,
  run: Run,
  {
    entries,
    ended,
    rules,
  }: { entries: readonly Entry[]; ended: readonly Ran[]; rules: readonly SnapshotRule[] },
): string[] {
  const { seen } = site;
  const isThrough = ended.every(({ code }) => code === EXIT.ok || code === EXIT.problems);
  const complaints = [...best(rules.map((rule) => rule(entries))), ...lossOf(site, run, entries)];
  seen.baselines = isThrough && run.runs.length === 1 ? [entries] : [...seen.baselines, entries];
  return complaints;
}

function lossOf(site: Site, run: Run, now: readonly Entry[]): string[] {
  if (run.runs.some((line) => line.includes("--allow-shrink"))) return [];
  const losses = site.seen.baselines.map((entries) => complaintOfLoss(site, entries, now));
  // Two at once may have published one after the other, and each was held to what was there then.
  const [loss] = losses;
  return run.runs.length > 1 || losses.includes(null) ? [] : [loss ?? ""];
}

/** Where there are several rules one of them must be kept. */
function best(complaints: readonly string[][]): string[] {
  return complaints.find((one) => one.length === 0) ?? complaints[0] ?? [];
}
