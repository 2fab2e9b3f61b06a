// What `components --json` prints. Fields may be added, never renamed (docs/contract.md, "Components").

import * as v from "valibot";
import type { ExitCode } from "../errors.ts";

const Value = v.union([v.string(), v.number(), v.boolean()]);

const ReportedProblem = v.strictObject({
  code: v.string(),
  message: v.string(),
  offering: v.optional(v.string()),
  component: v.optional(v.string()),
  hint: v.optional(v.string()),
});

const Component = v.strictObject({
  type: v.string(),
  /** null before it is created. */
  uuid: v.nullable(v.string()),
  action: v.picklist(["create", "update", "unchanged"]),
  /**
   * `left`: nothing was sent. `failed`: something was, and Waldur does not show the result. In a dry run, what would
   * be.
   */
  outcome: v.picklist(["done", "left", "failed"]),
  /** By Waldur's names of the fields; `from` is null where Waldur has nothing. */
  changes: v.array(v.strictObject({ field: v.string(), from: v.nullable(Value), to: Value })),
});

const Offering = v.strictObject({
  uuid: v.string(),
  name: v.string(),
  outcome: v.picklist(["done", "failed"]),
  components: v.array(Component),
  /** Types of components that Waldur has and the file has not. */
  onlyInWaldur: v.array(v.string()),
});

export const ComponentsReport = v.strictObject({
  dryRun: v.boolean(),
  version: v.string(),
  offerings: v.array(Offering),
  problems: v.array(ReportedProblem),
  notices: v.array(ReportedProblem),
  exitCode: v.custom<ExitCode>(Number.isInteger),
});

export type ComponentsReport = v.InferOutput<typeof ComponentsReport>;
export type OfferingLine = v.InferOutput<typeof Offering>;
export type ComponentLine = v.InferOutput<typeof Component>;
export type Change = ComponentLine["changes"][number];
/** A problem or a notice. */
export type ReportedProblem = v.InferOutput<typeof ReportedProblem>;
