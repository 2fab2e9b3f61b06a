// The kinds of values that keys of the file have, as valibot schemas with words for a person who made a mistake. A
// message never repeats the value: it may be a secret in the wrong place. Its first line is the problem, the second the
// hint. Each kind reports one issue at a place, the first.

import * as v from "valibot";
import { nearestWord } from "./nearest.ts";
import { TwoReadings } from "./two-readings.ts";
import { isYamlMap } from "./yaml-map.ts";

export type Problem = { problem: string; hint?: string };

/** What is wrong with a text, or null. */
export type Check = (text: string) => Problem | null;

/** The one message that a schema can carry: the problem in its first line, the hint in the second. */
export function say({ problem, hint }: Problem): string {
  return hint === undefined ? problem : `${problem}\n${hint}`;
}

export function unsay(message: string): Problem {
  const [problem = "", hint] = message.split("\n", 2);
  return { problem, ...(hint !== undefined && { hint }) };
}

const textMessage = ({ input }: { input: unknown }) => {
  if (input === null) return "is missing";
  const isOther = ["number", "boolean"].includes(typeof input) || input instanceof TwoReadings;
  return say({ problem: "must be text", ...(isOther && { hint: "put it in quotes" }) });
};

/** Reports what the check finds. */
export function holds(check: Check) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const found = dataset.typed ? check(dataset.value) : null;
    if (found !== null) addIssue({ message: say(found) });
  });
}

function firstProblem(text: string, checks: readonly Check[]): Problem | null {
  if (/\p{Cc}/u.test(text)) return { problem: "contains a control character" };
  for (const check of checks) {
    const found = check(text);
    if (found !== null) return found;
  }
  return null;
}

/** Text with something in it, without the spaces around it. */
export function text(...checks: Check[]) {
  const check = (value: string) => (value === "" ? { problem: "is empty" } : firstProblem(value, checks));
  return v.pipe(v.string(textMessage), v.trim(), holds(check));
}

/** For keys that people leave in the file with `""`: that means the same as leaving them out. */
export function textOrBlank(...checks: Check[]) {
  return v.pipe(
    v.string(textMessage),
    v.trim(),
    holds((value) => firstProblem(value, value === "" ? [] : checks)),
    v.transform((value) => (value === "" ? null : value)),
  );
}

/** The same without a look at its characters, for a value that has messages of its own. */
export function anyText(problem: Problem) {
  return v.pipe(
    v.string(say(problem)),
    v.trim(),
    v.transform((value) => (value === "" ? null : value)),
  );
}

/** A path as it will be used: nothing expands `~`. */
export const notHome: Check = (path) =>
  path.startsWith("~")
    ? { problem: "starts with ~, which is not expanded", hint: "write the path in full" }
    : null;

export const absolute: Check = (path) =>
  path.startsWith("/") ? null : { problem: "must be an absolute path" };

/** A word that becomes a segment of a mount point (docs/contract.md, "The document"). */
export const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/;

export const isSegment: Check = (word) =>
  SEGMENT.test(word)
    ? null
    : { problem: "becomes part of a path: only letters, digits, `.`, `_` and `-`, and no `.` at the start" };

export const isOneName: Check = (name) =>
  /[/\\]/.test(name) ? { problem: "must not contain a slash: it is the name of one file system" } : null;

export const isUuid: Check = (given) =>
  /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(given)
    ? null
    : { problem: "must be a UUID of 32 hexadecimal digits, with or without dashes" };

export const isZone: Check = (name) =>
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

/** `true`, `false`, and the unquoted words that YAML 1.1 has for them. */
export const flag = v.pipe(
  v.custom<boolean | TwoReadings>(
    (input) => typeof input === "boolean" || (input instanceof TwoReadings && input.flag !== null),
    ({ input }) => {
      const isQuoted = typeof input === "string" && /^(true|false|yes|no|on|off)$/i.test(input.trim());
      return say({ problem: "must be true or false", ...(isQuoted && { hint: "write it without quotes" }) });
    },
  ),
  v.metadata({ type: "boolean" }),
  v.transform((input) => (input instanceof TwoReadings ? input.flag === true : input)),
);

const numberMessage =
  (problem: string) =>
  ({ input }: { input: unknown }) => {
    if (input instanceof TwoReadings) return say({ problem, hint: "write it without a leading 0" });
    const isQuoted = typeof input === "string" && input.trim() !== "" && Number.isFinite(Number(input));
    return say({ problem, ...(isQuoted && { hint: "write the number without quotes" }) });
  };

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`;
  const message = numberMessage(`must be a whole number${range}`);
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

export function numberFrom(min: number, max: number) {
  const message = numberMessage(`must be a number from ${min} to ${max}`);
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
}

export function positiveNumber() {
  const message = numberMessage("must be a number greater than 0");
  return v.pipe(v.number(message), v.gtValue(0, message), v.maxValue(Number.MAX_SAFE_INTEGER, message));
}

/** One of a few words. `later` are words of the contract that this version cannot serve, with what to use instead. */
export function word<const W extends readonly string[]>(
  words: W,
  later: Readonly<Record<string, string>> = {},
) {
  return v.picklist(words, ({ input }) => {
    const given = typeof input === "string" ? input : "";
    const instead = Object.hasOwn(later, given) ? later[given] : undefined;
    if (instead !== undefined)
      return say({ problem: `\`${given}\` is not available in this version`, hint: instead });
    const nearest = nearestWord(given, words);
    const problem = `must be one of ${words.join(", ")}`;
    return say({ problem, ...(nearest !== null && { hint: `did you mean ${nearest}?` }) });
  });
}

const QUOTE_IT = 'put it in quotes, as in "0644"';
const isNumeric = (input: unknown) => typeof input === "number" || input instanceof TwoReadings;

/** Mode bits of published files, from quoted octal digits. The owner must be able to read them, others not to write. */
export const fileMode = v.pipe(
  v.string(({ input }) =>
    say(isNumeric(input) ? { problem: "must be quoted octal digits", hint: QUOTE_IT } : DIGITS),
  ),
  v.metadata({ pattern: "^0?[0-7]{3}$" }),
  holds((digits) => {
    if (!/^0?[0-7]{3}$/.test(digits)) return DIGITS;
    const mode = Number.parseInt(digits, 8);
    if ((mode & 0o400) === 0) return { problem: "must let the owner read the file" };
    return (mode & 0o002) === 0 ? null : { problem: "must not let everybody write the file" };
  }),
  v.transform((digits) => Number.parseInt(digits, 8)),
);

const DIGITS: Problem = {
  problem: "must be three octal digits, with or without a leading 0",
  hint: QUOTE_IT,
};
const QUOTED_DIGITS: Problem = {
  problem: "must be quoted octal digits",
  hint: 'put it in quotes, as in "0755"',
};

/**
 * Three or four octal digits as text. An unquoted number is taken for them only when its owner digit is 7, as in 775;
 * not 504, which is what 0770 becomes in a tool that reads it as an octal number.
 */
export const permissions = v.pipe(
  v.union([v.string(), v.number()], ({ input }) =>
    say(input instanceof TwoReadings ? QUOTED_DIGITS : NO_PERMISSIONS),
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const digits = String(value);
    const isOctal = /^[0-7]{3,4}$/.test(digits);
    if (isOctal && (typeof value === "string" || /7..$/.test(digits))) return digits;
    addIssue({ message: say(isOctal ? QUOTED_DIGITS : NO_PERMISSIONS) });
    return NEVER;
  }),
);

const NO_PERMISSIONS: Problem = {
  problem: "must be three or four octal digits",
  hint: 'put it in quotes, as in "2770"',
};

/** A permission that stands for the bits that it has; the owner's are always there. */
export const mask = v.pipe(
  permissions,
  holds((digits) =>
    /7..$/.test(digits)
      ? null
      : { problem: "must have 7 for the owner, who has all rights in a storage project" },
  ),
  v.transform((digits) => Number.parseInt(digits, 8)),
);

export function list<S extends v.GenericSchema>(item: S) {
  const message = say({
    problem: "must be a list with at least one item",
    hint: "leave the key out for its default",
  });
  return v.pipe(v.array(item, message), v.nonEmpty(message));
}

/** A map by its own schema; valibot alone would take a list for a map. */
export function map<S extends v.GenericSchema>(schema: S) {
  return v.lazy((input): S | typeof NO_MAP => (input === undefined || isYamlMap(input) ? schema : NO_MAP));
}

const NO_MAP = v.never("must be a map of keys and values");
