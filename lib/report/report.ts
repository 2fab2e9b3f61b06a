// The one JSON document that a run prints with --dry-run or --json, the same structure for both modes. Fields may be
// added, never renamed (docs/contract.md, "The report").

import { type ConfigIssue, type ExitCode, formatIssue } from "../errors.ts";
import type { Call } from "../waldur/orders.ts";

/** Problems of one kind and offering that got no line. */
export type More = { code: string; offering?: string; count: number };

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
  /** Things to know although nothing was left out. */
  notices: Problem[];
  /** Problems that were counted and not kept, because the report was not requested. */
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
  /** Of `orders`: what Waldur listed as open; absent where it was not listed. */
  open?: OpenOrders;
  /** Of `orders` with `completion: on-ack`: published orders that the provisioner has not answered. */
  unanswered?: Unanswered;
  /** What the run would end with if this were its only offering. */
  exitCode: ExitCode;
};

/** It is filled in during the run. */
export type OfferingLine = Omit<OfferingReport, "exitCode">;

/** `oldest`: since when the one that waits longest has been published; null where there is none. */
export type Unanswered = { count: number; oldest: string | null };

export type OpenOrders = {
  /** How many in each state of Waldur. */
  states: Readonly<Record<string, number>>;
  /** When the oldest one was placed; null where there is none. */
  oldest: string | null;
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

export type OrderOutcome = "done" | "erred" | "published" | "waiting" | "left" | "failed";

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
  /** The names of the resource and its project in Waldur, where known. */
  resourceName?: string;
  project?: string;
  field?: string;
  message: string;
  hint?: string | undefined;
  /** It represents those of so many resources, of one project or with one cause. */
  count?: number;
  /** The first of these resources, of a line that many of one cause share. */
  examples?: readonly string[];
};

/** What a resource, or the one of an order, is called; empty where nothing says it. */
export type Names = { resource: string; project: string };

/** Characters of a name; Waldur has 150 at most, other servers any number. */
const LONGEST_NAME = 150;

/** The names as fields of a problem. */
export function namesOf(names: Names | undefined): Pick<Problem, "resourceName" | "project"> {
  const [resource, project] = [names?.resource.slice(0, LONGEST_NAME), names?.project.slice(0, LONGEST_NAME)];
  return { ...(resource ? { resourceName: resource } : {}), ...(project ? { project } : {}) };
}

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
