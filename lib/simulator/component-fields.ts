// The fields of an offering's component: which of them a server of a generation has, what they are when not set
// them, and what is wrong with a value that was sent. A field that a server does not know it ignores without a word.

import { type Answer, json } from "./answers.ts";
import type { Component, Generation } from "./model.ts";

type Sent = Readonly<Record<string, unknown>>;

const FIELDS_2024 = {
  description: "",
  measured_unit: "",
  limit_period: null,
  limit_amount: null,
  article_code: "",
  max_value: null,
  min_value: null,
  max_available_limit: null,
  is_boolean: false,
  default_limit: null,
  factor: null,
  is_builtin: false,
} as const;

const NEWER_FIELDS = {
  unit_factor: 1,
  limit_decimal_places: 0,
  is_prepaid: false,
  overage_component: null,
  min_prepaid_duration: null,
  max_prepaid_duration: null,
  prepaid_duration_step: null,
  min_renewal_duration: null,
  max_renewal_duration: null,
  renewal_duration_step: null,
} as const;

/** The fields beside uuid, type, name and billing type, with their defaults. */
export function componentDefaults(generation: Generation): Sent {
  return generation === "2024" ? FIELDS_2024 : { ...FIELDS_2024, limit_period: "month", ...NEWER_FIELDS };
}

const BILLING_TYPES = ["fixed", "usage", "limit", "one", "few"];
const PERIODS = ["month", "quarterly", "annual", "total"];
const LONGEST = { type: 50, name: 150, measured_unit: 30, article_code: 30 } as const;
const AMOUNTS = ["limit_amount", "min_value", "max_value", "max_available_limit", "default_limit"];
const DURATIONS = Object.keys(NEWER_FIELDS).filter((name) => /duration/.test(name));

/** The first thing that is wrong with what was sent; `present` is the component that it changes. */
export function componentComplaint(
  sent: Sent,
  generation: Generation,
  present?: Component,
): Answer | undefined {
  for (const [name, value] of Object.entries(sent)) {
    const complaint = complaintAbout(name, value, generation);
    if (complaint !== null) return json(400, { [name]: [complaint] });
  }
  if (generation === "2024") return undefined;
  const isPrepaid = sent.is_prepaid ?? present?.extra.is_prepaid ?? false;
  const early = DURATIONS.find((name) => isPrepaid !== true && (sent[name] ?? null) !== null);
  if (early === undefined) return undefined;
  return json(400, { [early]: ["This field can only be set on prepaid components."] });
}

function complaintAbout(name: string, value: unknown, generation: Generation): string | null {
  const text = String(value ?? "");
  if (name === "billing_type" && !BILLING_TYPES.includes(text)) return `"${text}" is not a valid choice.`;
  if (name === "type" && !/^[a-zA-Z0-9_\-/:]+$/.test(text)) return "Enter a valid value.";
  if (name === "name" && value === null) return "This field may not be null.";
  if (name === "name" && text.trim() === "") return "This field may not be blank.";
  if (name === "limit_period" && value !== null && !PERIODS.includes(text))
    return `"${text}" is not a valid choice.`;
  const longest = Object.entries(LONGEST).find(([key]) => key === name)?.[1];
  if (longest !== undefined && text.length > longest)
    return `Ensure this field has no more than ${longest} characters.`;
  if (AMOUNTS.includes(name) && value !== null) return complaintAboutAmount(text, generation);
  if (name === "limit_decimal_places" && generation === "current") return complaintAboutPlaces(text);
  return null;
}

/** Amounts are whole numbers on a server of 2024, and have two decimal places on newer ones. */
function complaintAboutAmount(text: string, generation: Generation): string | null {
  if (generation === "2024") return /^-?\d+(?:\.0*)?$/.test(text) ? null : "A valid integer is required.";
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return "A valid number is required.";
  return /\.\d{3}/.test(text) ? "Ensure that there are no more than 2 decimal places." : null;
}

function complaintAboutPlaces(text: string): string | null {
  if (!/^-?\d+$/.test(text)) return "A valid integer is required.";
  if (Number(text) > 2) return "Ensure this value is less than or equal to 2.";
  return Number(text) < 0 ? "Ensure this value is greater than or equal to 0." : null;
}

/** What becomes of the fields that were sent; a yes-or-no component settles its amounts itself. */
export function settledFields(sent: Sent, generation: Generation): Sent {
  const { limit_period, ...others } = sent;
  // A newer server takes null for "as it is" here, and only here.
  const kept = limit_period === null && generation === "current" ? others : sent;
  if (sent.is_boolean !== true) return kept;
  return { ...kept, min_value: 0, max_value: 1, limit_period: "month", limit_amount: null };
}
