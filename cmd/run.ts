// What `orders` and `sync` do with a run: give it a log, print its report, write its metrics.

import { AppError, EXIT, type ExitCode, worstExitCode } from "../lib/errors.ts";
import { createLog, type Log } from "../lib/report/log.ts";
import { createProgress } from "../lib/report/progress.ts";
import type { Report } from "../lib/report/report.ts";
import { type Handlers, type RunOptions, runMode } from "../lib/run/run.ts";
import type { Flags, Shell } from "./command.ts";
import { choice, text } from "./flags.ts";

/** Runs the mode once and returns the exit code. */
export async function runOnce(
  options: RunOptions,
  { flags, shell, handlers }: { flags: Flags; shell: Shell; handlers: Handlers },
): Promise<ExitCode> {
  const progress = createProgress({
    visible: shell.isErrorTerminal && flags.quiet !== true,
    write: shell.tell,
    nowMs: () => performance.now(),
  });
  const tell = (line: string) => {
    progress.clear();
    shell.tell(`${line}\n`);
  };
  const log = createRunLog(flags, { ...shell, tell });
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
    },
    handlers,
  );
  const metricsCode = await writeMetricsFile(text(flags, "metrics-file"), report, log);
  if (flags["dry-run"] === true || flags.json === true) {
    await shell.print(`${JSON.stringify(report, null, 2)}\n`);
  }
  return worstExitCode([report.exitCode, metricsCode]);
}

function createRunLog(flags: Flags, shell: Shell): Log {
  return createLog({
    format: choice(flags, "log-format", ["text", "json"]),
    level: flags.verbose === true ? "verbose" : flags.quiet === true ? "quiet" : "normal",
    terminal: shell.isErrorTerminal,
    color: shell.isErrorTerminal && (shell.env.NO_COLOR ?? "") === "" && shell.env.TERM !== "dumb",
    journald: shell.isJournald,
    now: () => new Date(),
    write: shell.tell,
  });
}

/** Metrics of a dry run would pass for those of a real one, so it writes none. */
async function writeMetricsFile(path: string | undefined, report: Report, log: Log): Promise<ExitCode> {
  if (path === undefined || report.dryRun) return EXIT.ok;
  const { writeMetrics } = await import("../lib/report/metrics.ts");
  try {
    writeMetrics(path, report);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.error(error.message, { hint: error.hint });
    return error.exitCode;
  }
}
