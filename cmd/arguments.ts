// How strictly a command line is read, over citty's own definitions: citty ignores an option that it does not know and
// takes another option for a value. A misspelt `--dryrun` must never start a real run, so an unknown word is always
// an error that names the nearest known word.

import { parseArgs } from "node:util";
import { throwMistakes, UsageError } from "../lib/errors.ts";
import { nearestWord } from "../lib/nearest.ts";
import type { Argument, Arguments, Flags } from "./command.ts";

/** An option that the command does not have; another one may. */
export class UnknownOptionError extends UsageError {
  readonly option: string;

  constructor(option: string, hint: string) {
    super(`unknown option ${option}`, { hint });
    this.option = option;
  }
}

/**
 * Reads the words after the name of a command; throws `UsageError` with everything that its definition does not have.
 */
export function readArguments(words: readonly string[], definition: Arguments): Flags {
  const declared = Object.entries(definition);
  const options = declared.filter(([, { type }]) => type !== "positional");
  const { values, positionals, mistakes } = parseAll(words, options);
  for (const [name, value] of Object.entries(values))
    mistakes.push(...mistakesOfValue(name, value, definition[name]));
  const isAsking = values.help === true || values.version === true;
  const places = declared.filter(([, { type }]) => type === "positional");
  const { named, mistake } = isAsking ? { named: {}, mistake: null } : namePositionals(positionals, places);
  // What follows an option that is not known may be its value.
  const isSure = !mistakes.some((mistake) => mistake instanceof UnknownOptionError);
  if (mistake !== null && isSure) mistakes.push(mistake);
  throwMistakes(mistakes);
  return { ...values, ...named };
}

type Declared = readonly (readonly [string, Argument])[];

type Parsed = { values: Flags; positionals: readonly string[]; mistakes: UsageError[] };

function parseAll(words: readonly string[], declared: Declared): Parsed {
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
  const parsing = { args: [...words], options, allowPositionals: true };
  try {
    return { ...parseArgs({ ...parsing, strict: true }), mistakes: [] };
  } catch (error) {
    const { tokens, positionals } = parseArgs({ ...parsing, strict: false, tokens: true });
    const given = tokens.filter((token) => token.kind === "option");
    const values: Record<string, string[]> = {};
    const mistakes = new Map<string, UsageError>();
    for (const token of given) {
      const mistake = mistakeOf(token, declared);
      if (mistake !== null) mistakes.set(mistake.message, mistake);
      else if (token.value !== undefined) values[token.name] = [...(values[token.name] ?? []), token.value];
    }
    // Where the rules here find nothing, the error of the parser is the cause.
    if (mistakes.size === 0) throw error;
    return { values, positionals, mistakes: [...mistakes.values()] };
  }
}

type OptionToken = {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
};

/** What is wrong with an option as it was written, by the rules of the parser's strict mode. */
function mistakeOf(
  { name, rawName, value, inlineValue }: OptionToken,
  declared: Declared,
): UsageError | null {
  const known = declared.find(([one]) => one === name)?.[1];
  if (known === undefined) return unknownOption(rawName, declared);
  if (known.type === "boolean")
    return value === undefined ? null : new UsageError(`--${name} takes no value`);
  if (value === undefined) return new UsageError(`--${name} needs a value`);
  if (inlineValue === true || value.length < 2 || !value.startsWith("-")) return null;
  return new UsageError(`--${name} needs a value, not another option`, {
    hint: `write a value that begins with a dash as --${name}=VALUE`,
  });
}

function unknownOption(option: string, declared: Declared): UnknownOptionError {
  const near = nearestWord(
    option,
    declared.map(([known]) => `--${known}`),
  );
  return new UnknownOptionError(option, near === null ? "--help lists the options" : `did you mean ${near}?`);
}

function mistakesOfValue(name: string, value: unknown, definition: Argument | undefined): UsageError[] {
  const allowed = definition?.type === "enum" ? (definition.options ?? []) : null;
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    if (typeof one !== "string") return [];
    if (one === "") return [new UsageError(`--${name} needs a value`)];
    if (one.startsWith("=")) return [new UsageError(`--${name} ${one}: drop the "="`)];
    return allowed === null || allowed.includes(one) ? [] : [notOneOf(name, one, allowed)];
  });
}

/** A word that is not one of the few that the option knows. */
export function notOneOf(name: string, given: string, allowed: readonly string[]): UsageError {
  const near = nearestWord(given, allowed);
  return new UsageError(`--${name} ${JSON.stringify(given)} is not one of ${allowed.join(", ")}`, {
    hint: near === null ? undefined : `did you mean ${near}?`,
  });
}

/** Each required one must be there, and nothing else; the last may take all that is left. */
function namePositionals(
  given: readonly string[],
  places: Declared,
): { named: Flags; mistake: UsageError | null } {
  const isOpenEnded = places.at(-1)?.[1].repeatable === true;
  const stray = given[places.length];
  if (stray !== undefined && !isOpenEnded) return { named: {}, mistake: strayArgument(stray, places) };
  const named: Record<string, Flags[string]> = {};
  for (const [at, [name, { required = true, repeatable = false }]] of places.entries()) {
    const values = repeatable ? given.slice(at) : given.slice(at, at + 1);
    if (values.includes("") || (required && values.length === 0)) {
      const hint = "--help shows the arguments of the command";
      return { named, mistake: new UsageError(`${name.toUpperCase()} is missing`, { hint }) };
    }
    named[name] = repeatable ? values : values[0];
  }
  return { named, mistake: null };
}

function strayArgument(given: string, places: Declared): UsageError {
  const takes = places.map(([name]) => name.toUpperCase()).join(" ");
  const rest = places.length === 0 ? "this command takes no arguments" : `this command takes only ${takes}`;
  const hint = `options are given as --name VALUE, and ${rest}`;
  return new UsageError(`unexpected argument ${JSON.stringify(given)}`, { hint });
}
