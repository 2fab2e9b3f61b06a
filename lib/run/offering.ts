// One offering of a run: its directory is tested, its mode works under the lock, and what the next run needs is stored.

import { AppError, BugError } from "../errors.ts";
import type { PlaceOptions } from "../output/directory.ts";
import type { TouchLimits } from "../places/answers.ts";
import { logFound } from "../report/problems.ts";
import { connectTo, createJob, requestLimitsOf } from "./create-job.ts";
import { noteFailure } from "./failure.ts";
import { addNotice, type Job } from "./job.ts";
import type { OfferingRun } from "./options.ts";
import { type OutputPlace, outputPlace } from "./place.ts";

export async function runOffering(run: OfferingRun): Promise<void> {
  const { offering, ledger, end, surroundings } = run;
  const line = ledger.openOffering(offering);
  if (end.signal.aborted) {
    line.outcome = "skipped";
    noteFailure(end.signal.reason, { ledger, log: surroundings.log }, offering);
    return;
  }
  surroundings.progress.begin(`${offering.name}: asking Waldur at ${new URL(offering.apiUrl).host}`);
  try {
    if (await isPassive(run)) return standBy(line, run);
    const place = outputPlace(offering.settings.outputDirectory, limitsOf(run));
    await place.look();
    const job = await createJob(run, { line, lookAtPlace: place.look });
    if (run.options.dryRun) await describeHeld(job, run);
    else await publishUnderLock(job, place, run);
  } catch (error) {
    noteFailure(error, { ledger, log: surroundings.log }, offering);
  }
  for (const { path, action, bytes } of ledger.filesOf(offering.uuid)) {
    surroundings.log.debug(run.options.dryRun ? "would publish" : "published", { path, action, bytes });
  }
  if (run.options.dryRun) logFound(ledger.foundOf(offering.uuid), "warn", surroundings.log);
}

async function isPassive(run: OfferingRun): Promise<boolean> {
  const { activeIf } = run.offering.settings;
  if (activeIf === null) return false;
  const { isAbsent } = await import("./active.ts");
  return isAbsent(activeIf, limitsOf(run));
}

/** Only in a dry run, which a person started. */
function standBy(line: Job["line"], { offering, options, surroundings: { log } }: OfferingRun): void {
  line.outcome = "skipped";
  line.passive = true;
  const message = `this gateway is passive: ${offering.settings.activeIf} does not exist (active_if)`;
  log[options.dryRun ? "warn" : "info"](message, { offering: offering.uuid, name: offering.name });
}

async function describeHeld(job: Job, { work, options }: OfferingRun): Promise<void> {
  const { lookAtOutput } = await import("../output/look.ts");
  const held = lookAtOutput({
    ...placeOf(job),
    mode: options.mode,
    latestLink: options.mode === "sync" && job.config.settings.latestLink,
    wouldStop: (finding) => addNotice(job, { code: "would-stop", ...finding }),
  });
  try {
    await work.describe(job);
  } finally {
    held.close();
  }
}

function placeOf(job: Job): Omit<PlaceOptions, "warn"> {
  const { outputDirectory, requireMount, allowSharedDirectory } = job.config.settings;
  return {
    directory: outputDirectory,
    requireMount,
    allowShared: allowSharedDirectory,
    notice: (finding) => addNotice(job, { code: "shared-directory", ...finding }),
  };
}

async function publishUnderLock(job: Job, place: OutputPlace, run: OfferingRun): Promise<void> {
  const { createActor, createReader } = await import("../waldur/client.ts");
  const { openOutput } = await import("../output/directory.ts");
  const [connection, limits] = [connectTo(run, true), requestLimitsOf(run)];
  const actor = createActor(connection, limits);
  const hastyReader = createReader(connection, { ...limits, retries: 0 });
  const output = openOutput({
    ...placeOf(job),
    mode: run.options.mode,
    fileMode: job.config.settings.fileMode,
    now: job.now,
    warn: (message) => job.log.warn(message, { offering: job.config.uuid }),
  });
  let failure: AppError | null = null;
  try {
    await run.work.publish({ ...job, reader: actor, hastyReader, actor }, output);
  } catch (error) {
    failure = error instanceof AppError ? error : new BugError(error);
    throw failure;
  } finally {
    try {
      if (place.isSilent()) leaveProblems(job, run);
      else {
        const { settleRun } = await import("./settle.ts");
        settleRun(job, output, failure);
      }
    } finally {
      place.whenAnswers(output.close);
    }
  }
}

/** A directory that does not answer: known problems cannot be read from it, and it cannot be closed. */
function leaveProblems({ ledger, config, log }: Job, { surroundings }: OfferingRun): void {
  logFound(ledger.foundOf(config.uuid), "warn", log);
  surroundings.abandon?.();
}

function limitsOf({ options, end }: OfferingRun): TouchLimits {
  return { silenceMs: options.silenceMs, signal: end.signal };
}
