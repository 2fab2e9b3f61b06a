// What can be wrong with a resource or an order, and how it is reported: which field, what about it, what to try.
// Values of a server are quoted only cleaned and shortened; names of people and organisations never.

import { masked } from "../unsafe-text.ts";
import type { MappingProblem } from "./document.ts";

/** The closed set of codes the mapper reports (docs/contract.md, "The document"). */
export type MappingCode =
  | "bad-slug"
  | "bad-limit"
  | "no-component"
  | "bad-permissions"
  | "decimal-permissions"
  | "bad-data-type"
  | "bad-backend-id"
  | "bad-options"
  | "several-forms"
  | "unknown-state"
  | "bad-uuid"
  | "no-gid"
  | "project-groups-off"
  | "gid-pool-empty"
  | "bad-gid"
  | "no-user"
  | "bad-uid"
  | "bad-metadata"
  | "permissions-not-allowed"
  | "mount-outside"
  | "data-type-not-allowed"
  | "quota-above-limit"
  | "quota-above-maximum"
  | "too-large";

/** Problems of one item as they are found; a part that adds one returns undefined. */
export type Problems = MappingProblem[];

/** `message` continues after the name of the field: `limits.storage` + `is negative: -5`. */
export function mappingProblem(
  code: MappingCode,
  { field, message, hint }: { field: string; message: string; hint?: string },
): MappingProblem {
  return { code, field, message: `${field} ${message}`, ...(hint === undefined ? {} : { hint }) };
}

const QUOTED_CHARACTERS = 60;

/**
 * A server's value for a message: text in quotes, cleaned, at most 60 characters; of lists and objects just the kind.
 */
export function quoted(value: unknown): string {
  if (typeof value === "string") return `"${shortened(value.slice(0, 4 * QUOTED_CHARACTERS))}"`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

const NAMED_KEYS = 10;

/** Keys of a server for a message: at most ten, each quoted. */
export function quotedKeys(keys: readonly string[]): string {
  const more = keys.length > NAMED_KEYS ? ` and ${keys.length - NAMED_KEYS} more` : "";
  return `${keys.slice(0, NAMED_KEYS).map(quoted).join(", ")}${more}`;
}

function shortened(text: string): string {
  const characters = [...masked(text)];
  if (characters.length <= QUOTED_CHARACTERS) return characters.join("");
  return `${characters.slice(0, QUOTED_CHARACTERS - 1).join("")}…`;
}
