// What a command is, what it gets of the process, and how strictly its flags are read. A misspelt `--dryrun` must never
// start a real run, so everything that is not understood is an error that names the nearest known word.

import { parseArgs } from "node:util";
import type { ArgsDef, CommandDef } from "citty";
import { nearestWord } from "../lib/config/nearest.ts";
import { type ExitCode, UsageError } from "../lib/errors.ts";

/** All of the process that a command may touch. */
export type Shell = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  isErrorTerminal: boolean;
  /** Standard error goes to the journal. */
  isJournald: boolean;
  /** Standard output; throws `StdoutError`. */
  print(text: string): Promise<void>;
  /** Standard error. */
  tell(text: string): void;
  /** Requests to this machine go past whatever proxy the environment names. */
  stayLocal(): void;
  /** Aborted by SIGINT or SIGTERM. */
  interrupted: AbortSignal;
};

/** Values by flag name; a flag that may be repeated has a list. */
export type Flags = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

export type Command = {
  definition: CommandDef<ArgsDef>;
  /** Shown below the options in `--help`. */
  examples: readonly string[];
  run(flags: Flags, shell: Shell): Promise<ExitCode>;
};

/** A command that is nothing without a second word. */
export type CommandGroup = Omit<Command, "run"> & {
  name: string;
  subcommands: ReadonlyMap<string, Command>;
};

/** What the words after the name of a command ask for: a command and its arguments, or only help of the group. */
export function findCommand(
  command: Command | CommandGroup,
  args: readonly string[],
): { command: Command; args: readonly string[] } | { help: CommandGroup } {
  if (!("subcommands" in command)) return { command, args };
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") return { help: command };
  const found = command.subcommands.get(name ?? "");
  if (found !== undefined) return { command: found, args: rest };
  const words = [...command.subcommands.keys()];
  if (name === undefined || name.startsWith("-")) {
    throw new UsageError(`a subcommand is missing${name === undefined ? "" : ` before ${name}`}`, {
      hint: `waldur-cscs-storage ${command.name} ${words.join("|")} [options]`,
    });
  }
  const near = nearestWord(name, words);
  throw new UsageError(`unknown subcommand ${JSON.stringify(name)}`, {
    hint: near === null ? `known: ${words.join(", ")}` : `did you mean ${near}?`,
  });
}

/** Flags that may be given more than once. */
const REPEATABLE = new Set(["offering-uuid"]);

/** Reads the arguments of a command; throws `UsageError` for anything that is not one of its flags or positionals. */
export function parseFlags(args: readonly string[], definition: ArgsDef): Flags {
  const declared = Object.entries(definition);
  const options = Object.fromEntries(
    declared
      .filter(([, flag]) => flag.type !== "positional")
      .map(([name, flag]) => [
        name,
        {
          type: flag.type === "boolean" ? ("boolean" as const) : ("string" as const),
          multiple: REPEATABLE.has(name),
          ...("alias" in flag && typeof flag.alias === "string" ? { short: flag.alias } : {}),
        },
      ]),
  );
  const words = declared.flatMap(([name, flag]) => (flag.type === "positional" ? [name] : []));
  const { values, positionals } = parseStrictly(args, options, definition);
  for (const [name, value] of Object.entries(values)) refuseEmpty(name, value);
  return { ...values, ...(values.help === true ? {} : namePositionals(positionals, words)) };
}

/** Each declared one must be there, and nothing else. */
function namePositionals(given: readonly string[], words: readonly string[]): Record<string, string> {
  const stray = given[words.length];
  if (stray !== undefined) throw strayArgument(stray, words);
  return Object.fromEntries(
    words.map((name, at) => {
      const value = given[at] ?? "";
      if (value !== "") return [name, value];
      throw new UsageError(`${name.toUpperCase()} is missing`, {
        hint: "--help shows what the command takes",
      });
    }),
  );
}

function strayArgument(given: string, words: readonly string[]): UsageError {
  const takes = words.map((name) => name.toUpperCase()).join(" ");
  const rest = words.length === 0 ? "this command takes nothing else" : `besides them there is ${takes} only`;
  const hint = `options are given as --name VALUE, and ${rest}`;
  return new UsageError(`unexpected argument ${JSON.stringify(given)}`, { hint });
}

type ParseOptions = NonNullable<Parameters<typeof parseArgs>[0]>["options"];

function parseStrictly(args: readonly string[], options: ParseOptions, definition: ArgsDef) {
  try {
    return parseArgs({ args: [...args], options: options ?? {}, strict: true, allowPositionals: true });
  } catch (error) {
    throw translateParseError(error, args, definition);
  }
}

function refuseEmpty(name: string, value: unknown): void {
  for (const one of Array.isArray(value) ? value : [value]) {
    if (one === "") throw new UsageError(`--${name} needs a value`);
    if (typeof one === "string" && one.startsWith("="))
      throw new UsageError(`--${name} ${one}: drop the "="`);
  }
}

function translateParseError(error: unknown, args: readonly string[], definition: ArgsDef): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const name = quoted.split(" ").find((word) => word.startsWith("--")) ?? quoted.split(" ")[0] ?? quoted;
  if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return unknownFlag(name, definition);
  if (/does not take/.test(error.message)) return new UsageError(`${name} takes no value`);
  if (/ambiguous/.test(error.message)) {
    const next = args[args.findIndex((arg) => arg === name || arg.startsWith("-")) + 1];
    return new UsageError(`${name} needs a value${next === undefined ? "" : `, not another option`}`, {
      hint: `a value that begins with a dash is given as ${name}=VALUE`,
    });
  }
  return new UsageError(`${name} needs a value`);
}

/** Flags that one of the two modes alone has. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["--interval", "orders"],
  ["--allow-shrink", "sync"],
  ["--if-changed", "sync"],
]);

function unknownFlag(name: string, definition: ArgsDef): UsageError {
  const other = ELSEWHERE.get(name);
  if (other !== undefined) return new UsageError(`${name} is an option of \`${other}\``);
  const flags = Object.keys(definition).filter((flag) => definition[flag]?.type !== "positional");
  const known = flags.map((flag) => `--${flag}`);
  const near = nearestWord(name, known);
  return new UsageError(`unknown option ${name}`, {
    hint: near === null ? "--help lists the options" : `did you mean ${near}?`,
  });
}
