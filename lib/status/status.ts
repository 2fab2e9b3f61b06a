// How the runs of each offering go: when each mode succeeded last, which orders are open and why, which problems there
// are and since when, who holds the lock. Reads the state directory, asks Waldur by GETs, and changes nothing.

import { hostname } from "node:os";
import { join } from "node:path";
import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode, worstExitCode } from "../errors.ts";
import { type Mode, STATE_DIRECTORY } from "../output/directory.ts";
import { readLateOrders } from "../output/failed-orders.ts";
import { lockHolder } from "../output/file-system.ts";
import { inodeOf } from "../output/files.ts";
import { type Holder, readHolder } from "../output/holder.ts";
import { readLastRuns } from "../output/last-runs.ts";
import { readProblemMemory } from "../output/problem-memory.ts";
import type { Remembered } from "../report/problems.ts";
import type { Reader } from "../waldur/client.ts";
import { type OrderContext, ordersOfFiles, ordersOfWaldur } from "./orders.ts";
import type { OfferingStatus, ProblemStatus, RunStatus, Status } from "./report.ts";

export type StatusContext = {
  offerings: readonly OfferingConfig[];
  /** A client for the server of the offering; null without Waldur. */
  readerFor: ((offering: OfferingConfig) => Reader) | null;
  /** Whether this gateway is the passive one of the offering. */
  isPassive: (offering: OfferingConfig) => Promise<boolean>;
  version: string;
  now: Date;
};

const HOUR_MS = 3_600_000;
/** Longest time without a successful run that needs no attention: several intervals of the timers. */
export const LATE_AFTER_MS: Readonly<Record<Mode, number>> = { orders: HOUR_MS, sync: 26 * HOUR_MS };

export async function statusOf(context: StatusContext): Promise<Status> {
  const { version, now, readerFor } = context;
  const offerings: OfferingStatus[] = [];
  const codes: ExitCode[] = [];
  for (const offering of context.offerings) {
    const { status, failure } = await offeringStatus(offering, context);
    offerings.push(status);
    if (failure !== null) codes.push(failure.exitCode);
    if (needsPerson(status)) codes.push(EXIT.problems);
  }
  return {
    version,
    at: now.toISOString(),
    asked: readerFor !== null,
    offerings,
    exitCode: worstExitCode(codes),
  };
}

/**
 * There are problems, an order is without an answer for long, the last run of a mode failed, or none succeeded for
 * long, which is right on a passive gateway.
 */
function needsPerson({ passive, problems, orders, runs }: OfferingStatus): boolean {
  if (passive) return false;
  if (orders.some(({ waits }) => waits.isLate === true)) return true;
  return problems.length > 0 || runs.some(({ failed, isLate }) => failed !== null || isLate);
}

async function offeringStatus(
  offering: OfferingConfig,
  { readerFor, isPassive, now }: StatusContext,
): Promise<{ status: OfferingStatus; failure: AppError | null }> {
  const { uuid, name, settings } = offering;
  const directory = settings.outputDirectory;
  const modes = (["orders", "sync"] as const).filter((mode) => offering[mode]);
  const known = modes.flatMap((mode) => problemsOf({ directory, mode, uuid }));
  const context: OrderContext = {
    place: { directory, offering },
    memory: {
      directory,
      completion: settings.completion,
      ackWarnAfter: settings.ackWarnAfter,
      now,
      problems: known.flatMap(({ mode, remembered }) => (mode === "orders" ? [remembered.known] : [])),
      late: readLateOrders(directory, uuid),
    },
    now,
  };
  const { orders, failure } = await openOrders(readerFor?.(offering) ?? null, context);
  const status = {
    ...{ uuid, name, directory, orders },
    passive: await isPassive(offering),
    runs: modes.map((mode) => runStatus({ directory, mode, uuid }, now)),
    problems: known.filter(({ remembered }) => remembered.known.isNotice !== true).map(problemStatus),
    error:
      failure === null
        ? null
        : { exitCode: failure.exitCode, message: failure.message, hint: failure.hint ?? null },
  };
  return { status, failure };
}

/** Where Waldur cannot be queried, only what the files have is shown. */
async function openOrders(reader: Reader | null, context: OrderContext) {
  if (!context.place.offering.orders) return { orders: [], failure: null };
  if (reader === null) return { orders: ordersOfFiles(context), failure: null };
  try {
    return { orders: await ordersOfWaldur(reader, context), failure: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { orders: ordersOfFiles(context), failure: error };
  }
}

type Place = { directory: string; mode: Mode; uuid: string };

function runStatus({ directory, mode, uuid }: Place, now: Date): RunStatus {
  const { goodMs, failed } = readLastRuns(directory, { mode, offering: uuid });
  return {
    mode,
    lastGood: goodMs === null ? null : new Date(goodMs).toISOString(),
    isLate: goodMs === null || now.getTime() - goodMs > LATE_AFTER_MS[mode],
    failed,
    running: runningIn(directory, mode, now),
  };
}

/** The lock is not tried: a run that starts at that moment must not end with 75 for it. */
function runningIn(directory: string, mode: Mode, now: Date): RunStatus["running"] {
  const statePath = join(directory, STATE_DIRECTORY);
  const inode = inodeOf(join(statePath, `lock-${mode}`));
  const pid = inode === null ? null : lockHolder(inode);
  const note = readHolder(statePath, mode);
  if (pid === null) return note === null || note.isHere ? null : runningElsewhere(note, now);
  const since = note?.isHere === true && [0, note.pid].includes(pid) ? note.since : null;
  // Outside of this container it has no number here.
  return { pid: pid === 0 ? null : pid, host: hostname(), since, seen: null };
}

/** Three times the interval at which a run renews its note. */
const SILENT_AFTER_MS = 180_000;

/** A run on another node is known by its note, which it no longer renews once it was killed. */
function runningElsewhere({ pid, host, since, seen }: Holder, now: Date): RunStatus["running"] {
  const isOver = now.getTime() - Date.parse(seen) > SILENT_AFTER_MS;
  return isOver ? null : { pid, host, since, seen };
}

type Known = { mode: Mode; remembered: Remembered & { known: NonNullable<Remembered["known"]> } };

/** Of the last run of the mode, for this offering; the longest known first. */
function problemsOf({ directory, mode, uuid }: Place): Known[] {
  return [...readProblemMemory(directory, mode).values()]
    .flatMap(({ known, ...times }) =>
      known?.offering === uuid ? [{ mode, remembered: { ...times, known } }] : [],
    )
    .sort((one, other) => one.remembered.since - other.remembered.since);
}

function problemStatus({ mode, remembered: { known, since } }: Known): ProblemStatus {
  const { code, message, hint, order, resource, resourceName, project, field, count = 1 } = known;
  const orNull = (text: string | undefined) => text ?? null;
  return {
    ...{ mode, code, message, hint: orNull(hint), order: orNull(order), resource: orNull(resource) },
    ...{ resourceName: orNull(resourceName), project: orNull(project), field: orNull(field), count },
    since: new Date(since).toISOString(),
  };
}
