// What `status --json` prints. Fields may be added, never renamed; what is not known is null (docs/contract.md,
// "Status").

import * as v from "valibot";

const Mode = v.picklist(["sync", "orders"]);
const Time = v.pipe(v.string(), v.isoTimestamp());
const Known = v.nullable(v.string());

/** Why an open order is not through. */
export const WAITS = [
  "next-pass",
  "behind",
  "problem",
  "path",
  "provisioner",
  "worker",
  "unavailable",
] as const;

const Run = v.strictObject({
  mode: Mode,
  /** End of the last run that ended with 0 or 10 for this offering. */
  lastGood: v.nullable(Time),
  /** Older than a person should let pass, or there was none. */
  isLate: v.boolean(),
  /** The last run, where it failed. */
  failed: v.nullable(v.strictObject({ at: Time, exitCode: v.number(), message: v.string() })),
  /** The process that holds the lock. */
  running: v.nullable(
    v.strictObject({
      pid: v.nullable(v.number()),
      host: v.string(),
      /** When it had the lock; known of runs that last. */
      since: v.nullable(Time),
      /** When it said so last, on another node; null where the kernel of this one says it. */
      seen: v.nullable(Time),
    }),
  ),
});

const Order = v.strictObject({
  uuid: v.string(),
  type: v.string(),
  /** null with `--local`. */
  state: Known,
  /** When it was placed, or, with `--local`, when its file got its name. */
  since: v.nullable(Time),
  resource: Known,
  resourceName: Known,
  project: Known,
  /** The mount point that its file has, or will have as far as is known. */
  path: Known,
  file: Known,
  waits: v.strictObject({
    for: v.picklist(WAITS),
    detail: v.string(),
    /** Without an answer of the provisioner for longer than `ack_warn_after`. */
    isLate: v.optional(v.boolean()),
  }),
});

const Problem = v.strictObject({
  mode: Mode,
  code: v.string(),
  message: v.string(),
  hint: Known,
  order: Known,
  resource: Known,
  resourceName: Known,
  project: Known,
  field: Known,
  /** How many it represents. */
  count: v.number(),
  since: Time,
});

const Offering = v.strictObject({
  uuid: v.string(),
  name: v.string(),
  directory: v.string(),
  /** `active_if` makes this gateway the passive one. */
  passive: v.boolean(),
  runs: v.array(Run),
  orders: v.array(Order),
  problems: v.array(Problem),
  /** Why Waldur could not be queried; the orders are then those that the files have. */
  error: v.nullable(v.strictObject({ exitCode: v.number(), message: v.string(), hint: Known })),
});

export const StatusReport = v.strictObject({
  version: v.string(),
  at: Time,
  /** The open orders were read from Waldur. */
  asked: v.boolean(),
  offerings: v.array(Offering),
  exitCode: v.number(),
});

export type Status = v.InferOutput<typeof StatusReport>;
export type OfferingStatus = v.InferOutput<typeof Offering>;
export type RunStatus = v.InferOutput<typeof Run>;
export type OrderStatus = v.InferOutput<typeof Order>;
export type ProblemStatus = v.InferOutput<typeof Problem>;
