// What a command line asks for: a command with its flags, help, or the version. Its words are looked up in the tree one
// by one, and nothing runs unless every word is known.

import { throwMistakes, UsageError, UsageErrors } from "../lib/errors.ts";
import { nearestWord } from "../lib/nearest.ts";
import type { Called, Command, Flags } from "./command.ts";
import { PROGRAM } from "./common.ts";
import { everyCommand, root } from "./tree.ts";

export type Invocation =
  | ({ kind: "run"; rawArgs: readonly string[]; flags: Flags } & Called)
  | ({ kind: "help" } & Called)
  | { kind: "version" };

export async function understand(args: readonly string[]): Promise<Invocation> {
  if (args[0] === "help") return helpFor(args.slice(1));
  const { rest, ...called } = await findCommand(args);
  // Before a `--`, help and version win over everything else.
  const options = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (options.some((word) => word === "--help" || word === "-h")) return { kind: "help", ...called };
  if (options.some((word) => word === "--version" || word === "-V")) return { kind: "version" };
  if (called.command.subCommands !== undefined) throw missingCommand(called, rest[0]);
  const flags = await readStrictly(rest, called.command);
  if (flags.help === true) return { kind: "help", ...called };
  if (flags.version === true) return { kind: "version" };
  return { kind: "run", rawArgs: rest, flags, ...called };
}

async function helpFor(args: readonly string[]): Promise<Invocation> {
  if (args[0] === "help") return helpFor(args.slice(1));
  const { rest, ...called } = await findCommand(args);
  const stray = rest.find((word) => word !== "--help" && word !== "-h");
  if (stray === undefined) return { kind: "help", ...called };
  throw new UsageError(`unexpected argument ${JSON.stringify(stray)}`, {
    hint: `${PROGRAM} help COMMAND shows the help of a command`,
  });
}

/** Follows the words down the tree as far as they are names of commands. */
async function findCommand(args: readonly string[]): Promise<Called & { rest: readonly string[] }> {
  let command = root;
  let at = 0;
  for (; command.subCommands !== undefined; at++) {
    const name = args[at];
    if (name === undefined || name.startsWith("-")) break;
    const load = Object.hasOwn(command.subCommands, name) ? command.subCommands[name] : undefined;
    if (load === undefined) throw unknownCommand(name, { words: args.slice(0, at), command });
    command = await load();
  }
  return { words: args.slice(0, at), command, rest: args.slice(at) };
}

function unknownCommand(name: string, { words, command }: Called): UsageError {
  const known = namesOf(command);
  const near = nearestWord(name, known);
  return new UsageError(`unknown ${words.length === 0 ? "" : "sub"}command ${JSON.stringify(name)}`, {
    hint: near === null ? `known: ${known.join(", ")}` : `did you mean ${near}?`,
  });
}

function missingCommand({ words, command }: Called, option: string | undefined): UsageError {
  const hint = `${[PROGRAM, ...words].join(" ")} ${namesOf(command).join("|")} [options]`;
  if (words.length > 0) {
    return new UsageError(`a subcommand is missing${option === undefined ? "" : ` before ${option}`}`, {
      hint,
    });
  }
  if (option === undefined) {
    return new UsageError("a command is missing", { hint: `${PROGRAM} --help lists them` });
  }
  if (option === "-m" || option.startsWith("-m=") || option === "--mode") {
    return new UsageError("the site agent's -m is not known here", {
      hint: `"-m order_process" is \`${PROGRAM} orders\`; waldur_cscs_storage_sync is \`${PROGRAM} sync\``,
    });
  }
  return new UsageError(`the command must come first, not ${option}`, { hint });
}

function namesOf(command: Command): string[] {
  return Object.keys(command.subCommands ?? {});
}

/**
 * An option that only other commands have is answered with their names. The parser of Bun doubles the start, so help
 * does without it.
 */
async function readStrictly(words: readonly string[], command: Command): Promise<Flags> {
  const { readArguments, UnknownOptionError } = await import("./arguments.ts");
  try {
    return readArguments(words, command.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const explained: UsageError[] = [];
    for (const mistake of error instanceof UsageErrors ? error.all : [error]) {
      const option = mistake instanceof UnknownOptionError ? mistake.option : null;
      const hint = option === null ? null : await ownersOf(option);
      explained.push(option === null || hint === null ? mistake : new UnknownOptionError(option, hint));
    }
    throwMistakes(explained);
    throw error;
  }
}

async function ownersOf(option: string): Promise<string | null> {
  const owners: string[] = [];
  for await (const other of everyCommand()) {
    if (hasOption(other.command, option)) owners.push(`\`${other.words.join(" ")}\``);
  }
  return owners.length === 0 ? null : `${option} is an option of ${owners.join(", ")}`;
}

function hasOption({ args }: Command, option: string): boolean {
  return Object.entries(args).some(
    ([name, { type, alias }]) =>
      type !== "positional" && (option === `--${name}` || (alias !== undefined && option === `-${alias}`)),
  );
}
