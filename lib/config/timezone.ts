// Whether a name is a time zone.

import type { Check } from "./problem.ts";

export const timezoneProblem: Check = (name) =>
  isTimezone(name)
    ? null
    : { problem: "is not a time zone that is known here", hint: "for example UTC or Europe/Zurich" };

/** Intl would also take an offset such as `+01:00`, which has no summer time. Asking it takes 10 ms. */
function isTimezone(name: string): boolean {
  if (name === "UTC") return true;
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
