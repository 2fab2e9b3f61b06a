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

const QUOTED_DIGITS = { problem: "must be quoted octal digits", hint: 'put it in quotes, as in "0755"' };

/**
 * Three or four octal digits as text. An unquoted number is taken for them only when its owner digit is 7, as in 775;
 * 0755 and 0o755 are not, nor 504, which is what 0770 becomes in a tool that reads it as an octal number.
 */
export const readPermissions: Reader<string> = (spot) => {
  const value = scalarOf(spot);
  const isNumber = typeof value === "number";
  const digits = isNumber ? plainSource(spot) : value;
  const isOctal = typeof digits === "string" && /^[0-7]{3,4}$/.test(digits);
  if (isNumber && String(value) !== digits) return QUOTED_DIGITS;
  if (!isOctal) {
    return { problem: "must be three or four octal digits", hint: 'put it in quotes, as in "2770"' };
  }
  return isNumber && !/7..$/.test(digits) ? QUOTED_DIGITS : { value: digits };
};
