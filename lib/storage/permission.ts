// The permission of a mount point: three or four octal digits, from the operator's options, the order form, or the default.

import type { StorageSource } from "./document.ts";
import { fieldOf } from "./json.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";

const OCTAL = /^[0-7]{3,4}$/;

/** An integer written with octal digits counts as its text (775 is "775"); null and absent say nothing. */
export function readPermission(
  { options, attributes }: Pick<StorageSource, "options" | "attributes">,
  fallback: string,
  problems: Problems,
): string | undefined {
  const corrected = fieldOf(options, "permissions");
  const value = corrected ?? fieldOf(attributes, "permissions") ?? fallback;
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && OCTAL.test(text)) return text;
  problems.push(
    mappingProblem("bad-permissions", {
      field: corrected === undefined ? "attributes.permissions" : "options.permissions",
      message: `must be 3 or 4 octal digits, not ${quoted(value)}`,
      hint: 'write it like "775" or "2770"',
    }),
  );
  return undefined;
}
