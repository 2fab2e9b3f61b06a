// The place where a history happens: a simulated Waldur with its book of orders, the directory of the compiled binary, and
// what was seen there so far.

import { readdirSync, rmSync, utimesSync } from "node:fs";
import { basename, join } from "pathe";
import { STATE_DIRECTORY } from "../../lib/output/directory.ts";
import { isSnapshotName, parseOrderFileName } from "../../lib/output/names.ts";
import { type Arrival, listenTo, openStage, type Stage } from "../stage.ts";
import { type Entry, entryOf } from "./expected.ts";
import { type Book, openBook } from "./hands.ts";
import type { Loss, Setup } from "./history.ts";

export type Site = {
  stage: Stage;
  setup: Setup;
  book: Book;
  /** Called at each request, before the server looks at it. */
  listeners: ((request: Arrival) => void)[];
  seen: Seen;
};

/** What was seen in the directory, for comparison. */
export type Seen = {
  /** Texts of order files by name. */
  orderFiles: Map<string, string>;
  /** Orders whose file was taken away. */
  bereft: Set<string>;
  /** What each order could be mapped to since the present step began, as JSON: entries, and the limits of that moment. */
  possible: Map<string, Map<string, string>>;
  /** Resources by the mount point that the newest snapshot gives them. */
  held: ReadonlyMap<string, string>;
  /** Entries of each snapshot that the next one may be compared with: only after a disturbed run are there several. */
  baselines: (readonly Entry[])[];
  /** Changes so far. */
  changes: number;
};

export async function openSite(setup: Setup): Promise<Site> {
  const { generation, resources, timezone, completion, acceptance } = setup;
  const stage = await openStage({
    generation,
    resources,
    timezone: timezone ?? undefined,
    settings: {
      completion,
      acceptance,
      backend_id: setup.backendId,
      latest_link: setup.latestLink,
      keep_snapshots: setup.keepSnapshots,
    },
  });
  const baseline = setup.published ? await publishFirst(stage) : [];
  return {
    stage,
    setup,
    book: openBook(stage.world, () => new Date()),
    listeners: listenTo(stage.simulator),
    seen: {
      orderFiles: new Map(),
      bereft: new Set(),
      possible: new Map(),
      held: new Map(),
      baselines: [baseline],
      changes: 0,
    },
  };
}

/** A snapshot of before the history, made by the process of the test, which is quicker. */
async function publishFirst(stage: Stage): Promise<Entry[]> {
  const { report } = await stage.runHere("sync");
  return report.files.flatMap(({ path }) => stage.read(basename(path)).result.storageResources.map(entryOf));
}

export function orderFilesOf({ stage }: Site, { uuid }: { uuid: string }): string[] {
  return stage.files().filter((name) => parseOrderFileName(name)?.uuid === uuid);
}

export function snapshotsOf({ stage }: Site): string[] {
  return stage.files().filter(isSnapshotName);
}

/** Somebody deletes what the program keeps for itself, perhaps with the files that could have stood in for it. */
export function lose(site: Site, { lose: what }: Loss): void {
  const { stage, seen } = site;
  const below = what === "the state directory" ? "" : "receipts";
  rmSync(join(stage.out, STATE_DIRECTORY, below), { recursive: true, force: true });
  if (what !== "the receipts and the order files") return;
  for (const name of seen.orderFiles.keys()) {
    rmSync(join(stage.out, name));
    seen.bereft.add(parseOrderFileName(name)?.uuid ?? "");
  }
  seen.orderFiles.clear();
}

/** Nobody can set the clock of a process, so what counts the time from lies further back. */
export function letTimePass({ stage, book }: Site, minutes: number): void {
  for (const order of book.placed) {
    const at = Date.parse(order.providerReviewedAt ?? "");
    if (!Number.isNaN(at)) order.providerReviewedAt = new Date(at - minutes * 60_000).toISOString();
  }
  for (const path of stage.everything()) {
    if (path.includes("/receipts/")) age(join(stage.out, path), minutes);
  }
}

function age(path: string, minutes: number): void {
  const at = Date.now() / 1000 - minutes * 60;
  utimesSync(path, at, at);
}

/** Names below the stage's directory that do not belong there. */
export function strangers({ stage }: Site): string[] {
  return readdirSync(stage.directory).filter((name) => name !== "out" && name !== "config.yaml");
}
