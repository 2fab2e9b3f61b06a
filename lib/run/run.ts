// One run of a mode: load the configuration, handle one offering after the other, and end in a report. An offering that
// fails never stops the others; a signal or the deadline does. What is done with an offering comes in from outside.

import type { Config, OfferingConfig } from "../config/config.ts";
import { AppError, BugError, ConfigError, formatIssue, placeOfIssue, RetryLaterError } from "../errors.ts";
import type { Mode, Output, OutputOptions } from "../output/directory.ts";
import type { TouchLimits } from "../places/answers.ts";
import { createLedger, type Ledger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";
import { logFound } from "../report/problems.ts";
import type { Progress } from "../report/progress.ts";
import type { Report } from "../report/report.ts";
import { summaryOf } from "../report/summary.ts";
import type { Patience } from "../waldur/client.ts";
import { watchClock } from "./clock.ts";
import { connectionOf } from "./connection.ts";
import { type RunEnd, startDeadline } from "./end.ts";
import { addNotice, type Job, type RealJob } from "./job.ts";
import { type OutputPlace, outputPlace } from "./place.ts";
import { selectOfferings } from "./select.ts";

/** What the user asked for, the same for both modes. */
export type RunOptions = {
  mode: Mode;
  configPath: string;
  /** 32 hex digits each; empty takes every offering of the file. */
  offeringUuids: readonly string[];
  dryRun: boolean;
  silenceMs: number;
  deadlineMs: number;
  retries: number;
  allowInsecureConfig: boolean;
  /** False where nobody reads the report: then of very many problems not all are kept. */
  wantsReport?: boolean;
};

/** What surrounds the run; nothing else of the process reaches it. */
export type Surroundings = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  now: () => Date;
  random: () => number;
  log: Log;
  progress: Progress;
  /** Aborted by SIGINT or SIGTERM with an `InterruptedError` as its reason. */
  interrupted: AbortSignal;
  /** What may refuse the run before it does anything. */
  before?: () => Promise<void>;
  /** Called when something is left open on a disk that does not answer: closing it would wait, also at the end. */
  abandon?: () => void;
};

/** The two ways to handle an offering; a dry run has neither a client that can POST nor a directory that can be written. */
export type ModeWork = {
  publish(job: RealJob, output: Output): Promise<void>;
  describe(job: Job): Promise<void>;
};

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
    for (const offering of selectOfferings(config, options)) {
      const onAnswer = watchClock(now, (notice) => ledger.addNotice({ ...notice, offering: offering.uuid }));
      const share = { offering, config, options, surroundings, work, ledger, end };
      await runOffering({ ...share, onAnswer, politeness });
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

/** The configuration, for whatever takes these of its offerings. From now on the log knows its secrets. */
export async function loadFor(
  options: Pick<RunOptions, "configPath" | "allowInsecureConfig" | "offeringUuids">,
  surroundings: Pick<Surroundings, "env" | "cwd" | "log"> & { limits?: TouchLimits },
  takes: (offering: { sync: boolean; orders: boolean }) => boolean,
): Promise<Config> {
  const { loadConfig } = await import("../config/load.ts");
  const config = await loadConfig(options.configPath, {
    env: surroundings.env,
    cwd: surroundings.cwd,
    allowInsecure: options.allowInsecureConfig,
    ...(surroundings.limits && { limits: surroundings.limits }),
    takes: (offering) => takes(offering) && isAsked(offering.uuid, options),
  });
  for (const { token, proxy } of config.offerings) {
    surroundings.log.redact(token.reveal());
    // It may hold a user and a password.
    if (proxy !== null) surroundings.log.redact(proxy);
  }
  return config;
}

function isAsked(uuid: string, { offeringUuids }: Pick<RunOptions, "offeringUuids">): boolean {
  return offeringUuids.length === 0 || offeringUuids.includes(uuid);
}

function warnOfConfig(issue: Config["warnings"][number], log: Log): void {
  log.warn(issue.message, { file: placeOfIssue(issue), key: issue.path, hint: issue.hint });
}

export type Share = {
  offering: OfferingConfig;
  config: Config;
  options: RunOptions;
  surroundings: Surroundings;
  work: ModeWork;
  ledger: Ledger;
  end: RunEnd;
  onAnswer?: (headers: Headers) => void;
  /** What `Retry-After` may cost; without a limit where absent. */
  politeness?: { leftMs: number };
};

async function runOffering(share: Share): Promise<void> {
  const { offering, ledger, end, surroundings } = share;
  const line = ledger.openOffering(offering);
  if (end.signal.aborted) {
    line.outcome = "skipped";
    noteFailure(end.signal.reason, { ledger, log: surroundings.log }, offering);
    return;
  }
  surroundings.progress.begin(`${offering.name}: asking Waldur at ${new URL(offering.apiUrl).host}`);
  try {
    if (await isPassive(share)) return standBy(line, share);
    const place = outputPlace(offering.settings.outputDirectory, limitsOf(share));
    await place.look();
    const job = await createJob(share, { line, lookAtPlace: place.look });
    if (share.options.dryRun) await describeHeld(job, share);
    else await publishUnderLock(job, place, share);
  } catch (error) {
    noteFailure(error, { ledger, log: surroundings.log }, offering);
  }
  for (const { path, action, bytes } of ledger.filesOf(offering.uuid)) {
    surroundings.log.debug(share.options.dryRun ? "would publish" : "published", { path, action, bytes });
  }
  if (share.options.dryRun) logFound(ledger.foundOf(offering.uuid), "warn", surroundings.log);
}

async function isPassive(share: Share): Promise<boolean> {
  const { activeIf } = share.offering.settings;
  if (activeIf === null) return false;
  const { isAbsent } = await import("./active.ts");
  return isAbsent(activeIf, limitsOf(share));
}

/** Only a dry run is asked for by a person, who would wonder. */
function standBy(line: Job["line"], { offering, options, surroundings: { log } }: Share): void {
  line.outcome = "skipped";
  line.passive = true;
  const message = `this gateway is passive: ${offering.settings.activeIf} does not exist (active_if)`;
  log[options.dryRun ? "warn" : "info"](message, { offering: offering.uuid, name: offering.name });
}

/** What it takes to ask Waldur about an offering. */
type Asking = Omit<Share, "work" | "ledger">;

export async function createJob(
  share: Omit<Share, "work">,
  own: Pick<Job, "line" | "lookAtPlace">,
): Promise<Job> {
  const { createReader } = await import("../waldur/client.ts");
  const { offering, surroundings, end } = share;
  return {
    config: offering,
    configFile: share.config.path,
    timezone: share.config.timezone,
    version: surroundings.version,
    now: surroundings.now,
    reader: createReader(connectTo(share, false), patienceOf(share)),
    hastyReader: createReader(connectTo(share, false), { ...patienceOf(share), retries: 0 }),
    ...own,
    names: new Map(),
    ledger: share.ledger,
    log: surroundings.log,
    progress: surroundings.progress,
    throwIfOver: () => end.signal.throwIfAborted(),
  };
}

async function describeHeld(job: Job, { work }: Share): Promise<void> {
  const { lookAtOutput } = await import("../output/look.ts");
  const { outputDirectory: directory, allowSharedDirectory: allowShared } = job.config.settings;
  const held = lookAtOutput({ directory, allowShared, notice: noticeOf(job) });
  try {
    await work.describe(job);
  } finally {
    held.close();
  }
}

function noticeOf(job: Job): OutputOptions["notice"] {
  return (finding) => addNotice(job, { code: "shared-directory", ...finding });
}

async function publishUnderLock(job: Job, place: OutputPlace, share: Share): Promise<void> {
  const { createActor, createReader } = await import("../waldur/client.ts");
  const { openOutput } = await import("../output/directory.ts");
  const connection = connectTo(share, true);
  const actor = createActor(connection, patienceOf(share));
  const hastyReader = createReader(connection, { ...patienceOf(share), retries: 0 });
  const output = openOutput({
    directory: job.config.settings.outputDirectory,
    requireMount: job.config.settings.requireMount,
    allowShared: job.config.settings.allowSharedDirectory,
    mode: share.options.mode,
    fileMode: job.config.settings.fileMode,
    now: job.now,
    warn: (message) => job.log.warn(message, { offering: job.config.uuid }),
    notice: noticeOf(job),
  });
  let failure: AppError | null = null;
  try {
    await share.work.publish({ ...job, reader: actor, hastyReader, actor }, output);
  } catch (error) {
    failure = error instanceof AppError ? error : new BugError(error);
    throw failure;
  } finally {
    try {
      if (place.isSilent()) leaveProblems(job, share);
      else {
        const { settleRun } = await import("./settle.ts");
        settleRun(job, output, failure);
      }
    } finally {
      place.whenAnswers(output.close);
    }
  }
}

/** What is in the directory cannot be asked which problems are known, nor closed. */
function leaveProblems({ ledger, config, log }: Job, { surroundings }: Share): void {
  logFound(ledger.foundOf(config.uuid), "warn", log);
  surroundings.abandon?.();
}

function limitsOf({ options, end }: Share): TouchLimits {
  return { silenceMs: options.silenceMs, signal: end.signal };
}

/** The name that Waldur knows site agents by marks the integration as alive, so only a real `orders` run carries it. */
export function connectTo({ offering, options, surroundings }: Asking, isReal: boolean) {
  const agent = isReal && options.mode === "orders" ? " (waldur-site-agent)" : "";
  const userAgent = `waldur-cscs-storage/${surroundings.version}${agent}`;
  return connectionOf(offering, { env: surroundings.env, userAgent });
}

/** From so long a wait on a run reports it, although it may go well in the end. */
const LONG_WAIT_MS = 10_000;

export function patienceOf({ offering, options, surroundings, end, onAnswer, politeness }: Asking): Patience {
  const { log } = surroundings;
  return {
    silenceMs: options.silenceMs,
    retries: options.retries,
    signal: end.signal,
    now: surroundings.now,
    random: surroundings.random,
    timeLeftMs: end.timeLeftMs,
    ...(onAnswer && { onAnswer }),
    ...(politeness && { politeness }),
    onRetry: (message, waitMs = 0) =>
      log[waitMs < LONG_WAIT_MS ? "info" : "warn"](message, { offering: offering.uuid }),
    onRequest({ method, path, answer, ms }) {
      // A POST changes Waldur: whoever reads the journal finds each one.
      log[method === "POST" ? "info" : "debug"](`${method} ${path}`, { answer, ms });
    },
  };
}

function noteFailure(
  thrown: unknown,
  { ledger, log }: { ledger: Ledger; log: Log },
  offering?: OfferingConfig,
): void {
  const error = thrown instanceof AppError ? thrown : new BugError(thrown);
  if (!ledger.addFailure(error, offering === undefined ? {} : { offering: offering.uuid })) return;
  if (error instanceof ConfigError) {
    for (const issue of error.issues) log.error(formatIssue(issue), { hint: issue.hint });
    return;
  }
  const level = error instanceof RetryLaterError && error.quiet ? "info" : "error";
  log[level](error.message, { offering: offering?.uuid, name: offering?.name, hint: error.hint });
}
