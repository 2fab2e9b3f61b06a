// One run of a mode: load the configuration, handle one offering after the other, and end in a report. An offering that
// fails never stops the others; a signal or the deadline does. What is done with an offering comes in from outside.

import type { Config } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import { placeOfIssue } from "../errors.ts";
import { createLedger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";
import { logFound } from "../report/problems.ts";
import type { Report } from "../report/report.ts";
import { summaryOf } from "../report/summary.ts";
import { watchClock } from "./clock.ts";
import { type RunEnd, startDeadline } from "./end.ts";
import { noteFailure } from "./failure.ts";
import { runOffering } from "./offering.ts";
import type { ModeWork, RunOptions, Surroundings } from "./options.ts";
import { selectOfferings } from "./select.ts";

/** Runs the mode once. Never throws: what went wrong, a bug of ours too, is in the report and its exit code. */
export async function runMode(
  options: RunOptions,
  surroundings: Surroundings,
  work: ModeWork,
): Promise<Report> {
  const { now, version, log } = surroundings;
  const ledger = createLedger({
    mode: options.mode,
    dryRun: options.dryRun,
    version,
    startedAt: now(),
    keepsAll: options.dryRun || options.wantsReport !== false,
  });
  const end = startDeadline(options.deadlineMs, surroundings.interrupted);
  const politeness = { leftMs: options.deadlineMs / 4 };
  try {
    await surroundings.before?.();
    const config = await loadChecked(options, surroundings, end);
    for (const issue of config.warnings) warnOfConfig(issue, log);
    for (const offering of await selectOfferings(config, options)) {
      const onAnswer = watchClock(now, (notice) => ledger.addNotice({ ...notice, offering: offering.uuid }));
      const run = { offering, config, options, surroundings, work, ledger, end };
      await runOffering({ ...run, onAnswer, politeness });
    }
  } catch (error) {
    noteFailure(error, { ledger, log });
  } finally {
    end.disarm();
    surroundings.progress.clear();
  }
  logFound({ problems: [], more: ledger.moreFailures() }, "error", log);
  const report = ledger.close(now());
  log.summary(summaryOf(report), {
    exit: report.exitCode,
    seconds: (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000,
  });
  return report;
}

function loadChecked(options: RunOptions, surroundings: Surroundings, { signal }: RunEnd): Promise<Config> {
  const limits = { silenceMs: options.silenceMs, signal };
  return loadFor(options, { ...surroundings, limits }, (offering) => offering[options.mode]);
}

/** The configuration, for a command that takes these of its offerings. From now on the log redacts its secrets. */
export async function loadFor(
  options: Pick<RunOptions, "configPath" | "allowInsecureConfig" | "offeringUuids">,
  surroundings: Pick<Surroundings, "env" | "cwd" | "log"> & Pick<LoadOptions, "limits" | "readMore">,
  takes: (offering: { sync: boolean; orders: boolean }) => boolean,
): Promise<Config> {
  const { loadConfig } = await import("../config/load.ts");
  const config = await loadConfig(options.configPath, {
    env: surroundings.env,
    cwd: surroundings.cwd,
    allowInsecure: options.allowInsecureConfig,
    ...(surroundings.limits && { limits: surroundings.limits }),
    ...(surroundings.readMore && { readMore: surroundings.readMore }),
    takes: (offering) => takes(offering) && isAsked(offering.uuid, options),
  });
  for (const { token, proxy, settings } of config.offerings) {
    surroundings.log.redact(token.reveal());
    if (settings.unixGid.kind === "http") surroundings.log.redact(settings.unixGid.secret.reveal());
    // It may hold a user and a password.
    if (proxy !== null) surroundings.log.redact(proxy);
  }
  return config;
}

function isAsked(uuid: string, { offeringUuids }: Pick<RunOptions, "offeringUuids">): boolean {
  return offeringUuids.length === 0 || offeringUuids.includes(uuid);
}

export function warnOfConfig(issue: Config["warnings"][number], log: Log): void {
  log.warn(issue.message, { file: placeOfIssue(issue), key: issue.path, hint: issue.hint });
}
