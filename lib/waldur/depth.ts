// How much structure an answer may have. Deep nesting takes the parser forty times the memory of the text, and ends the
// stack of whatever walks it later. A text with few brackets cannot be deep enough to hurt the parser, so counting
// them, at the speed of a search, comes before parsing; the exact depth is then that of the values, which are few.

import { isTable } from "../json.ts";

/** Objects and lists of an answer. Rows of Waldur have about five each. */
export const MOST_BRACKETS = 65_536;
/** Nesting of an answer, the list of rows being the first level. */
export const MOST_LEVELS = 128;

/** Whether a JSON text opens more than `most` objects and lists; brackets inside of strings count, too. */
export function opensMore(text: string, most: number): boolean {
  // Two brackets are two characters at least.
  if (text.length <= most) return false;
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > most) return true;
    }
  }
  return false;
}

/** Whether objects and lists of a parsed text are in more than `levels` of each other. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (Array.isArray(value)) {
    if (levels === 0) return true;
    for (const one of value) if (typeof one === "object" && isDeeper(one, levels - 1)) return true;
  } else if (isTable(value)) {
    if (levels === 0) return true;
    for (const key in value) {
      const one = value[key];
      if (typeof one === "object" && isDeeper(one, levels - 1)) return true;
    }
  }
  return false;
}
