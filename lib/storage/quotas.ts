// The four quotas of a storage resource: space in TB and inodes, soft and hard, from the limit in Waldur and from what
// an operator corrected in the resource's options. A number that cannot be trusted is reported, never rounded to zero.

import type { StorageComponent, StorageSettings } from "../config/config.ts";
import type { Quota } from "./document.ts";
import { fieldOf, numberOf } from "./json.ts";
import { type MappingCode, mappingProblem, type Problems, quoted } from "./problems.ts";

/** How a limit becomes quotas; from the configuration. */
export type QuotaRule = {
  component: StorageComponent;
  inodeBaseMultiplier: number;
  inodeSoftCoefficient: number;
  inodeHardCoefficient: number;
};

/** What of a resource, or of an order, decides its quotas. */
export type QuotaGrounds = {
  limits: Readonly<Record<string, unknown>>;
  options: Readonly<Record<string, unknown>>;
};

export function quotaRule(settings: StorageSettings, component: StorageComponent): QuotaRule {
  const { inodeBaseMultiplier, inodeSoftCoefficient, inodeHardCoefficient } = settings;
  return { component, inodeBaseMultiplier, inodeSoftCoefficient, inodeHardCoefficient };
}

/**
 * null when there is no positive limit. An operator's correction wins over the formula, quota by quota. Without a limit
 * corrections count only when both space quotas are given and positive: the soft one then stands in for the limit.
 */
export function readQuotas(
  rule: QuotaRule,
  grounds: QuotaGrounds,
  problems: Problems,
): Quota[] | null | undefined {
  const limitTb = readSpaceTb(grounds.limits, rule.component, problems);
  const corrections = readCorrections(grounds.options, problems);
  if (limitTb === undefined || corrections === undefined) return undefined;
  const spaceTb = limitTb > 0 ? limitTb : correctedSpaceTb(corrections);
  if (spaceTb === 0) return null;
  const computed = computeValues(rule, spaceTb);
  const values = SHAPES.map(({ option }) => corrections.get(option) ?? computed[option]);
  if (!areInOrder(values, problems) || !areExact(values, rule.component, problems)) return undefined;
  return SHAPES.map(({ type, unit, enforcementType }, at) => ({
    type,
    quota: values[at] ?? 0,
    unit,
    enforcementType,
  }));
}

/** In the order of the document; `option` is the operator's correction. */
const SHAPES = [
  { option: "soft_quota_space", type: "space", unit: "tera", enforcementType: "soft" },
  { option: "hard_quota_space", type: "space", unit: "tera", enforcementType: "hard" },
  { option: "soft_quota_inodes", type: "inodes", unit: "none", enforcementType: "soft" },
  { option: "hard_quota_inodes", type: "inodes", unit: "none", enforcementType: "hard" },
] as const;

type QuotaOption = (typeof SHAPES)[number]["option"];
type Corrections = ReadonlyMap<QuotaOption, number>;

function computeValues(rule: QuotaRule, spaceTb: number): Record<QuotaOption, number> {
  // In this order of multiplication, as the original program did it.
  const inodes = spaceTb * rule.inodeBaseMultiplier;
  return {
    soft_quota_space: spaceTb,
    hard_quota_space: spaceTb,
    soft_quota_inodes: Math.round(inodes * rule.inodeSoftCoefficient),
    hard_quota_inodes: Math.round(inodes * rule.inodeHardCoefficient),
  };
}

/** The limit in TB, 0 when there is none. */
function readSpaceTb(
  limits: Readonly<Record<string, unknown>>,
  { name, unitFactor }: StorageComponent,
  problems: Problems,
): number | undefined {
  const value = fieldOf(limits, name);
  if (value === undefined) return 0;
  const limit = numberOf(value);
  const fault = faultOfNumber(limit);
  if (limit !== undefined && fault === null) return inTb(limit, unitFactor);
  problems.push(faultyNumber("bad-limit", { field: `limits.${name}`, fault, value }));
  return undefined;
}

/** Products of decimal fractions carry noise in their last digits (3 × 0.1 is 0.30000000000000004); 15 digits do not. */
function inTb(limit: number, unitFactor: number): number {
  return unitFactor === 1 ? limit : Number((limit * unitFactor).toPrecision(15));
}

function readCorrections(
  options: Readonly<Record<string, unknown>>,
  problems: Problems,
): Corrections | undefined {
  const corrections = new Map<QuotaOption, number>();
  const before = problems.length;
  for (const { option, type } of SHAPES) {
    const value = fieldOf(options, option);
    if (value === undefined) continue;
    const number = numberOf(value);
    const isFraction = type === "inodes" && number !== undefined && !Number.isInteger(number);
    const fault = faultOfNumber(number) ?? (isFraction ? "must be a whole number, not" : null);
    if (number !== undefined && fault === null) corrections.set(option, number);
    else problems.push(faultyNumber("bad-options", { field: `options.${option}`, fault, value }));
  }
  return problems.length === before ? corrections : undefined;
}

/** Why a number is no quantity; JSON cannot tell 2^53 from 2^53 + 1, so the last exact number is one below. */
function faultOfNumber(number: number | undefined): string | null {
  if (number === undefined || Number.isNaN(number)) return "must be a number, not";
  if (number < 0) return "is negative:";
  return number > Number.MAX_SAFE_INTEGER ? "is too large:" : null;
}

function faultyNumber(
  code: MappingCode,
  { field, fault, value }: { field: string; fault: string | null; value: unknown },
) {
  return mappingProblem(code, {
    field,
    message: `${fault} ${quoted(value)}`,
    hint: "a number from 0 up is wanted; no value at all is fine too",
  });
}

function correctedSpaceTb(corrections: Corrections): number {
  return corrections.has("hard_quota_space") ? (corrections.get("soft_quota_space") ?? 0) : 0;
}

function areInOrder(
  [softSpace = 0, hardSpace = 0, softInodes = 0, hardInodes = 0]: number[],
  problems: Problems,
) {
  const before = problems.length;
  if (hardSpace < softSpace) problems.push(hardBelowSoft("space", softSpace, hardSpace));
  if (hardInodes < softInodes) problems.push(hardBelowSoft("inodes", softInodes, hardInodes));
  return problems.length === before;
}

/** Only a correction can bring this about. */
function hardBelowSoft(type: "space" | "inodes", soft: number, hard: number) {
  return mappingProblem("bad-options", {
    field: `options.hard_quota_${type}`,
    message: `or its soft counterpart is wrong: the hard quota ${hard} would be below the soft quota ${soft}`,
    hint: `correct both soft_quota_${type} and hard_quota_${type}, or neither`,
  });
}

/** Readers with 64-bit integers cannot take what JSON would write as 1.8e+22. */
function areExact(values: number[], component: StorageComponent, problems: Problems): boolean {
  if (values.every((value) => value <= Number.MAX_SAFE_INTEGER)) return true;
  problems.push(
    mappingProblem("bad-limit", {
      field: `limits.${component.name}`,
      message: "is too large: its quotas cannot be written as exact numbers",
    }),
  );
  return false;
}
