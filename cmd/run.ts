// What `orders` and `sync` do with a run: give it a log, print its report, write its metrics.

import { resolve } from "pathe";
import { AppError, EXIT, type ExitCode, RetryLaterError, StdoutError, worstExitCode } from "../lib/errors.ts";
import { answerOf, look, PATIENT, type TouchLimits } from "../lib/places/answers.ts";
import { createLog, type Log } from "../lib/report/log.ts";
import type { MetricsOwner } from "../lib/report/metrics.ts";
import { createProgress } from "../lib/report/progress.ts";
import type { Report } from "../lib/report/report.ts";
import { reportText } from "../lib/report/text.ts";
import type { ModeWork, RunOptions } from "../lib/run/options.ts";
import { runMode } from "../lib/run/run.ts";
import type { Flags, Shell } from "./command.ts";
import { choice, text } from "./flags.ts";

/** Runs the mode once and returns the exit code. */
export async function runOnce(
  options: RunOptions,
  { flags, shell, work }: { flags: Flags; shell: Shell; work: ModeWork },
): Promise<ExitCode> {
  const progress = createProgress({
    visible: shell.isErrorTerminal && flags.quiet !== true,
    write: shell.writeError,
    nowMs: () => performance.now(),
  });
  const writeLine = (line: string) => {
    progress.clear();
    shell.writeError(`${line}\n`);
  };
  const log = createRunLog(flags, { ...shell, writeError: writeLine });
  const metrics = metricsOf(flags, options, shell);
  const limits = { silenceMs: options.silenceMs, signal: shell.interrupted };
  const report = await runMode(
    options,
    {
      env: shell.env,
      cwd: shell.cwd,
      version: shell.version,
      now: () => new Date(),
      random: Math.random,
      log,
      progress,
      interrupted: shell.interrupted,
      before: () => inspectMetricsFile(metrics, { log, limits }),
      abandon: shell.abandon,
    },
    work,
  );
  const final = await writeMetricsFile(metrics, report, { log, limits });
  if (flags["dry-run"] !== true && flags.json !== true) return final.exitCode;
  return worstExitCode([final.exitCode, await printReport(final, shell, log)]);
}

export function createRunLog(flags: Flags, shell: Shell): Log {
  return createLog({
    format: choice(flags, "log-format", ["text", "json"]),
    level: flags.verbose === true ? "verbose" : flags.quiet === true ? "quiet" : "normal",
    terminal: shell.isErrorTerminal,
    color: shell.isErrorTerminal && (shell.env.NO_COLOR ?? "") === "" && shell.env.TERM !== "dumb",
    journald: shell.isJournald,
    isBelowCron: shell.isBelowCron,
    now: () => new Date(),
    write: shell.writeError,
  });
}

type Metrics = {
  path: string;
  owner: MetricsOwner;
  /** They are another mode's, so this run does nothing, and leaves them as they are. */
  isRefused: boolean;
};

/** Metrics of a dry run would look like those of a real one, so it has none. */
function metricsOf(
  flags: Flags,
  { mode, configPath, offeringUuids }: RunOptions,
  { cwd }: Shell,
): Metrics | null {
  const path = text(flags, "metrics-file");
  if (path === undefined || flags["dry-run"] === true) return null;
  return { path, owner: { mode, config: resolve(cwd, configPath), only: offeringUuids }, isRefused: false };
}

type Touching = { log: Log; limits: TouchLimits };

async function inspectMetricsFile(metrics: Metrics | null, { log, limits }: Touching): Promise<void> {
  if (metrics === null) return;
  const { path, owner } = metrics;
  const { inspectMetrics } = await import("../lib/report/metrics-file.ts");
  if (!(await answers(path, limits))) return;
  metrics.isRefused = true;
  const warning = inspectMetrics(path, owner);
  metrics.isRefused = false;
  if (warning !== null) log.warn(warning);
}

/** Metrics on a disk that does not answer stop no run; the end of the run reports it. */
async function answers(path: string, limits: TouchLimits): Promise<boolean> {
  try {
    await answerOf(look(path), `the metrics file ${path}`, limits);
    return true;
  } catch (error) {
    if (error instanceof RetryLaterError) return false;
    throw error;
  }
}

/** Returns the report, with what failed here. */
async function writeMetricsFile(
  metrics: Metrics | null,
  report: Report,
  { log, limits }: Touching,
): Promise<Report> {
  if (metrics === null || metrics.isRefused) return report;
  const { path, owner } = metrics;
  const { writeMetrics } = await import("../lib/report/metrics-file.ts");
  try {
    await answerOf(look(path), `the metrics file ${path}`, afterEnd(limits));
    writeMetrics(path, report, owner);
    return report;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, hint } = error;
    log.error(message, { hint });
    return {
      ...report,
      problems: [...report.problems, { code, message, hint }],
      exitCode: worstExitCode([report.exitCode, error.exitCode]),
    };
  }
}

/** How long what follows a run may still take after a signal: the metrics file, and the reader of standard output. */
const GRACE_MS = 2000;

/** A run that a signal ended has metrics, too. */
function afterEnd(limits: TouchLimits): TouchLimits {
  return limits.signal.aborted ? { ...PATIENT, silenceMs: GRACE_MS } : limits;
}

/** A failure to print is ranked with those of the run: a refused token ranks above a closed pipe. */
async function printReport(report: Report, shell: Shell, log: Log): Promise<ExitCode> {
  const settled = new AbortController();
  try {
    await Promise.race([printPieces(report, shell, log), endOfPatience(shell.interrupted, settled.signal)]);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (!(error instanceof StdoutError && error.quiet)) log.error(error.message, { hint: error.hint });
    return error.exitCode;
  } finally {
    settled.abort();
  }
}

/**
 * With more problems than that, the garbage of the run is collected first: with 150 000 the peak is 271 MB, not 318.
 */
const MANY_PROBLEMS = 10_000;

/** Problems quote what a server wrote, and a server may write anything. */
async function printPieces(report: Report, shell: Shell, log: Log): Promise<void> {
  if (report.problems.length > MANY_PROBLEMS) Bun.gc(true);
  for (const piece of reportText(report)) await shell.print(log.hide(piece));
}

/** Rejects some time after the signal: a pipe that is not read must not keep the program from ending. */
function endOfPatience(interrupted: AbortSignal, settled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const start = () => setTimeout(() => reject(interrupted.reason), GRACE_MS);
    if (interrupted.aborted) start();
    else interrupted.addEventListener("abort", start, { once: true, signal: settled });
  });
}
