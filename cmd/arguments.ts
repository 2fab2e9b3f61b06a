// How strictly a command line is read, over citty's own definitions: citty ignores an option that it does not know and
// takes another option for a value. A misspelt `--dryrun` must never start a real run, so whatever is not understood is
// an error that names the nearest known word.

import { parseArgs } from "node:util";
import { nearestWord } from "../lib/config/nearest.ts";
import { UsageError } from "../lib/errors.ts";
import type { Argument, Arguments, Flags } from "./command.ts";

/** An option that the command does not have; another one may. */
export class UnknownOptionError extends UsageError {
  readonly option: string;

  constructor(option: string, hint: string) {
    super(`unknown option ${option}`, { hint });
    this.option = option;
  }
}

/** Reads the words after the name of a command; throws `UsageError` for anything that its definition does not have. */
export function readArguments(words: readonly string[], definition: Arguments): Flags {
  const declared = Object.entries(definition);
  const options = declared.filter(([, { type }]) => type !== "positional");
  const { values, positionals } = parseStrictly(words, options);
  for (const [name, value] of Object.entries(values)) checkValue(name, value, definition[name]);
  if (values.help === true || values.version === true) return values;
  const places = declared.filter(([, { type }]) => type === "positional");
  return { ...values, ...namePositionals(positionals, places) };
}

type Declared = readonly (readonly [string, Argument])[];

function parseStrictly(words: readonly string[], declared: Declared) {
  const options = Object.fromEntries(
    declared.map(([name, { type, alias, repeatable = false }]) => [
      name,
      {
        type: type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: repeatable,
        ...(alias === undefined ? {} : { short: alias }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw translateParseError(error, words, declared);
  }
}

function checkValue(name: string, value: unknown, definition: Argument | undefined): void {
  const allowed = definition?.type === "enum" ? (definition.options ?? []) : null;
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one !== "string") continue;
    if (one === "") throw new UsageError(`--${name} needs a value`);
    if (one.startsWith("=")) throw new UsageError(`--${name} ${one}: drop the "="`);
    if (allowed !== null && !allowed.includes(one)) throw notOneOf(name, one, allowed);
  }
}

/** A word that is not one of the few that the option knows. */
export function notOneOf(name: string, given: string, allowed: readonly string[]): UsageError {
  const near = nearestWord(given, allowed);
  return new UsageError(`--${name} ${JSON.stringify(given)} is not one of ${allowed.join(", ")}`, {
    hint: near === null ? undefined : `did you mean ${near}?`,
  });
}

/** Each required one must be there, and nothing else; the last may take all that is left. */
function namePositionals(given: readonly string[], places: Declared): Flags {
  const isOpenEnded = places.at(-1)?.[1].repeatable === true;
  const stray = given[places.length];
  if (stray !== undefined && !isOpenEnded) throw strayArgument(stray, places);
  const named = places.map(([name, { required = true, repeatable = false }], at) => {
    const values = repeatable ? given.slice(at) : given.slice(at, at + 1);
    if (values.includes("") || (required && values.length === 0)) {
      const hint = "--help shows the arguments of the command";
      throw new UsageError(`${name.toUpperCase()} is missing`, { hint });
    }
    return [name, repeatable ? values : values[0]] as const;
  });
  return Object.fromEntries(named);
}

function strayArgument(given: string, places: Declared): UsageError {
  const takes = places.map(([name]) => name.toUpperCase()).join(" ");
  const rest = places.length === 0 ? "this command takes no arguments" : `this command takes only ${takes}`;
  const hint = `options are given as --name VALUE, and ${rest}`;
  return new UsageError(`unexpected argument ${JSON.stringify(given)}`, { hint });
}

function translateParseError(error: unknown, words: readonly string[], declared: Declared): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const name = quoted.split(" ").find((word) => word.startsWith("--")) ?? quoted.split(" ")[0] ?? quoted;
  if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const near = nearestWord(
      name,
      declared.map(([known]) => `--${known}`),
    );
    return new UnknownOptionError(name, near === null ? "--help lists the options" : `did you mean ${near}?`);
  }
  if (/does not take/.test(error.message)) return new UsageError(`${name} takes no value`);
  if (/ambiguous/.test(error.message)) {
    const next = words[words.findIndex((word) => word === name || word.startsWith("-")) + 1];
    return new UsageError(`${name} needs a value${next === undefined ? "" : `, not another option`}`, {
      hint: `write a value that begins with a dash as ${name}=VALUE`,
    });
  }
  return new UsageError(`${name} needs a value`);
}
