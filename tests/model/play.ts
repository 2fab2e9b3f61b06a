// Plays a history from its first step to the moment when nothing moves any more.

import { statSync } from "node:fs";
import { join } from "pathe";
import { EXIT } from "../../lib/errors.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Ran } from "../stage.ts";
import { mend, replaceMany } from "./changes.ts";
import { type Entry, entryOf } from "./expected.ts";
import { complaintOfLoss } from "./guard.ts";
import type { Placing } from "./hands.ts";
import { type History, type Run, type Step, tellSetup, tellStep } from "./history.ts";
import { putLitter } from "./litter.ts";
import { lose } from "./loss.ts";
import { type SnapshotRule, snapshotRule } from "./permitted.ts";
import { act, HURRIED, playRun, tellRequest } from "./runs.ts";
import { scenesOfSetup } from "./scenes.ts";
import { letTimePass, openSite, type Site, snapshotsOf } from "./site.ts";
import { complaintsAtRest, complaintsNow } from "./verdict.ts";
import { noteWorld, watch } from "./watch.ts";

export type Played = {
  /** What happened, in words. */
  trace: readonly string[];
  /** Empty: all is well. */
  complaints: readonly string[];
  /** Of the binary. */
  runs: number;
  /** What came about, by name. */
  scenes: readonly string[];
};

/** Ends at the first step after which something is wrong. */
export async function playHistory(history: History): Promise<Played> {
  const days = history.steps.reduce((sum, step) => sum + ("waitDays" in step ? step.waitDays : 0), 0);
  const site = await openSite(history.setup, days);
  const trace = [tellSetup(history)];
  const complaints: string[] = [];
  let runs = 0;
  let steps = 0;
  const play = async (step: Step, options: readonly string[] = HURRIED) => {
    trace.push(`${++steps}. ${tellStep(step)}`);
    beginStep(site, steps);
    if ("runs" in step) runs += step.runs.length;
    const { told, found } = await playStep(site, step, options);
    trace.push(...told.map((line) => `     ${line}`));
    complaints.push(...found, ...complaintsNow(site));
    return complaints.length === 0;
  };
  try {
    complaints.push(...watch(site));
    for (const step of history.steps) if (!(await play(step))) break;
    if (complaints.length === 0) complaints.push(...(await quieten(site, play)));
  } catch (error) {
    // A snapshot that cannot be read, for one: the seed and the trace must not be lost with it.
    complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await site.stage.close();
  }
  return { trace, complaints, runs, scenes: [...scenesOfSetup(history.setup), ...site.seen.outcomes] };
}

function beginStep(site: Site, step: number): void {
  const { seen, clock } = site;
  seen.step = step;
  seen.now = clock.now().getTime();
  seen.wants.beginStep();
  noteWorld(site);
}

type Told = { told: string[]; found: string[] };

async function playStep(site: Site, step: Step, options: readonly string[]): Promise<Told> {
  if ("runs" in step) return playRuns(site, step, options);
  if ("place" in step) placeOrder(site, step);
  else if ("lose" in step) {
    lose(site, step);
    site.seen.outcomes.add(`${step.lose} lost`);
  } else if ("waitMinutes" in step) letTimePass(site, step.waitMinutes);
  else if ("waitDays" in step) {
    if (site.clock.pass(step.waitDays)) site.seen.outcomes.add(`${step.waitDays} days go by`);
  } else if ("litter" in step) {
    const { name, text } = putLitter(site.stage.out, site.stage.world, step);
    site.seen.litter.set(name, text);
    site.seen.outcomes.add(`${step.litter} in the output directory`);
  } else if ("replace" in step) replace(site, step.replace);
  else act(site, step);
  noteWorld(site);
  return { told: [], found: [] };
}

function placeOrder({ book, seen, stage, setup }: Site, step: Placing): void {
  const scene = book.place({ ...step, elsewhere: step.elsewhere === true && setup.hasSecondOffering });
  const order = book.placed.at(-1);
  if (order === undefined) return;
  seen.placedAt.set(order.uuid, seen.step);
  if (scene !== null) seen.outcomes.add(scene);
  if (order.offeringUuid === stage.world.otherOffering.uuid)
    seen.outcomes.add("an order of the second offering");
  seen.wants.note(stage.world);
  seen.wants.noteOrder(order.resourceUuid ?? "");
}

function replace({ stage, seen }: Site, count: number): void {
  const replaced = replaceMany(stage.world, { nth: seen.changes++, count });
  if (replaced > 0)
    seen.outcomes.add(replaced > 2 ? "many resources are replaced" : "a resource is replaced");
}

async function playRuns(site: Site, run: Run, options: readonly string[]): Promise<Told> {
  const { requests } = site.stage.simulator;
  const from = requests.length;
  const before = newestSnapshot(site);
  site.seen.now = site.clock.readBy(run.clock);
  const isCalmSync =
    isAlone(run) && run.runs.every((line) => line.startsWith("sync") && !line.includes("--repath"));
  const rules = isCalmSync ? site.seen.baselines.map((entries) => snapshotRule(site, entries)) : [];
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
    ...noteSnapshot(site, run, { before, ended, rules }),
    ...watch(site),
  );
  noteSightings(site, run, ended);
  if (site.seen.isRepath) site.seen.outcomes.add("a run with --repath");
  return { told, found: complaints };
}

function isAlone(run: Run): boolean {
  return run.runs.length === 1 && !isDisturbed(run);
}

/** A list that was read through shows who is gone; a pass sees the ends that it brought about. */
function noteSightings({ seen, book }: Site, run: Run, ended: readonly Ran[]): void {
  const isThrough = ended.every(({ code }) => code === EXIT.ok || code === EXIT.problems);
  const [line = ""] = run.runs;
  if (!isAlone(run) || !isThrough || line.includes("--dry-run")) return;
  if (line.startsWith("sync")) seen.lives.sighted(seen.now);
  const isOurs = (order: SimOrder) =>
    order.type === "Terminate" && order.state === "done" && !book.finishedByOthers.has(order);
  seen.lives.sighted(
    seen.now,
    book.placed.filter(isOurs).flatMap(({ resourceUuid }) => resourceUuid ?? []),
  );
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
  { before, ended, rules }: { before: Newest; ended: readonly Ran[]; rules: readonly SnapshotRule[] },
): string[] {
  const { seen } = site;
  const now = newestSnapshot(site);
  if (now === null || (now.name === before?.name && now.inode === before.inode)) return [];
  const isThrough = ended.every(({ code }) => code === EXIT.ok || code === EXIT.problems);
  const complaints = [...best(rules.map((rule) => rule(now.entries))), ...lossOf(site, run, now.entries)];
  seen.baselines = isThrough && run.runs.length === 1 ? [now.entries] : [...seen.baselines, now.entries];
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
  noteWorld(site);
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
