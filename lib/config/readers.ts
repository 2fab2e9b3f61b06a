// Readers of single values, shared by all keys. A problem never repeats the value: it may be a secret in the wrong place.

import { isScalar } from "yaml";
import { nearestWord } from "./nearest.ts";
import type { Reader, Reading, Spot } from "./section.ts";

/** What the YAML says; undefined for a map or a list. */
export function scalarOf(spot: Spot): unknown {
  return isScalar(spot.node) ? spot.node.value : undefined;
}

/** The characters of an unquoted value as written, e.g. `0755`; null when it is quoted. */
export function plainSource(spot: Spot): string | null {
  return isScalar(spot.node) && spot.node.type === "PLAIN" ? (spot.node.source ?? null) : null;
}

/** Text with something in it, without the spaces around it. */
export const readText: Reader<string> = (spot) => {
  const value = scalarOf(spot);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return { problem: "must be text", hint: "put it in quotes" };
  }
  if (typeof value !== "string") return { problem: "must be text" };
  if (value.trim() === "") return { problem: "is empty" };
  if (/\p{Cc}/u.test(value.trim())) return { problem: "contains a control character" };
  return { value: value.trim() };
};

/** For keys that people leave in the file with `""`: that means the same as leaving them out. */
export function unlessBlank<T>(reader: Reader<T>): Reader<T | null> {
  return (spot) => {
    const value = scalarOf(spot);
    return typeof value === "string" && value.trim() === "" ? { value: null } : reader(spot);
  };
}

export const readFlag: Reader<boolean> = (spot) => {
  const value = scalarOf(spot);
  if (typeof value === "boolean") return { value };
  const word = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (word === "true" || word === "false")
    return { problem: "must be true or false", hint: "write it without quotes" };
  return { problem: "must be true or false" };
};

/** A finite number within limits, both included unless `above` is given. */
export function readNumber(limits: {
  min?: number;
  max?: number;
  above?: number;
  whole?: boolean;
}): Reader<number> {
  const {
    min = Number.NEGATIVE_INFINITY,
    max = Number.MAX_SAFE_INTEGER,
    above = Number.NEGATIVE_INFINITY,
  } = limits;
  return (spot) => {
    const value = scalarOf(spot);
    const problem = `must be ${describeLimits(limits)}`;
    if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) {
      return { problem, hint: "write the number without quotes" };
    }
    const fits = typeof value === "number" && value >= min && value <= max && value > above;
    return fits && (limits.whole !== true || Number.isInteger(value)) ? { value } : { problem };
  };
}

function describeLimits({
  min,
  max,
  above,
  whole,
}: {
  min?: number;
  max?: number;
  above?: number;
  whole?: boolean;
}) {
  const kind = whole === true ? "a whole number" : "a number";
  if (above !== undefined) return `${kind} greater than ${above}`;
  if (max !== undefined) return `${kind} from ${min} to ${max}`;
  return min === undefined ? kind : `${kind}, at least ${min}`;
}

/** One of a few words. `later` are words of the contract that this version cannot serve, with what to use instead. */
export function readWord<W extends string>(
  words: readonly W[],
  later: Readonly<Record<string, string>> = {},
): Reader<W> {
  return (spot): Reading<W> => {
    const value = scalarOf(spot);
    const found = words.find((word) => word === value);
    if (found !== undefined) return { value: found };
    const instead = typeof value === "string" ? later[value] : undefined;
    if (instead !== undefined) {
      return { problem: `\`${value}\` is not available in this version`, hint: instead };
    }
    const nearest = typeof value === "string" ? nearestWord(value, words) : null;
    return {
      problem: `must be one of ${words.join(", ")}`,
      ...(nearest !== null && { hint: `did you mean ${nearest}?` }),
    };
  };
}

/** A path as it will be used: nothing expands `~`. */
export const readPath: Reader<string> = (spot) => {
  const reading = readText(spot);
  if (!("value" in reading) || !reading.value.startsWith("~")) return reading;
  return { problem: "starts with ~, which is not expanded", hint: "write the path in full" };
};

export const readAbsolutePath: Reader<string> = (spot) => {
  const reading = readPath(spot);
  if (!("value" in reading) || reading.value.startsWith("/")) return reading;
  return { problem: "must be an absolute path" };
};

/** A word that becomes a segment of a mount point (docs/contract.md, "The document"). */
export const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/;

export const readSegment: Reader<string> = (spot) => {
  const reading = readText(spot);
  if (!("value" in reading) || SEGMENT.test(reading.value)) return reading;
  return {
    problem: "becomes part of a path: only letters, digits, `.`, `_` and `-`, and no `.` at the start",
  };
};
