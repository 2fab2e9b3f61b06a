// Plays a history from its first step to the moment when nothing moves any more.

import { statSync } from "node:fs";
import { join } from "pathe";
import { EXIT } from "../../lib/errors.ts";
import type { SimOrder } from "../../lib/simulator/model.ts";
import type { Ran } from "../stage.ts";
import { mayWaitOn, waitsForAnswer } from "./answers.ts";
import { complaintsOfSnapshots, foresee } from "./calm.ts";
import { repair } from "./changes.ts";
import { playDeed } from "./deeds.ts";
import { type History, isAlone, isDisturbed, type Run, type Step } from "./history.ts";
import { isOpen } from "./interventions.ts";
import { hoursOf, outlast, PEACEFUL } from "./outlast.ts";
import type { Program } from "./programs.ts";
import { complaintsOfRecords } from "./records.ts";
import { describeRequest, playRun } from "./runs.ts";
import { scenesOfSetup } from "./scenes.ts";
import { complaintsOfShown } from "./shown.ts";
import { letTimePass, openSite, type Site } from "./site.ts";
import { complaintsOfStatus } from "./status.ts";
import { complaintsAtRest, complaintsNow } from "./verdict.ts";
import { noteWorld, watch } from "./watch.ts";
import { describeSetup, describeStep } from "./words.ts";

export type Played = {
  /** What happened, in words. */
  trace: readonly string[];
  /** Empty: all is well. */
  complaints: readonly string[];
  /** Of the program. */
  runs: number;
  /** What came about, by name. */
  scenes: readonly string[];
};

/** Ends at the first step after which something is wrong. */
export async function playHistory(history: History, program: Program): Promise<Played> {
  const site = await openSite(history.setup, { hours: hoursOf(history), program });
  const trace = [describeSetup(history)];
  const complaints: string[] = [];
  let runs = 0;
  let steps = 0;
  const play = async (step: Step, isHurried = true) => {
    trace.push(`${++steps}. ${describeStep(step)}`);
    beginStep(site, steps);
    if ("runs" in step) runs += step.runs.length;
    const { lines, found } = await playStep(site, step, isHurried);
    trace.push(...lines.map((line) => `     ${line}`));
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

type StepResult = { lines: string[]; found: string[] };

async function playStep(site: Site, step: Step, isHurried: boolean): Promise<StepResult> {
  if ("runs" in step) return playRuns(site, step, isHurried);
  playDeed(site, step);
  noteWorld(site);
  return { lines: [], found: [] };
}

async function playRuns(site: Site, run: Run, isHurried: boolean): Promise<StepResult> {
  const { requests } = site.stage.simulator;
  const from = requests.length;
  site.seen.now = site.clock.readBy(run.clock);
  const foreseen = await foresee(site, run);
  const untouched = run.runs.some((line) => line.includes("--dry-run")) ? imprint(site) : null;
  const { ended, complaints } = await playRun(site, run, isHurried);
  const lines = [
    ...requests.slice(from).map(describeRequest),
    ...ended.map(
      ({ code, stderr }, nth) => `${run.runs[nth]} ended with ${code}${stderr === "" ? "" : `: ${stderr}`}`,
    ),
  ];
  if (untouched !== null && untouched !== imprint(site)) complaints.push("a dry run touched something");
  if (untouched !== null && requests.slice(from).some(({ method }) => method !== "GET"))
    complaints.push("a dry run sent a POST");
  complaints.push(
    ...ended.flatMap((ran) => complaintsOfEnd(run, ran)),
    ...complaintsOfSnapshots(site, run, { foreseen, ended, requests: requests.slice(from) }),
    ...watch(site),
  );
  site.seen.records.kills += ended.filter(({ code }) => code === KILLED).length;
  complaints.push(...complaintsOfRecords(site));
  noteSightings(site, run, ended);
  complaints.push(...(await complaintsOfCalm(site, run, ended)));
  if (site.seen.isRepath) site.seen.outcomes.add("a run with --repath");
  return { lines, found: complaints };
}

/** Whoever asks after a run that nothing befell is answered as things are. */
async function complaintsOfCalm(site: Site, run: Run, [ran]: readonly Ran[]): Promise<string[]> {
  const isThrough = ran?.code === EXIT.ok || ran?.code === EXIT.problems;
  if (!isAlone(run) || !isThrough || run.clock !== "+0" || run.runs[0]?.includes("--dry-run")) return [];
  await site.stage.simulator.workerIdle();
  site.seen.lastRun = ran.stdout;
  return complaintsOfStatus(site, ran);
}

/** A list that was read through shows who is gone; a pass sees the ends that it brought about. */
function noteSightings({ seen, book }: Site, run: Run, ended: readonly Ran[]): void {
  const isThrough = ended.every(({ code }) => code === EXIT.ok || code === EXIT.problems);
  const [line = ""] = run.runs;
  if (!isAlone(run) || !isThrough || line.includes("--dry-run")) return;
  if (line.startsWith("sync")) seen.lives.sighted(seen.now);
  const isOurs = (order: SimOrder) =>
    order.type === "Terminate" && order.state === "done" && !book.finishedByOthers.has(order);
  if (line.startsWith("orders"))
    for (const order of book.placed)
      if (!isOpen(order) || book.deleted.has(order)) seen.settled.add(order.uuid);
  seen.lives.sighted(
    seen.now,
    book.placed.filter(isOurs).flatMap(({ resourceUuid }) => resourceUuid ?? []),
  );
}

const KILLED = 137;

/** Undisturbed, a run ends well or reports what it left out; the guard may refuse a snapshot that shrank. */
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

/** Names, sizes and times of everything but what the provisioner may be just writing. */
function imprint({ stage }: Site): string {
  const ours = stage.everything().filter((path) => !/^acks\/[^/]*$/.test(path));
  return JSON.stringify(
    ours.map((path) => {
      const { size, mtimeMs } = statSync(join(stage.out, path), { throwIfNoEntry: false }) ?? {};
      return [path, size, mtimeMs];
    }),
  );
}

/** One order of a resource is taken in a pass. */
const MOST_PASSES = 6;

/** No faults any more, time enough, and runs until one of them changes nothing: then the end must be the right one. */
async function quieten(
  site: Site,
  play: (step: Step, isHurried: boolean) => Promise<boolean>,
): Promise<string[]> {
  const { stage, book, setup } = site;
  if (setup.repaired) {
    // Whatever changed silently would then move its `modified`.
    if (!(await outlast(site, play))) return [];
    repair(stage.world, book.placed);
  }
  noteWorld(site);
  letTimePass(site, 11);
  for (let pass = 0; pass < MOST_PASSES + book.placed.length; pass++) {
    for (const order of book.placed) finishWorker(site, order);
    const from = stage.simulator.requests.length;
    const files = stage.files().length;
    if (!(await play({ ...PEACEFUL, runs: ["sync --allow-shrink"] }, false))) return [];
    if (!(await play({ ...PEACEFUL, runs: ["orders"] }, false))) return [];
    const isSilent = stage.simulator.requests.slice(from).every(({ method }) => method === "GET");
    // A pass that finds its receipts lost makes them anew, and the next one takes the answers.
    const isAnswered = book.placed.some((order) => waitsForAnswer(site, order) && !mayWaitOn(site, order));
    if (!isSilent || isAnswered || stage.files().length !== files) continue;
    if (!(await outlast(site, play))) return [];
    return [
      ...complaintsAtRest(site),
      ...(await complaintsOfShown(site)),
      ...(await complaintsOfStatus(site, { stdout: site.seen.lastRun, isAtRest: true })),
    ];
  }
  return ["runs never come to rest"];
}

/**
 * An approved Terminate order waits for its worker without a limit; an older order that is done may undo what it did.
 */
function finishWorker({ stage, book }: Site, order: SimOrder): void {
  const { type, state, providerReviewedAt, resourceUuid } = order;
  const isAwaited = type === "Terminate" && state === "executing" && providerReviewedAt !== null;
  if (isAwaited && !book.deleted.has(order)) stage.world.resource(resourceUuid ?? "").state = "Terminating";
}
