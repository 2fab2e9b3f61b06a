// The command over all offerings of the file: configuration, one client for each offering, and a report that says what
// was done, also where something ended it early. An offering that fails does not stop the others.

import type { OfferingConfig } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import type { Log } from "../report/log.ts";
import { connectionOf } from "../run/connection.ts";
import { type RunEnd, startDeadline } from "../run/end.ts";
import type { RunOptions } from "../run/options.ts";
import { loadFor, warnOfConfig } from "../run/run.ts";
import { selectEveryOffering } from "../run/select.ts";
import { createActor, createReader } from "../waldur/client.ts";
import { type ComponentDefinition, readDefinitions } from "./definitions.ts";
import { createHistories, type Histories } from "./history.ts";
import { type Handled, handleOffering } from "./offering.ts";
import { createRecord } from "./record.ts";
import type { ComponentsReport, ReportedProblem } from "./report.ts";

export type ComponentsOptions = Omit<RunOptions, "mode" | "wantsReport"> & { allowBillingChange: boolean };

export type ComponentsSurroundings = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  log: Log;
  /** Aborted by SIGINT or SIGTERM with an `InterruptedError` as its reason. */
  interrupted: AbortSignal;
};

/** Never throws: what went wrong is in the report and its exit code. */
export async function setUpComponents(
  options: ComponentsOptions,
  surroundings: ComponentsSurroundings,
): Promise<ComponentsReport> {
  const { version, log } = surroundings;
  const record = createRecord({ dryRun: options.dryRun, version });
  const end = startDeadline(options.deadlineMs, surroundings.interrupted);
  const limits = { silenceMs: options.silenceMs, signal: end.signal };
  const histories = createHistories(limits, record.addNotice);
  try {
    const { config, definitions } = await load(options, surroundings);
    for (const offering of await selectEveryOffering(config, options.offeringUuids)) {
      const wanted = definitions.get(offering.uuid) ?? [];
      if (wanted.length === 0) record.addNotice(noComponents(offering));
      try {
        end.signal.throwIfAborted();
        record.add(offering, await handle({ offering, wanted, options, surroundings, end, histories }));
      } catch (error) {
        record.fail(error, offering);
      }
    }
  } catch (error) {
    record.fail(error);
  } finally {
    histories.close();
    end.disarm();
  }
  const report = record.close();
  logAll(report, log);
  return report;
}

type OfferingTask = {
  offering: OfferingConfig;
  wanted: readonly ComponentDefinition[];
  options: ComponentsOptions;
  surroundings: ComponentsSurroundings;
  end: RunEnd;
  histories: Histories;
};

function handle({ offering, wanted, options, surroundings, end, histories }: OfferingTask): Promise<Handled> {
  const { log, version, env } = surroundings;
  const connection = connectionOf(offering, { env, userAgent: `waldur-cscs-storage/${version}` });
  const limits = {
    silenceMs: options.silenceMs,
    retries: options.retries,
    signal: end.signal,
    now: () => new Date(),
    random: Math.random,
    timeLeftMs: end.timeLeftMs,
    onRetry: (message: string) => log.info(message, { offering: offering.uuid }),
  };
  const actor = options.dryRun ? null : createActor(connection, limits);
  return handleOffering({
    uuid: offering.uuid,
    wanted,
    place: offering,
    allowed: { billingChange: options.allowBillingChange },
    reader: actor ?? createReader(connection, limits),
    actor,
    openPost: () => histories.postFor(offering),
    throwIfOver: () => end.signal.throwIfAborted(),
  });
}

async function load(options: ComponentsOptions, surroundings: ComponentsSurroundings) {
  const definitions = new Map<string, ComponentDefinition[]>();
  const readMore: NonNullable<LoadOptions["readMore"]> = (offering, findings) => {
    definitions.set(offering.values.waldur_offering_uuid ?? "", readDefinitions(offering, findings));
  };
  const config = await loadFor(options, { ...surroundings, readMore }, () => true);
  for (const issue of config.warnings) warnOfConfig(issue, surroundings.log);
  return { config, definitions };
}

function noComponents({ uuid, name }: OfferingConfig): ReportedProblem {
  const message = `offering ${name} has no backend_components in the file: nothing is changed`;
  return { code: "no-components", message, offering: uuid };
}

function logAll({ problems, notices }: ComponentsReport, log: Log): void {
  for (const { message, offering, hint } of notices) log.warn(message, { offering, hint });
  for (const { message, offering, hint } of problems) log.error(message, { offering, hint });
}
