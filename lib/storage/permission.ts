// The permission of a mount point: three or four octal digits, from the operator's options, the order form, or the
// default.

import type { StorageSource } from "./document.ts";
import { formValue, type StorageForm } from "./form.ts";
import type { Policy } from "./policy.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";
import { givenOf } from "./values.ts";

const OCTAL = /^[0-7]{3,4}$/;
/** A directory's mode gives its owner all rights; one that became a decimal number seldom looks so. */
const SURELY_OCTAL = /^[0-7]?7[0-7]{2}$/;

export type PermissionInput = Pick<StorageSource, "options" | "attributes"> & { form: StorageForm };

/**
 * Text is taken as it is. A number counts as its digits (775 is "775") only when its owner digit is 7: a mode that some
 * tool read as an octal number has become a decimal one (0770 is 504) and would open the directory to others.
 */
export function readPermission(
  { options, attributes, form }: PermissionInput,
  { fallback, policy }: { fallback: string; policy: Policy },
  problems: Problems,
): string | undefined {
  const corrected = givenOf(options, "permissions");
  const { field, value = fallback } =
    corrected === undefined
      ? formValue(attributes, form, "permissions")
      : { field: "options.permissions", value: corrected };
  const permission = octalOf(value);
  if (permission !== undefined) {
    const problem = policy.permission(field, permission);
    if (problem === undefined) return permission;
    problems.push(problem);
    return undefined;
  }
  const isDecimal = typeof value === "number" && Number.isInteger(value) && value >= 0;
  problems.push(isDecimal ? decimalPermission(field, value) : badPermission(field, value));
  return undefined;
}

function octalOf(value: unknown): string | undefined {
  if (typeof value === "number" && SURELY_OCTAL.test(String(value))) return String(value);
  return typeof value === "string" && OCTAL.test(value) ? value : undefined;
}

function badPermission(field: string, value: unknown) {
  return mappingProblem("bad-permissions", {
    field,
    message: `must be 3 or 4 octal digits, not ${quoted(value)}`,
    hint: 'write it like "775" or "2770"',
  });
}

/** One code for all of them: they come from one form or one import, and are fixed there. */
function decimalPermission(field: string, value: number) {
  const octal = value.toString(8);
  const cause = /^[0-7]?[67][0-7]{2}$/.test(octal) ? `: it is octal ${octal} read as a decimal number` : "";
  return mappingProblem("decimal-permissions", {
    field,
    message: `must be octal digits as text, not the number ${value}${cause}`,
    hint: `write it as text in the form or the tool that sets it, like "${cause === "" ? "2770" : octal}"`,
  });
}
