// Checking limits that a consumer sends: whole numbers, or text that holds one, by the type of a component.

import { isTable } from "../json.ts";
import { type Answer, json } from "./answers.ts";
import type { Offering } from "./model.ts";

export type CheckedLimits = { ok: true; value: Record<string, number> } | { ok: false; answer: Answer };

/** An order may carry negative limits on a real server, an update may not. */
export function checkLimits(
  limits: unknown,
  offering: Offering,
  { allowNegative }: { allowNegative: boolean },
): CheckedLimits {
  if (!isTable(limits)) return refuse({ limits: ['Expected a dictionary of items but got type "str".'] });
  const value: Record<string, number> = {};
  for (const [type, limit] of Object.entries(limits)) {
    const checked = wholeNumber(limit, allowNegative);
    if (typeof checked === "string") return refuse({ limits: { [type]: [checked] } });
    value[type] = checked;
  }
  const unknown = Object.keys(value).filter((type) => !offering.components.some((one) => one.type === type));
  if (unknown.length > 0) return refuse({ limits: [`Invalid types: ${unknown.join(", ")}`] });
  return { ok: true, value };
}

function refuse(body: unknown): CheckedLimits {
  return { ok: false, answer: json(400, body) };
}

/** The number, or what is wrong with it. */
function wholeNumber(limit: unknown, allowNegative: boolean): number | string {
  if (limit === null) return "This field may not be null.";
  const text = typeof limit === "number" || typeof limit === "string" ? String(limit) : "";
  if (!/^-?\d+$/.test(text) && !isHugeNumber(limit)) return "A valid integer is required.";
  const number = Number(text);
  return number < 0 && !allowNegative ? "Ensure this value is greater than or equal to 0." : number;
}

const HUGE = 1e18;

function isHugeNumber(limit: unknown): boolean {
  return typeof limit === "number" && Number.isFinite(limit) && limit >= HUGE;
}

/** Limits at which the server breaks after it has stored order and resource. */
export function isHuge(limits: unknown): boolean {
  return isTable(limits) && Object.values(limits).some(isHugeNumber);
}
