// What the value of an option or argument is to a shell: one of a few words, a file, a directory, or anything.

import type { Argument } from "./command.ts";

export type ValueKind =
  | { kind: "words"; words: readonly string[] }
  | { kind: "file" }
  | { kind: "directory" }
  | { kind: "other" };

/** null for a flag, which has no value. */
export function valueKindOf(name: string, { type, valueHint, ...more }: Argument): ValueKind | null {
  if (type === "boolean") return null;
  if (type === "enum" && "options" in more) return { kind: "words", words: more.options ?? [] };
  const hint = (valueHint ?? name).toUpperCase();
  if (/^FILES?$/.test(hint)) return { kind: "file" };
  return { kind: /^DIR(?:ECTORY)?$/.test(hint) ? "directory" : "other" };
}
