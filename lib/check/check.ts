// `check`: whether runs of both modes would succeed, found out before the first one. Everything that a run looks at is
// looked at by the same code; nothing is changed, in Waldur or on the disk (docs/contract.md, "Check").

import { resolve } from "node:path";
import type { Config, OfferingConfig } from "../config/config.ts";
import { type AppError, ConfigError, type ExitCode, formatIssue, worstExitCode } from "../errors.ts";
import { startDeadline } from "../run/end.ts";
import type { Surroundings } from "../run/options.ts";
import { loadFor } from "../run/run.ts";
import { selectEveryOffering } from "../run/select.ts";
import type { CheckOptions } from "./context.ts";
import { createFindings, type Findings, hintOf } from "./findings.ts";
import { checkMetricsFiles } from "./metrics-file.ts";
import { checkOffering } from "./offering.ts";
import type { CheckReport, Finding } from "./report.ts";

/**
 * @param show called with each finding as it is made
 * @throws UsageError for an offering that is not in the file; InterruptedError after a signal
 */
export async function checkSetup(
  options: CheckOptions,
  surroundings: Surroundings,
  show: (finding: Finding, offering: OfferingConfig | null) => void,
): Promise<CheckReport> {
  const items: Finding[] = [];
  const findingsOf = (offering: OfferingConfig | null) =>
    createFindings(offering?.uuid ?? null, (finding) => {
      items.push(finding);
      surroundings.progress.clear();
      show(finding, offering);
    });
  const findings = findingsOf(null);
  const end = startDeadline(options.deadlineMs, surroundings.interrupted);
  const codes: ExitCode[] = [];
  let offerings: OfferingConfig[] = [];
  try {
    const config = await checkConfiguration(options, surroundings, findings);
    if (config !== null) offerings = await selectEveryOffering(config, options.offeringUuids);
    checkMetricsFiles(
      options.metricsFiles.map((path) => resolve(surroundings.cwd, path)),
      {
        config: resolve(surroundings.cwd, options.configPath),
        only: options.offeringUuids,
        modes: (["sync", "orders"] as const).filter((mode) => offerings.some((one) => one[mode])),
      },
      findings,
    );
    if (config === null) findings.skip(["offerings"], "configuration");
    codes.push(...items.flatMap(({ exitCode }) => exitCode ?? []));
    if (config !== null) {
      const context = { config, options, surroundings, end, unreachable: new Map<string, AppError>() };
      for (const offering of offerings) {
        codes.push(...(await checkOffering(offering, context, findingsOf(offering))));
        surroundings.interrupted.throwIfAborted();
      }
    }
  } finally {
    end.disarm();
    surroundings.progress.clear();
  }
  return {
    version: surroundings.version,
    checkedAt: surroundings.now().toISOString(),
    configuration: resolve(surroundings.cwd, options.configPath),
    offerings: offerings.map(({ uuid, name, sync, orders }) => ({ uuid, name, sync, orders })),
    items,
    exitCode: worstExitCode(codes),
  };
}

/** null where no run could begin. */
async function checkConfiguration(
  options: CheckOptions,
  surroundings: Surroundings,
  findings: Findings,
): Promise<Config | null> {
  try {
    const config = await loadFor(options, surroundings, ({ sync, orders }) => sync || orders);
    const offerings = await selectEveryOffering(config, options.offeringUuids);
    const shown = offerings.map(({ name, sync, orders }) => `${name} (${modesOf({ sync, orders })})`);
    findings.ok("configuration", `${options.configPath}: ${shown.join(", ")}`);
    for (const issue of config.warnings)
      findings.warn("configuration", formatIssue(issue), hintOf(issue.hint));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    findings.failWith("configuration", error);
    return null;
  }
}

function modesOf({ sync, orders }: { sync: boolean; orders: boolean }): string {
  return [...(sync ? ["sync"] : []), ...(orders ? ["orders"] : [])].join(", ");
}
