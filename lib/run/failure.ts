// An error that ended a run or an offering: into the report, and into the log.

import type { OfferingConfig } from "../config/config.ts";
import { AppError, BugError, ConfigError, formatIssue, RetryLaterError } from "../errors.ts";
import type { Ledger } from "../report/ledger.ts";
import type { Log } from "../report/log.ts";

export function noteFailure(
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
