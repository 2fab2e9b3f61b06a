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

/** Flags that may be given more than once. */
const REPEATABLE = new Set(["offering-uuid"]);

/** Reads the arguments of a command; throws `UsageError` for anything that is not one of its flags. */
export function parseFlags(args: readonly string[], definition: ArgsDef): Flags {
  const options = Object.fromEntries(
    Object.entries(definition).map(([name, flag]) => [
      name,
      {
        type: flag.type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: REPEATABLE.has(name),
        ...("alias" in flag && typeof flag.alias === "string" ? { short: flag.alias } : {}),
      },
    ]),
  );
  const values = parseStrictly(args, options, definition);
  for (const [name, value] of Object.entries(values)) refuseEmpty(name, value);
  return values;
}

type ParseOptions = NonNullable<Parameters<typeof parseArgs>[0]>["options"];

function parseStrictly(args: readonly string[], options: ParseOptions, definition: ArgsDef): Flags {
  try {
    return parseArgs({ args: [...args], options: options ?? {}, strict: true, allowPositionals: false })
      .values;
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
  if (error.code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") {
    const hint = "options are given as --name VALUE, and this command takes nothing else";
    return new UsageError(`unexpected argument ${JSON.stringify(quoted)}`, { hint });
  }
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
  const known = Object.keys(definition).map((flag) => `--${flag}`);
  const near = nearestWord(name, known);
  return new UsageError(`unknown option ${name}`, {
    hint: near === null ? "--help lists the options" : `did you mean ${near}?`,
  });
}
