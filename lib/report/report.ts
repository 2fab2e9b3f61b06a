// The one JSON document that a run prints with --dry-run or --json, the same structure for both modes. Fields may be
// added, never renamed (docs/contract.md, "The report").

import { type ConfigIssue, type ExitCode, formatIssue } from "../errors.ts";
import type { Call } from "../waldur/orders.ts";
import type { More } from "./tally.ts";

export type Report = {
  mode: "sync" | "orders";
  dryRun: boolean;
  version: string;
  startedAt: string;
  finishedAt: string;
  offerings: OfferingReport[];
  files: FileReport[];
  orders: OrderReport[];
  problems: Problem[];
  /** What the administrator should know, though nothing was left out for it. */
  notices: Problem[];
  /** Problems that were counted and not kept, because nobody asked for the report. */
  omitted: More[];
  exitCode: ExitCode;
};

export type OfferingReport = {
  uuid: string;
  name: string;
  outcome: "published" | "unchanged" | "failed" | "skipped";
  /** Entries in the snapshot; in `orders` the orders that were open. */
  resources: number;
  /** The gateway is the passive one (`active_if`), so nothing was done. */
  passive?: true;
  /** Entries carried over from the last snapshot because their resource became a problem. */
  carriedOver?: number;
};

export type FileReport = {
  offering: string;
  path: string;
  action: "create" | "replace" | "unchanged";
  bytes: number;
  /** Of the text without its date line. */
  sha256: string;
  /** With --dry-run: what the file would hold. */
  document?: unknown;
};

export type OrderOutcome = "done" | "published" | "waiting" | "left" | "failed";

export type OrderReport = {
  offering: string;
  uuid: string;
  type: string;
  /** As Waldur last reported it. */
  state: string;
  resource: string | null;
  outcome: OrderOutcome;
  /** Sent to Waldur, or with --dry-run what would be sent. */
  calls: Call[];
};

export type Problem = {
  code: string;
  offering?: string;
  order?: string;
  resource?: string;
  field?: string;
  message: string;
  hint?: string | undefined;
};

/** What identifies a problem from run to run, so that an old one is not mailed each minute. */
export function problemKey(problem: Problem): string {
  const { code, offering, order, resource, field, message } = problem;
  return [code, offering, order, resource, field, message].map((part) => part ?? "").join("|");
}

/** A notice is the same one also when its numbers change. */
export function noticeKey({ code, offering, order, resource }: Problem): string {
  return ["notice", code, offering, order, resource].map((part) => part ?? "").join("|");
}

/** A mistake in the configuration as a problem of the report. */
export function problemOfIssue(issue: ConfigIssue, offering?: string): Problem {
  return {
    code: "config",
    ...(offering === undefined ? {} : { offering }),
    ...(issue.path === undefined ? {} : { field: issue.path }),
    message: formatIssue(issue),
    hint: issue.hint,
  };
}
