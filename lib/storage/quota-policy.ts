// Which quotas may be published. 0 means no limit to Lustre, XFS and GPFS, so it is never published; what was set
// above what is billed, and what is above the site's own limit, is for the configuration to decide. Asked only about
// quotas that are remarkable in one of these ways, which is rare.

import type { StorageSettings } from "../config/config.ts";
import { isTable } from "../json.ts";
import { mappingProblem, type Problems } from "./problems.ts";

/** Space in TB, and inodes. */
export type QuotaValues = { softSpace: number; hardSpace: number; softInodes: number; hardInodes: number };
type Name = keyof QuotaValues;

export type QuotaLimits = Pick<StorageSettings, "quotaOptions" | "maxQuotaTb">;

/** What is wrong with quotas, and what is worth a warning. */
export type QuotaFindings = {
  problems: Problems;
  warnings?: Problems | undefined;
  /** What the limit alone gives, where what is above it is refused. */
  billed?: QuotaValues | undefined;
};

/** 1 KiB in TB, the block that file systems count by, and one inode: less is rounded to 0, which is no limit. */
const LEAST_SPACE_TB = 1024 / 1e12;
const LEAST_INODES = 1;

/** False for quotas that nothing needs to be said of. */
export function isTooSmall({ softSpace, hardSpace, softInodes, hardInodes }: QuotaValues): boolean {
  return Math.min(softSpace, hardSpace) < LEAST_SPACE_TB || Math.min(softInodes, hardInodes) < LEAST_INODES;
}

export type AskedQuotas = {
  values: QuotaValues;
  /** What the limit alone gives; zeros where there is none. */
  billed: QuotaValues;
  limits: QuotaLimits;
  /** Where the value of a quota comes from: a limit, or a correction of it. */
  fieldOf(name: Name): string;
};

/** Whether the quotas may be published; says why not. */
export function checkQuotas(asked: AskedQuotas, found: QuotaFindings): boolean {
  const before = found.problems.length;
  for (const name of NAMES) if (isLess(name, asked.values[name])) noteTooSmall(asked, name, found);
  const { maxQuotaTb, quotaOptions } = asked.limits;
  if (maxQuotaTb !== null && asked.values.hardSpace > maxQuotaTb)
    found.problems.push(aboveMaximum(asked, maxQuotaTb));
  if (quotaOptions !== "trust") lookAbove(asked, found);
  return found.problems.length === before;
}

function lookAbove(asked: AskedQuotas, found: QuotaFindings): void {
  const isRefused = asked.limits.quotaOptions === "limit";
  for (const name of NAMES) {
    // What was not set follows from what was.
    const isSet = !isOfLimit(asked.fieldOf(name));
    if (!isSet || asked.values[name] <= asked.billed[name]) continue;
    const problem = aboveLimit(asked, name, isRefused);
    if (isRefused) {
      found.billed = asked.billed;
      found.problems.push(problem);
    } else found.warnings = [...(found.warnings ?? []), problem];
  }
}

const NAMES = ["softSpace", "hardSpace", "softInodes", "hardInodes"] as const;
const UNITS = { softSpace: "TB", hardSpace: "TB", softInodes: "inodes", hardInodes: "inodes" } as const;

function isLess(name: Name, value: number): boolean {
  return value < (UNITS[name] === "TB" ? LEAST_SPACE_TB : LEAST_INODES);
}

function isOfLimit(field: string): boolean {
  return field.startsWith("limits.");
}

/** One small limit makes several small quotas. */
function noteTooSmall({ values, fieldOf }: AskedQuotas, name: Name, { problems }: QuotaFindings): void {
  const field = fieldOf(name);
  if (problems.some((problem) => problem.field === field)) return;
  problems.push(
    mappingProblem(isOfLimit(field) ? "bad-limit" : "bad-options", {
      field,
      message: `gives a quota of ${values[name]} ${UNITS[name]}, which file systems treat as no limit`,
      hint: "at least 1 KiB of space and one inode are needed; a limit of 0 or none publishes no quota",
    }),
  );
}

function aboveMaximum({ values, fieldOf }: AskedQuotas, maximum: number) {
  return mappingProblem("quota-above-maximum", {
    field: fieldOf("hardSpace"),
    message: `gives a quota of ${values.hardSpace} TB, which is above ${maximum} TB`,
    hint: "correct it, or raise max_quota_tb",
  });
}

function aboveLimit({ values, billed, fieldOf }: AskedQuotas, name: Name, isRefused: boolean) {
  const hint = isRefused
    ? "raise the limit in Waldur, or set quota_options to warn"
    : "quota_options: limit refuses it, quota_options: trust accepts it without a warning";
  return mappingProblem("quota-above-limit", {
    field: fieldOf(name),
    message: `gives ${values[name]} ${UNITS[name]}, but the billed limit gives ${billed[name]}`,
    hint,
  });
}

/** Why the quotas of an earlier file must not be published again as they are. */
export function faultOfQuotas(
  quotas: unknown,
  { maxQuotaTb, billed }: { maxQuotaTb: number | null; billed?: QuotaValues | undefined },
): string | undefined {
  if (quotas === null) return undefined;
  for (const one of Array.isArray(quotas) ? quotas : [null]) {
    const { type, enforcementType, quota } = isTable(one) ? one : {};
    const name = NAMES.find(
      (known) => known === `${enforcementType}${type === "space" ? "Space" : "Inodes"}`,
    );
    if (name === undefined || typeof quota !== "number") return "has invalid quotas";
    if (isLess(name, quota)) return `has a quota of ${quota} ${UNITS[name]}`;
    const isTooLarge = name === "hardSpace" && maxQuotaTb !== null && quota > maxQuotaTb;
    if (isTooLarge || (billed !== undefined && quota > billed[name]))
      return `has a quota of ${quota} ${UNITS[name]}`;
  }
  return undefined;
}
