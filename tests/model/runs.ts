// Runs of the program as a history wants them: with faults, other people's interventions and a kill at requests that
// are counted from the beginning of the step.

import type { SimResource } from "../../lib/simulator/model.ts";
import type { Arrival, Ran } from "../stage.ts";
import { type AnswerStep, complaintsOfWord, playAnswer } from "./answers.ts";
import { applyChange, type Change } from "./changes.ts";
import { valuesOfOrder } from "./expected.ts";
import type { Run } from "./history.ts";
import type { Intervention } from "./interventions.ts";
import { mountPointOf } from "./paths.ts";
import { complaintsOfPost } from "./posts.ts";
import { orderFilesOf, type Site } from "./site.ts";
import { noteWorld, watch } from "./watch.ts";

/** Plays one step of runs; returns how each ended, and what was wrong at some request. */
export async function playRun(
  site: Site,
  run: Run,
  isHurried = true,
): Promise<{ ended: Ran[]; complaints: string[] }> {
  const { stage, listeners } = site;
  const complaints: string[] = [];
  const timers: Timer[] = [];
  rememberPossible(site, "anew");
  beginRun(site, run);
  stage.simulator.setFaults(run.faults);
  const started = run.runs.map((line) =>
    site.program.start(stage, line, { clock: site.clock, offset: run.clock, zone: run.zone, isHurried }),
  );
  const kill = () => started[0]?.kill();
  let number = 0;
  listeners.push((request) => {
    const at = number++;
    complaints.push(...watch(site));
    complaints.push(...complaintsOfWord(site, request));
    complaints.push(...complaintsOfPost(request, site.book.placed, (order) => orderFilesOf(site, order)));
    strike(site, run, at);
    if (run.kill?.at === at) {
      if (run.kill.lateMs === 0) kill();
      else timers.push(setTimeout(kill, run.kill.lateMs));
    }
    meddle(site, run, { at, request });
    forgetOutdated(site, request);
    rememberPossible(site, "too");
    noteWorld(site);
  });
  const ended = await Promise.all(started.map((one) => one.ended));
  for (const timer of timers) clearTimeout(timer);
  listeners.length = 0;
  stage.simulator.setFaults([]);
  rememberPossible(site, "too");
  complaints.push(...watch(site));
  site.seen.isRunning = false;
  return { ended, complaints };
}

function beginRun({ seen, clock }: Site, { runs, clock: offset }: Run): void {
  seen.now = clock.readBy(offset);
  seen.isRunning = true;
  seen.isRemembering = runs.some((line) => line.startsWith("sync") && !line.includes("--dry-run"));
  seen.isRepath = runs.some((line) => line.includes("--repath"));
  // Once a clock went back, dates no longer say which of two files is the newer one.
  seen.isClear &&= offset === "+0" || offset === "+4m";
  seen.isTogether = runs.length > 1;
  seen.lives.beginRun(seen.now);
}

/** The faults of this request alone; those that stand are planned anew after it. */
function strike({ stage }: Site, { faults, struck, kill }: Run, number: number): void {
  const at = (wanted: number) => [
    ...struck.filter(([one]) => one === wanted).map(([, name]) => name),
    ...(kill?.at === wanted && !kill.seen ? ["drop"] : []),
  ];
  const now = at(number);
  if (now.length > 0) stage.simulator.setFaults(now);
  else if (at(number - 1).length > 0) stage.simulator.setFaults(faults);
}

/** Between the last read of an order and a POST nobody can see what others do, so they do nothing then. */
function meddle(
  site: Site,
  { runs, meanwhile }: Run,
  { at, request }: { at: number; request: Arrival },
): void {
  if (request.method === "POST") return;
  for (const [when, deed] of meanwhile) {
    if (when === at && (runs.length === 1 || "change" in deed)) act(site, deed);
  }
}

export function act(site: Site, deed: Intervention | Change | AnswerStep): void {
  if ("does" in deed) site.book.reachIn(deed);
  else if ("answer" in deed) playAnswer(site, deed);
  else change(site, deed);
}

function change(site: Site, deed: Change): void {
  const { world } = site.stage;
  const pathOf = (one: SimResource) => site.seen.owners.pathOf(one.uuid) ?? mountPointOf(world, one);
  const played = applyChange(world, deed, { nth: site.seen.changes++, pathOf });
  if (played !== null) site.seen.outcomes.add(`a resource ${played}`);
}

/** What each order is mapped to as the world is now: the resource is read when it is asked for. */
function rememberPossible({ stage, book, seen }: Site, how: "anew" | "too"): void {
  if (how === "anew") seen.possible.clear();
  for (const order of book.placed) {
    const known = seen.possible.get(order.uuid) ?? new Map<string, string>();
    known.set(JSON.stringify(valuesOfOrder(stage.world, order)), JSON.stringify(order.limits));
    seen.possible.set(order.uuid, known);
  }
}

/** An order that is read again rules out whatever was made of it when it said something else. */
function forgetOutdated({ book, seen }: Site, { method, path }: Arrival): void {
  const order = book.placed.find(({ uuid }) => path === `marketplace-orders/${uuid}/`);
  if (method !== "GET" || order === undefined) return;
  const now = JSON.stringify(order.limits);
  const known = seen.possible.get(order.uuid) ?? new Map<string, string>();
  for (const [entry, limits] of known) if (limits !== now) known.delete(entry);
}

/** A request in a line of the trace. */
export function describeRequest({ method, path, status }: Arrival): string {
  return `${method} ${path.replace(/^marketplace-/, "")} ${status === 0 ? "unanswered" : status}`;
}
