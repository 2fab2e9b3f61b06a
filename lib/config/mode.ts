// Permission bits, which YAML is good at spoiling: an unquoted 0755 is the decimal number 755 to one parser and 493 to
// another. So a mode is quoted text; only where no doubt is possible is a number taken for its digits.

import { plainSource, scalarOf } from "./readers.ts";
import type { Reader } from "./section.ts";

const QUOTE_IT = 'put it in quotes, as in "0644"';

/** Mode bits of published files, from quoted octal digits. The owner must be able to read them, others not to write. */
export const readFileMode: Reader<number> = (spot) => {
  const value = scalarOf(spot);
  if (typeof value === "number") return { problem: "must be quoted octal digits", hint: QUOTE_IT };
  if (typeof value !== "string" || !/^0?[0-7]{3}$/.test(value)) {
    return { problem: "must be three octal digits, with or without a leading 0", hint: QUOTE_IT };
  }
  const mode = Number.parseInt(value, 8);
  if ((mode & 0o400) === 0) return { problem: "must let the owner read the file" };
  if ((mode & 0o002) !== 0) return { problem: "must not let everybody write the file" };
  return { value: mode };
};

/** Three or four octal digits as text. An unquoted 775 can only mean "775" and is taken; 0755 and 0o755 are not. */
export const readPermissions: Reader<string> = (spot) => {
  const value = scalarOf(spot);
  const digits = typeof value === "number" ? plainSource(spot) : value;
  if (typeof value === "number" && String(value) !== digits) {
    return { problem: "must be quoted octal digits", hint: 'put it in quotes, as in "0755"' };
  }
  if (typeof digits === "string" && /^[0-7]{3,4}$/.test(digits)) return { value: digits };
  return { problem: "must be three or four octal digits", hint: 'put it in quotes, as in "2770"' };
};
