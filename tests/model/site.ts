// The place where a history happens: a simulated Waldur with its book of orders, the directory of the compiled binary,
// and what was seen there so far.

import { readdirSync, statSync, utimesSync } from "node:fs";
import { basename, join } from "pathe";
import { isSnapshotName, parseOrderFileName } from "../../lib/output/names.ts";
import { type Arrival, listenTo, openStage, type Stage } from "../stage.ts";
import { Answered } from "./answers.ts";
import { Clock } from "./clock.ts";
import { secondOffering } from "./config.ts";
import { type Profile, resourcesIn } from "./directories.ts";
import { type Entry, entryOf } from "./expected.ts";
import type { Setup } from "./history.ts";
import { type Book, openBook } from "./interventions.ts";
import { isLitter } from "./litter.ts";
import { Lives } from "./lives.ts";
import { Ownership } from "./ownership.ts";
import { mountPointOf } from "./paths.ts";
import { INSIDE, type Program } from "./programs.ts";
import { Records } from "./records.ts";
import { Remembered, Silence } from "./remembered.ts";
import { Wants } from "./wants.ts";

export type Site = {
  stage: Stage;
  program: Program;
  setup: Setup;
  /** The setting as it is now. */
  profile: Profile;
  book: Book;
  clock: Clock;
  /** Called at each request, before the server looks at it. */
  listeners: ((request: Arrival) => void)[];
  seen: Seen;
};

type Playing = { hours?: number; program?: Program };

/** What was seen in the directory, for comparison. */
export type Seen = {
  /** Texts of order files by name. */
  orderFiles: Map<string, string>;
  /** Orders whose file was taken away. */
  bereft: Set<string>;
  /**
   * What each order could be mapped to since the present step began, as JSON: entries, and the limits of that moment.
   */
  possible: Map<string, Map<string, string>>;
  /** By name, what tells one file from another of the same name. */
  watched: Map<string, string>;
  owners: Ownership;
  wants: Wants;
  lives: Lives;
  records: Records;
  remembered: Remembered;
  silence: Silence;
  answered: Answered;
  /** The step that each order was placed in. */
  placedAt: Map<string, number>;
  /** Orders that a pass has found ended. */
  settled: Set<string>;
  /** Documents of others by name. */
  litter: Map<string, string>;
  /** The number of the present step. */
  step: number;
  /** Clock of the present run, or of the present moment. */
  now: number;
  isRunning: boolean;
  /** A run of `sync` is under way that may remember what it reads. */
  isRemembering: boolean;
  /** Of the present run: `--repath`. */
  isRepath: boolean;
  /** No clock went back so far. */
  isClear: boolean;
  /** Two runs are under way at once. */
  isTogether: boolean;
  /** What came about so far, by name. */
  outcomes: Set<string>;
  /** Entries of each snapshot that the next one may be compared with: only after a disturbed run are there several. */
  baselines: (readonly Entry[])[];
  /** Changes so far. */
  changes: number;
  /** The report of the last run that nothing befell. */
  lastRun: string;
};

/** `hours` is how many go by in the course of the history. */
export async function openSite(setup: Setup, { hours = 0, program = INSIDE }: Playing = {}): Promise<Site> {
  const { generation, resources, timezone, completion, acceptance } = setup;
  const clock = new Clock(hours, program.isInside);
  const seen = nothingSeen();
  const stage = await openStage({
    generation,
    resources,
    ...(setup.pageSize !== null && { largestPage: setup.pageSize }),
    inMemory: program.isInside,
    now: () => clock.now(),
    timezone: timezone ?? undefined,
    settings: {
      completion,
      acceptance,
      backend_id: setup.backendId,
      latest_link: setup.latestLink,
      keep_snapshots: setup.keepSnapshots,
      document_profile: setup.profile,
      ...(setup.reuseDays !== null && { path_reuse_after_days: setup.reuseDays }),
      ...(setup.nestedMounts !== null && { nested_mounts: setup.nestedMounts }),
    },
  });
  if (setup.hasSecondOffering) secondOffering(stage);
  if (setup.published) {
    seen.remembered.note(stage.world, clock.now().getTime());
    seen.baselines = [await publishFirst(stage, clock)];
  }
  return {
    stage,
    program,
    setup,
    profile: setup.profile,
    clock,
    book: openBook(
      stage.world,
      () => clock.now(),
      (one) => seen.owners.pathOf(one.uuid) ?? mountPointOf(stage.world, one),
    ),
    listeners: listenTo(stage.simulator),
    seen,
  };
}

function nothingSeen(): Seen {
  return {
    orderFiles: new Map(),
    bereft: new Set(),
    possible: new Map(),
    watched: new Map(),
    owners: new Ownership(),
    wants: new Wants(),
    lives: new Lives(),
    records: new Records(),
    remembered: new Remembered(),
    silence: new Silence(),
    answered: new Answered(),
    placedAt: new Map(),
    settled: new Set(),
    litter: new Map(),
    step: 0,
    now: 0,
    isRunning: false,
    isRemembering: false,
    isRepath: false,
    isClear: true,
    isTogether: false,
    outcomes: new Set(),
    baselines: [[]],
    changes: 0,
    lastRun: "{}",
  };
}

/** A snapshot of before the history, made by the process of the test, which is quicker. */
async function publishFirst(stage: Stage, clock: Clock): Promise<Entry[]> {
  const { report } = await stage.runHere("sync", { now: () => clock.now() });
  return report.files.flatMap(({ path }) => resourcesIn(stage.read(basename(path))).map(entryOf));
}

export function orderFilesOf({ stage }: Site, { uuid }: { uuid: string }): string[] {
  return stage.files().filter((name) => parseOrderFileName(name)?.uuid === uuid);
}

/** Those of the program. */
export function snapshotsOf({ stage }: Site): string[] {
  return stage.files().filter((name) => isSnapshotName(name) && !isLitter(name));
}

/** Minutes: what counts the time from lies further back. */
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
  const at = statSync(path).mtimeMs / 1000 - minutes * 60;
  utimesSync(path, at, at);
}

/** Names below the stage's directory that do not belong there. */
export function strangers({ stage }: Site): string[] {
  return readdirSync(stage.directory).filter((name) => name !== "out" && name !== "config.yaml");
}
