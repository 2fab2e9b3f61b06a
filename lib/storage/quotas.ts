// The four quotas of a storage resource: space in TB and inodes, soft and hard, from the limit in Waldur and from what
// an operator corrected in the resource's options, or the order form asked for. A number that cannot be trusted is
// reported, never rounded to zero.

import type { StorageComponent, StorageSettings } from "../config/config.ts";
import type { Quota } from "./document.ts";
import { fieldPath, NO_FORM, type StorageForm } from "./form.ts";
import { type MappingCode, mappingProblem, type Problems, quoted, quotedKeys } from "./problems.ts";
import {
  checkQuotas,
  isTooSmall,
  type QuotaFindings,
  type QuotaLimits,
  type QuotaValues,
} from "./quota-policy.ts";
import { fieldOf, givenOf, numberOf } from "./values.ts";

/** How a limit becomes quotas, and which ones may be published; from the configuration. */
export type QuotaRule = QuotaLimits & {
  component: StorageComponent;
  inodeBaseMultiplier: number;
  inodeSoftCoefficient: number;
  inodeHardCoefficient: number;
};

/** What of a resource, or of an order, decides its quotas. */
export type QuotaInput = {
  limits: Readonly<Record<string, unknown>>;
  options: Readonly<Record<string, unknown>>;
  /** What the order form asked for; the options win over it. */
  form?: StorageForm | undefined;
};

export function quotaRule(settings: StorageSettings, component: StorageComponent): QuotaRule {
  const { inodeBaseMultiplier, inodeSoftCoefficient, inodeHardCoefficient, quotaOptions, maxQuotaTb } =
    settings;
  return {
    component,
    inodeBaseMultiplier,
    inodeSoftCoefficient,
    inodeHardCoefficient,
    quotaOptions,
    maxQuotaTb,
  };
}

/** The same for quotas that were published already: what may be published now says nothing of them. */
export function ruleOfThePast(rule: QuotaRule): QuotaRule {
  return { ...rule, quotaOptions: "trust", maxQuotaTb: null };
}

/**
 * null when there is no positive limit. A correction, of the options or else of the order form, wins over the formula,
 * quota by quota. Without a limit corrections count only when both space quotas are given and positive: the soft one
 * then replaces the limit.
 */
export function readQuotas(
  rule: QuotaRule,
  input: QuotaInput,
  found: QuotaFindings,
): Quota[] | null | undefined {
  const { problems } = found;
  const limitTb = readSpaceTb(input.limits, rule.component, problems);
  const corrections = readCorrections(input, problems);
  if (limitTb === undefined || corrections === undefined) return undefined;
  const spaceTb = limitTb > 0 ? limitTb : correctedSpaceTb(corrections);
  if (spaceTb === 0) return null;
  const values = valuesOf(rule, spaceTb, corrections);
  if (!areInOrder(values, problems) || !areExact(values, rule.component, problems)) return undefined;
  if (isRemarkable(values, corrections, rule)) {
    const billed = valuesOf(rule, limitTb, NO_CORRECTIONS);
    const fieldOf = (name: keyof QuotaValues) =>
      corrections[name] === undefined ? `limits.${rule.component.name}` : placeOf(input, KEYS[name]);
    if (!checkQuotas({ values, billed, limits: rule, fieldOf }, found)) return undefined;
  }
  return [
    { type: "space", quota: values.softSpace, unit: "tera", enforcementType: "soft" },
    { type: "space", quota: values.hardSpace, unit: "tera", enforcementType: "hard" },
    { type: "inodes", quota: values.softInodes, unit: "none", enforcementType: "soft" },
    { type: "inodes", quota: values.hardInodes, unit: "none", enforcementType: "hard" },
  ];
}

/** What an operator set; undefined where nothing is set. */
type Corrections = { [Name in keyof QuotaValues]: number | undefined };

const NO_CORRECTIONS: Corrections = {
  softSpace: undefined,
  hardSpace: undefined,
  softInodes: undefined,
  hardInodes: undefined,
};

function valuesOf(rule: QuotaRule, spaceTb: number, corrections: Corrections): QuotaValues {
  // In this order of multiplication, as the original program did it.
  const inodes = spaceTb * rule.inodeBaseMultiplier;
  return {
    softSpace: corrections.softSpace ?? spaceTb,
    hardSpace: corrections.hardSpace ?? spaceTb,
    softInodes: corrections.softInodes ?? Math.round(inodes * rule.inodeSoftCoefficient),
    hardInodes: corrections.hardInodes ?? Math.round(inodes * rule.inodeHardCoefficient),
  };
}

/** Whether the policy has anything to say of the quotas; most follow from a limit alone. */
function isRemarkable(values: QuotaValues, corrections: Corrections, { maxQuotaTb }: QuotaRule): boolean {
  const { softSpace, hardSpace, softInodes, hardInodes } = corrections;
  if ((softSpace ?? hardSpace ?? softInodes ?? hardInodes) !== undefined) return true;
  return isTooSmall(values) || (maxQuotaTb !== null && values.hardSpace > maxQuotaTb);
}

/** The limit in TB, 0 when there is none. */
function readSpaceTb(
  limits: Readonly<Record<string, unknown>>,
  { name, unitFactor }: StorageComponent,
  problems: Problems,
): number | undefined {
  if (!Object.hasOwn(limits, name) && Object.keys(limits).length > 0) {
    problems.push(missingComponent(limits, name));
    return undefined;
  }
  const value = fieldOf(limits, name);
  if (value === undefined) return 0;
  const limit = numberOf(value);
  const fault = faultOfNumber(limit);
  if (limit !== undefined && fault === null) return inTb(limit, unitFactor);
  problems.push(faultyNumber("bad-limit", { field: `limits.${name}`, fault, value }));
  return undefined;
}

/** A component that was renamed or misspelt would take the quota from every project at once. */
function missingComponent(limits: Readonly<Record<string, unknown>>, name: string) {
  return mappingProblem("no-component", {
    field: "limits",
    message: `has no component ${quoted(name)}, only ${quotedKeys(Object.keys(limits))}`,
    hint: "in backend_components, use the name in Waldur of the component whose limit is the space quota",
  });
}

/**
 * Products of decimal fractions carry noise in their last digits (3 × 0.1 is 0.30000000000000004); 15 digits do not.
 */
function inTb(limit: number, unitFactor: number): number {
  return unitFactor === 1 ? limit : Number((limit * unitFactor).toPrecision(15));
}

function readCorrections(input: QuotaInput, problems: Problems): Corrections | undefined {
  const before = problems.length;
  const corrections = {
    softSpace: readCorrection(input, KEYS.softSpace, problems),
    hardSpace: readCorrection(input, KEYS.hardSpace, problems),
    softInodes: readCorrection(input, KEYS.softInodes, problems),
    hardInodes: readCorrection(input, KEYS.hardInodes, problems),
  };
  return problems.length === before ? corrections : undefined;
}

const KEYS = {
  softSpace: "soft_quota_space",
  hardSpace: "hard_quota_space",
  softInodes: "soft_quota_inodes",
  hardInodes: "hard_quota_inodes",
} as const;

/** The options win over the order form. */
function placeOf({ options, form = NO_FORM }: QuotaInput, key: string): string {
  return givenOf(options, key) === undefined ? fieldPath(form, key) : `options.${key}`;
}

function readCorrection(input: QuotaInput, name: string, problems: Problems): number | undefined {
  const value = givenOf(input.options, name) ?? givenOf((input.form ?? NO_FORM).fields, name);
  if (value === undefined) return undefined;
  const number = numberOf(value);
  const isFraction = name.endsWith("inodes") && number !== undefined && !Number.isInteger(number);
  const fault = faultOfNumber(number) ?? (isFraction ? "must be a whole number, not" : null);
  if (number !== undefined && fault === null) return number;
  problems.push(faultyNumber("bad-options", { field: placeOf(input, name), fault, value }));
  return undefined;
}

/**
 * Why a number is not a quantity; JSON cannot distinguish 2^53 from 2^53 + 1, so the last exact number is one below.
 */
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
    hint: "it must be 0 or more, or have no value",
  });
}

function correctedSpaceTb({ softSpace, hardSpace }: Corrections): number {
  return hardSpace === undefined ? 0 : (softSpace ?? 0);
}

function areInOrder(
  { softSpace, hardSpace, softInodes, hardInodes }: QuotaValues,
  problems: Problems,
): boolean {
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
function areExact(values: QuotaValues, component: StorageComponent, problems: Problems): boolean {
  if (Math.max(values.hardSpace, values.hardInodes) <= Number.MAX_SAFE_INTEGER) return true;
  problems.push(
    mappingProblem("bad-limit", {
      field: `limits.${component.name}`,
      message: "is too large: its quotas cannot be written as exact numbers",
    }),
  );
  return false;
}
