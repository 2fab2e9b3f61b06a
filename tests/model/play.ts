// Plays a history from its first step to the moment when nothing moves any more.

import { statSync } from "node:fs";
import { join } from "pathe";
import { EXIT } from "../../lib/errors.ts";
import type { Ran } from "../stage.ts";
import { mend } from "./changes.ts";
import { type Entry, entryOf } from "./expected.ts";
import { type History, type Run, type Step, tellSetup, tellStep } from "./history.ts";
import { act, HURRIED, playRun, tellRequest } from "./runs.ts";
import { letTimePass, lose, openSite, type Site, snapshotsOf } from "./site.ts";
import { complaintsAtRest, complaintsNow, complaintsOfSnapshot } from "./verdict.ts";

export type Played = {
  /** What happened, in words. */
  trace: readonly string[];
  /** Empty: all is well. */
  complaints: readonly string[];
  /** Of the binary. */
  runs: number;
};

/** Ends at the first step after which something is wrong. */
export async function playHistory(history: History): Promise<Played> {
  const site = await openSite(history.setup);
  const trace = [tellSetup(history)];
  const complaints: string[] = [];
  let runs = 0;
  let steps = 0;
  const play = async (step: Step, options: readonly string[] = HURRIED) => {
    trace.push(`${++steps}. ${tellStep(step)}`);
    if ("runs" in step) runs += step.runs.length;
    const { told, found } = await playStep(site, step, options);
    trace.push(...told.map((line) => `     ${line}`));
    complaints.push(...found, ...complaintsNow(site));
    return complaints.length === 0;
  };
  try {
    for (const step of history.steps) if (!(await play(step))) break;
    if (complaints.length === 0) complaints.push(...(await quieten(site, play)));
  } catch (error) {
    // A snapshot that cannot be read, for one: the seed and the trace must not be lost with it.
    complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await site.stage.close();
  }
  return { trace, complaints, runs };
}

type Told = { told: string[]; found: string[] };

async function playStep(site: Site, step: Step, options: readonly string[]): Promise<Told> {
  if ("runs" in step) return playRuns(site, step, options);
  if ("place" in step) site.book.place(step);
  else if ("lose" in step) lose(site, step);
  else if ("waitMinutes" in step) letTimePass(site, step.waitMinutes);
  else act(site, step);
  return { told: [], found: [] };
}

async function playRuns(site: Site, run: Run, options: readonly string[]): Promise<Told> {
  const { requests } = site.stage.simulator;
  const from = requests.length;
  const before = newestSnapshot(site);
  const untouched = run.runs.some((line) => line.includes("--dry-run")) ? imprint(site) : null;
  const { ended, complaints } = await playRun(site, run, options);
  const told = [
    ...requests.slice(from).map(tellRequest),
    ...ended.map(
      ({ code, stderr }, nth) => `${run.runs[nth]} ended with ${code}${stderr === "" ? "" : `: ${stderr}`}`,
    ),
  ];
  if (untouched !== null && untouched !== imprint(site)) complaints.push("a dry run touched something");
  if (untouched !== null && requests.slice(from).some(({ method }) => method !== "GET"))
    complaints.push("a dry run sent a POST");
  complaints.push(
    ...ended.flatMap((ran) => complaintsOfEnd(run, ran)),
    ...noteSnapshot(site, run, { before, ended }),
  );
  return { told, found: complaints };
}

const KILLED = 137;

/** Undisturbed, a run ends well or tells what it left out; the guard may refuse a snapshot that shrank. */
function complaintsOfEnd(run: Run, { code, stdout, stderr }: Ran): string[] {
  if (code === KILLED && run.kill !== null) return [];
  const usual: readonly number[] = [EXIT.ok, EXIT.problems, EXIT.answer];
  const disturbed: readonly number[] = [EXIT.endpoint, EXIT.retryLater, EXIT.refused, EXIT.config];
  const isExpected = usual.includes(code) || (isDisturbed(run) && disturbed.includes(code));
  if (!isExpected) return [`a run ended with ${code}: ${stderr}`];
  try {
    const report: unknown = JSON.parse(stdout);
    const isRight = typeof report === "object" && report !== null && "exitCode" in report;
    return isRight && report.exitCode === code ? [] : [`the report does not say ${code}: ${stdout}`];
  } catch {
    return [`standard output is no report: ${JSON.stringify(stdout)}`];
  }
}

function isDisturbed({ runs, faults, struck, meanwhile, kill }: Run): boolean {
  return runs.length > 1 || faults.length + struck.length + meanwhile.length > 0 || kill !== null;
}

type Newest = { name: string; inode: number; entries: Entry[] } | null;

/** The snapshot that was written last: by the time that nobody can set, for the program moves the other one forward. */
function newestSnapshot(site: Site): Newest {
  const { stage } = site;
  const [newest] = snapshotsOf(site)
    .map((name) => ({ name, stats: statSync(join(stage.out, name), { bigint: true }) }))
    .sort((a, b) => Number(b.stats.ctimeNs - a.stats.ctimeNs));
  if (newest === undefined) return null;
  const { name, stats } = newest;
  return { name, inode: Number(stats.ino), entries: stage.read(name).result.storageResources.map(entryOf) };
}

/** Whether there is a new snapshot; what it must hold when nothing disturbed the run, and what the next is compared with. */
function noteSnapshot(
  site: Site,
  run: Run,
  { before, ended }: { before: Newest; ended: readonly Ran[] },
): string[] {
  const { seen } = site;
  const now = newestSnapshot(site);
  if (now === null || (now.name === before?.name && now.inode === before.inode)) return [];
  const isAlone = run.runs.length === 1 && !isDisturbed(run);
  const isThrough = ended.every(({ code }) => code === EXIT.ok || code === EXIT.problems);
  const complaints = isAlone ? complaintsOfSnapshot(site, now.entries) : [];
  seen.baselines = isThrough && run.runs.length === 1 ? [now.entries] : [...seen.baselines, now.entries];
  return complaints;
}

/** Names, sizes and times of everything. */
function imprint({ stage }: Site): string {
  return JSON.stringify(
    stage.everything().map((path) => {
      const { size, mtimeMs } = statSync(join(stage.out, path), { throwIfNoEntry: false }) ?? {};
      return [path, size, mtimeMs];
    }),
  );
}

const PEACEFUL: Omit<Run, "runs"> = {
  zone: "UTC",
  clock: "+0",
  faults: [],
  struck: [],
  meanwhile: [],
  kill: null,
};
const MOST_PASSES = 8;

/** No faults any more, time enough, and runs until one of them changes nothing: then the end must be the right one. */
async function quieten(
  site: Site,
  play: (step: Step, options: readonly string[]) => Promise<boolean>,
): Promise<string[]> {
  const { stage, book, setup } = site;
  if (setup.mended) mend(stage.world, book.placed);
  letTimePass(site, 11);
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const from = stage.simulator.requests.length;
    const files = stage.files().length;
    if (!(await play({ ...PEACEFUL, runs: ["sync --allow-shrink"] }, []))) return [];
    if (!(await play({ ...PEACEFUL, runs: ["orders"] }, []))) return [];
    const isSilent = stage.simulator.requests.slice(from).every(({ method }) => method === "GET");
    if (isSilent && stage.files().length === files) return complaintsAtRest(site);
  }
  return ["runs never come to rest"];
}
