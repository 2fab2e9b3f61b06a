// The kinds of values that keys of the file have, as valibot schemas with their messages. The first line of a message
// is the problem, the second the hint. None repeats the value: it may be a secret in the wrong place. Of several issues
// at one place the first is reported.

import * as v from "valibot";
import { nearestWord } from "../nearest.ts";
import { isSegment } from "../segment.ts";
import { plainUuid } from "../uuid.ts";
import { isYamlMap, TwoReadings } from "../yaml/map.ts";

/** What is wrong with a text, with a hint in the second line; null when nothing is. */
export type Check = (text: string) => string | null;

type Checked = { input: unknown };

const notText = ({ input }: Checked) => {
  if (input === null) return "is missing";
  const isOther = ["number", "boolean"].includes(typeof input) || input instanceof TwoReadings;
  return isOther ? "must be text\nput it in quotes" : "must be text";
};

/** Reports what the check finds. */
function holds(check: Check) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const message = dataset.typed ? check(dataset.value) : null;
    if (message !== null) addIssue({ message });
  });
}

function firstProblem(text: string, checks: readonly Check[]): string | null {
  if (/\p{Cc}/u.test(text)) return "contains a control character";
  return checks.reduce<string | null>((found, check) => found ?? check(text), null);
}

/** Text with something in it, without the spaces around it. */
export function text(...checks: Check[]) {
  const check = holds((value) => (value === "" ? EMPTY : firstProblem(value, checks)));
  return v.pipe(v.string(notText), v.trim(), check);
}

const EMPTY = "is empty\nwrite a value, or leave the key out where it has a default";

/** For keys that people leave in the file with `""`: that means the same as leaving them out. */
export function textOrBlank(...checks: Check[]) {
  const check = holds((value) => (value === "" ? null : firstProblem(value, checks)));
  return v.pipe(v.string(notText), v.trim(), check, v.transform(orNull));
}

/** The same without a check of its characters, for a value that has messages of its own. */
export function anyText(problem: string) {
  return v.pipe(v.string(problem), v.trim(), v.transform(orNull));
}

function orNull(value: string): string | null {
  return value === "" ? null : value;
}

/** A path as it will be used: nothing expands `~`. */
export const notHome: Check = (path) =>
  path.startsWith("~") ? "starts with ~, which is not expanded\nwrite the path in full" : null;

export const absolute: Check = (path) =>
  path.startsWith("/") ? null : "must be an absolute path\nbegin it with a slash";

const DURATION = /^(\d{1,6}) ?(s|m|min|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const durationProblem: Check = (given) =>
  durationMs(given) > 0 ? null : "must be a number with its unit\nfor example 30m, 1h or 2d";

/** The example is the hint for a bare number, too: quotes alone would not help. */
export function duration() {
  const message = durationProblem("") ?? "";
  return v.pipe(v.string(message), v.trim(), holds(durationProblem), v.transform(durationMs));
}

/** Milliseconds of `30m`, `1h`, `2d`; NaN for anything else. */
function durationMs(given: string): number {
  const [, number, unit = ""] = DURATION.exec(given) ?? [];
  return Number(number) * (UNIT_MS[unit] ?? Number.NaN);
}

/** A word that becomes a segment of a mount point (docs/contract.md, "The document"). */
export const segmentProblem: Check = (word) =>
  isSegment(word)
    ? null
    : "cannot be part of a path\nuse letters, digits, `.`, `_` and `-`, at most 255, and no `.` at the start";

export const isOneName: Check = (name) =>
  /[/\\]/.test(name) ? "must not contain a slash: it is one name\nfor example lustre" : null;

export const isUuid: Check = (given) =>
  plainUuid(given) !== null
    ? null
    : "must be a UUID of 32 hexadecimal digits, with or without dashes\ncopy it from the offering's page in Waldur";

/** `Intl`, which takes 10 ms, also accepts `+01:00`: an offset, not a zone, so without daylight saving time. */
export const isZone: Check = (name) => {
  const unknown = "is not a known time zone\nfor example UTC or Europe/Zurich";
  if (name === "UTC") return null;
  if (/^[+-]/.test(name)) return unknown;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return null;
  } catch {
    return unknown;
  }
};

/** `true`, `false`, and the unquoted words that YAML 1.1 has for them. */
export const flag = v.pipe(
  v.custom<boolean | TwoReadings>(
    (input) => typeof input === "boolean" || (input instanceof TwoReadings && input.flag !== null),
    ({ input }) => {
      const isQuoted = typeof input === "string" && /^(true|false|yes|no|on|off)$/i.test(input.trim());
      return isQuoted ? "must be true or false\nwrite it without quotes" : "must be true or false";
    },
  ),
  v.metadata({ type: "boolean" }),
  v.transform((input) => (input instanceof TwoReadings ? input.flag === true : input)),
);

/** With a hint where quotes or a leading 0 are why a value is not a number. */
export const notNumber =
  (problem: string) =>
  ({ input }: Checked) => {
    if (input instanceof TwoReadings) return `${problem}\nwrite it without a leading 0`;
    const isQuoted = typeof input === "string" && input.trim() !== "" && Number.isFinite(Number(input));
    return isQuoted ? `${problem}\nwrite the number without quotes` : problem;
  };

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`;
  const message = notNumber(`must be a whole number${range}`);
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

export function numberFrom(min: number, max: number) {
  const message = notNumber(`must be a number from ${min} to ${max}`);
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
}

export function positiveNumber() {
  const message = notNumber("must be a number greater than 0");
  return v.pipe(v.number(message), v.gtValue(0, message), v.maxValue(Number.MAX_SAFE_INTEGER, message));
}

/** One of a few words. */
export function word<const W extends readonly string[]>(words: W) {
  return v.picklist(words, ({ input }) => {
    const given = typeof input === "string" ? input : "";
    const nearest = nearestWord(given, words);
    return `must be one of ${words.join(", ")}${nearest === null ? "" : `\ndid you mean ${nearest}?`}`;
  });
}

const UNQUOTED = "must be quoted octal digits\nput it in quotes, as in";

/** Mode bits of published files, from quoted octal digits. The owner must be able to read them, others not to write. */
export const fileMode = v.pipe(
  v.string(({ input }) => {
    const isNumber = typeof input === "number" || input instanceof TwoReadings;
    return isNumber ? `${UNQUOTED} "0644"` : noDigits(NO_MODE, input, "0644");
  }),
  v.metadata({ pattern: "^0?[0-7]{3}$" }),
  holds((digits) => {
    if (!/^0?[0-7]{3}$/.test(digits)) return noDigits(NO_MODE, digits, "0644");
    const mode = Number.parseInt(digits, 8);
    if ((mode & 0o400) === 0) return "must allow the owner to read the file";
    return (mode & 0o002) === 0 ? null : "must not allow everybody to write the file";
  }),
  v.transform((digits) => Number.parseInt(digits, 8)),
);

const NO_MODE = "must be three octal digits, with or without a leading 0";

/** The hint depends on the value: one in quotes needs no quotes. */
function noDigits(problem: string, given: unknown, example: string): string {
  if (Array.isArray(given)) return `${problem}\nwrite one value, not a list, as in "${example}"`;
  return `${problem}\n${typeof given === "string" ? "for example" : "put it in quotes, as in"} "${example}"`;
}

/**
 * Three or four octal digits as text. An unquoted number is taken for them only when its owner digit is 7, as in 775;
 * not 504, which is what 0770 becomes in a tool that reads it as an octal number.
 */
export const permissions = v.pipe(
  v.union([v.string(), v.number()], ({ input }) =>
    input instanceof TwoReadings ? `${UNQUOTED} "0755"` : noDigits(NO_PERMISSIONS, input, "2770"),
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const digits = String(value);
    const isOctal = /^[0-7]{3,4}$/.test(digits);
    if (isOctal && (typeof value === "string" || /7..$/.test(digits))) return digits;
    addIssue({ message: isOctal ? `${UNQUOTED} "0755"` : noDigits(NO_PERMISSIONS, value, "2770") });
    return NEVER;
  }),
);

const NO_PERMISSIONS = "must be three or four octal digits";

/** A permission as a mask of bits; those of the owner are always set. */
export const mask = v.pipe(
  permissions,
  holds((digits) => (/7..$/.test(digits) ? null : "must have 7 for the owner")),
  v.transform((digits) => Number.parseInt(digits, 8)),
);

export function list<S extends v.GenericSchema>(item: S) {
  const message =
    'must be a list with at least one item\nwrite a list, as in ["a", "b"], or leave the key out for its default';
  return v.pipe(v.array(item, message), v.nonEmpty(message));
}

/** A map with its own schema; valibot alone would accept a list, too. */
export function map<S extends v.GenericSchema>(schema: S) {
  return v.lazy((input): S | typeof NO_MAP => (input === undefined || isYamlMap(input) ? schema : NO_MAP));
}

const NO_MAP = v.never(
  "must be a map of keys and values\nwrite `key: value` below it, one per line, indented and without dashes",
);

/** A key that may be left out; null means the same. The default is written as it would be in the file. */
export function key<S extends v.GenericSchema, const D extends v.InferInput<S> | null>(
  schema: S,
  fallback: D,
  meaning: string,
) {
  return v.pipe(v.nullish(schema, fallback), v.description(meaning));
}

/** What the README shows of a default that is determined later. */
export function shownAs<S extends v.GenericSchema>(schema: S, shown: string) {
  return v.pipe(schema, v.metadata({ shown }));
}
