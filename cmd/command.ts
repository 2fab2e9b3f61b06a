// What a command is: a definition of citty's, extended for help, completions and the man page. A definition is
// data; `run` gets the flags as they were read strictly (arguments.ts) and all of the process that a command may touch.

import type { ArgDef, CommandContext, CommandDef } from "citty";
import type { ExitCode } from "../lib/errors.ts";

/** All of the process that a command may touch. */
export type Shell = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  isErrorTerminal: boolean;
  /** Standard error goes to the journal. */
  isJournald: boolean;
  /** Cron started this, and mails everything that is written. */
  isBelowCron: () => boolean;
  /** Standard output; throws `StdoutError`. */
  print(text: string): Promise<void>;
  /** Columns of standard output: `COLUMNS`, else those of the terminal, else 80. */
  width(): Promise<number>;
  /** Standard error. */
  writeError(text: string): void;
  /** Requests to this machine do not use the proxy of the environment. */
  stayLocal(): void;
  /** Aborted by SIGINT or SIGTERM. */
  interrupted: AbortSignal;
  /** Makes the program end without closing its files: closing one would wait for a disk that does not answer. */
  abandon(): void;
};

/** Values by the name of the option or argument; one that may be repeated has a list. */
export type Flags = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** An option, or a positional argument, of citty's. */
export type Argument = ArgDef & {
  /** Heading in the help; without one it is among the general ones. */
  group?: string;
  /** May be given more than once. */
  repeatable?: boolean;
  /** One letter; citty would take several. */
  alias?: string;
};

export type Arguments = Readonly<Record<string, Argument>>;

export type Example = {
  /** What it is for, as a comment of the shell. */
  about: string;
  command: string;
};

export type Command = Omit<CommandDef, "meta" | "args" | "subCommands"> & {
  /** The last word of its name, and one sentence. */
  meta: { name: string; description: string };
  args: Arguments;
  /** Paragraph below the sentence. */
  about?: string;
  examples: readonly Example[];
  /** Exit codes that can occur; all of them unless given. Those of `exits` are added. */
  ends?: readonly ExitCode[];
  /** Exit codes that mean something of their own here. */
  exits?: Readonly<Partial<Record<ExitCode, string>>>;
  subCommands?: Readonly<Record<string, () => Promise<Command>>>;
  /** The subcommands as they are listed, known without loading them. */
  listing?: readonly Entry[];
};

/** A command with the words that call it, none for the root. */
export type Called = { words: readonly string[]; command: Command };

/** A subcommand before it is loaded. */
export type Entry = {
  name: string;
  /** The sentence of the command's own definition; a test holds the two together. */
  summary: string;
  /** Heading in the list of commands. */
  group?: string;
  load: () => Promise<{ command: Command }>;
};

/** What citty passes to `run`. */
type RunData = { flags: Flags; shell: Shell };

type Definition = Omit<Command, "run" | "subCommands" | "listing"> & {
  run(flags: Flags, shell: Shell): Promise<ExitCode>;
};

export function defineCommand({ run, ...definition }: Definition): Command {
  return {
    ...definition,
    run({ data }: CommandContext) {
      const { flags, shell }: RunData = data;
      return run(flags, shell);
    },
  };
}

/** A command that needs a second word. */
export function defineGroup(
  definition: Omit<Command, "run" | "subCommands" | "listing">,
  listing: readonly Entry[],
): Command {
  const loaders = listing.map(({ name, load }) => [name, async () => (await load()).command] as const);
  return { ...definition, listing, subCommands: Object.fromEntries(loaders) };
}

/** A command as it is listed, for one that is in the same file as its group. */
export function loaded(command: Command): Entry {
  const { name, description } = command.meta;
  return { name, summary: description, load: async () => ({ command }) };
}

/** The command itself and everything below it, groups too; loads all of them. */
export async function* everyNode(command: Command, words: readonly string[] = []): AsyncGenerator<Called> {
  yield { words, command };
  for (const [name, load] of Object.entries(command.subCommands ?? {}))
    yield* everyNode(await load(), [...words, name]);
}
