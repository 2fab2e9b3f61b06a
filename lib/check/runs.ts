// Both modes in dry form, by their own code: what would be published, what would be left, and with which code the run
// would end. The documents themselves are not kept.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode, InterruptedError } from "../errors.ts";
import { describeOrders } from "../orders/pass.ts";
import type { Mode } from "../output/directory.ts";
import { roomIn } from "../output/file-system.ts";
import { createLedger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";
import type { Problem, Report } from "../report/report.ts";
import { plural } from "../report/summary.ts";
import { createJob } from "../run/create-job.ts";
import type { Job } from "../run/job.ts";
import type { Compared } from "../sync/guard.ts";
import { measuringSink } from "../sync/sink.ts";
import { syncOffering } from "../sync/sync.ts";
import type { CheckContext } from "./context.ts";
import { type Findings, hintOf } from "./findings.ts";

export type Trial = {
  offering: OfferingConfig;
  context: CheckContext;
  findings: Findings;
};

/** The snapshot against the last one. Returns what `sync` would end with. */
export async function trySync(trial: Trial): Promise<ExitCode> {
  const { findings } = trial;
  const directory = trial.offering.settings.outputDirectory;
  let compared: Compared | null = null;
  const sink = measuringSink(directory, (found) => {
    compared = found;
  });
  const options = { allowShrink: false, ifChanged: false, full: false, repath: false };
  const { report, error } = await tryRun("sync", trial, (job) => syncOffering(job, options, sink));
  if (error !== null) {
    findings.failWith("sync", error);
    return report.exitCode;
  }
  const [line] = report.offerings;
  const [file] = report.files;
  const room = file === undefined ? null : roomFor(directory);
  const needed = (file?.bytes ?? 0) * copiesWith(trial.offering.settings);
  if (room !== null && needed > room) {
    findings.fail("sync", `the snapshot takes ${needed} bytes, and ${room} are free in ${directory}`, {
      hint: "free space there; keep_snapshots limits the number of snapshots",
      exitCode: EXIT.output,
    });
    return EXIT.output;
  }
  const entries = line?.outcome === "skipped" ? 0 : (line?.resources ?? 0);
  conclude("sync", report, {
    counts: { resources: entries, carriedOver: line?.carriedOver ?? 0, ...countsOf(compared, entries) },
    message: describeSnapshot(entries, compared),
    findings,
  });
  return report.exitCode;
}

/** What is behind directories is held in a file of its own until these are known. */
function copiesWith({ documentProfile }: OfferingConfig["settings"]): number {
  return documentProfile === "hierarchy" ? 2 : 1;
}

/** null where there is no directory yet, and so the room of its parent counts. */
function roomFor(directory: string): number | null {
  try {
    return roomIn(directory).bytes;
  } catch {
    return null;
  }
}

function countsOf(compared: Compared | null, entries: number): Record<string, number> {
  return compared === null ? {} : { new: entries - compared.both, gone: compared.gone };
}

function describeSnapshot(entries: number, compared: Compared | null): string {
  const would = `${plural(entries, "resource")} would be published`;
  if (compared === null || compared.before === 0) return `${would}, as the first snapshot`;
  return `${would}: ${entries - compared.both} new, ${compared.gone} gone since the last snapshot`;
}

/** One pass over the open orders. Returns what `orders` would end with. */
export async function tryOrders(trial: Trial): Promise<ExitCode> {
  const { report, error } = await tryRun("orders", trial, describeOrders);
  if (error !== null) {
    trial.findings.failWith("orders", error);
    return report.exitCode;
  }
  const byOutcome = countBy(report.orders.map(({ outcome }) => outcome));
  const listed = report.orders.length;
  const shown = Object.entries(byOutcome).map(([outcome, count]) => `${count} would be ${outcome}`);
  conclude("orders", report, {
    counts: { orders: listed, ...byOutcome },
    message: [`${plural(listed, "open order")}`, ...(listed === 0 ? [] : [shown.join(", ")])].join(": "),
    findings: trial.findings,
  });
  return report.exitCode;
}

type Tried = { report: Report /** What ended it. */; error: AppError | null };

async function tryRun(
  mode: Mode,
  { offering, context, findings }: Trial,
  work: (job: Job) => Promise<void>,
): Promise<Tried> {
  const { surroundings } = context;
  const { job, ledger } = await trialJob(mode, { offering, context, findings });
  let ended: AppError | null = null;
  try {
    await work(job);
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof InterruptedError) throw error;
    ledger.addFailure(error, { offering: offering.uuid });
    ended = error;
  } finally {
    surroundings.progress.clear();
  }
  return { report: ledger.close(surroundings.now()), error: ended };
}

/** A job as a dry run of the mode has it. */
export async function trialJob(mode: Mode, { offering, context, findings }: Trial) {
  const { config, end, options, surroundings } = context;
  const { now, version } = surroundings;
  const ledger = createLedger({ mode, dryRun: true, version, startedAt: now(), keepsAll: false });
  const line = ledger.openOffering(offering);
  const log = quietLog(surroundings.log, (message) => findings.warn(mode, message));
  const share = {
    offering,
    config,
    options: { ...options, mode, dryRun: true },
    surroundings: { ...surroundings, log },
    ledger,
    end,
  };
  // What is tried here publishes nothing.
  const job: Job = await createJob(share, { line, lookAtPlace: () => Promise.resolve() });
  return { job, ledger };
}

/** Failures and problems are findings already. */
function quietLog(log: Log, warn: (message: string) => void): Log {
  return { ...log, debug: () => undefined, info: () => undefined, error: () => undefined, warn };
}

type Conclusion = { counts: Record<string, number>; message: string; findings: Findings };

function conclude(mode: Mode, report: Report, { counts, message, findings }: Conclusion): void {
  for (const [code, [first, ...more]] of Map.groupBy(report.notices, ({ code }) => code)) {
    if (first === undefined) continue;
    const others = more.length === 0 ? "" : ` (and ${more.length} more: ${code})`;
    findings.warn(mode, `${first.message}${others}`, hintOf(first.hint));
  }
  const problems = problemsOf(report);
  if (Object.keys(problems).length === 0) {
    findings.ok(mode, message, { counts });
    return;
  }
  const shown = Object.entries(problems).map(([code, count]) => `${count} × ${code}`);
  findings.fail(mode, `${message}; problems: ${shown.join(", ")}`, {
    hint: hintFor(mode, report.problems),
    exitCode: report.exitCode,
    counts,
    problems,
  });
}

function problemsOf({ problems, omitted }: Report): Record<string, number> {
  const counts = countBy(problems.map(({ code }) => code));
  for (const { code, count } of omitted) counts[code] = (counts[code] ?? 0) + count;
  return counts;
}

/** The first one in full; there may be thousands. */
function hintFor(mode: Mode, [first]: readonly Problem[]): string {
  return `the first: ${first?.message ?? ""}; \`${mode} --dry-run | jq .problems\` shows all`;
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
