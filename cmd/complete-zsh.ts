// Completions for zsh, by its own `_arguments`, with the sentences of commands and options. Works as a file in `fpath`,
// and when it is read by `source`.

import { type Argument, type Called, type Command, everyNode } from "./command.ts";
import { PROGRAM } from "./common.ts";
import { valueHintOf } from "./help.ts";
import { type ValueKind, valueKindOf } from "./values.ts";

export async function zshCompletion(root: Command): Promise<string> {
  const nodes = await Array.fromAsync(everyNode(root));
  const groups = new Set(
    nodes.flatMap(({ words, command }) => (command.subCommands ? [words.join(" ")] : [])),
  );
  return [
    `#compdef ${PROGRAM}`,
    `# zsh completion for ${PROGRAM}; made by "${PROGRAM} completion zsh"`,
    "",
    ...nodes.flatMap(functionOf),
    ...nodes.flatMap((node) => helpFunctionOf(node, groups)),
    `if [[ $funcstack[1] == _${PROGRAM} ]]; then`,
    `  _${PROGRAM} "$@"`,
    "else",
    `  compdef _${PROGRAM} ${PROGRAM}`,
    "fi",
    "",
  ].join("\n");
}

function nameOf(words: readonly string[]): string {
  return [`_${PROGRAM}`, ...words].join("_");
}

function functionOf({ words, command }: Called): string[] {
  const names = Object.keys(command.subCommands ?? {});
  const specs = Object.entries(command.args)
    .filter(([, { type }]) => type !== "positional")
    .flatMap(optionSpecs);
  if (names.length === 0) {
    const places = Object.entries(command.args).filter(([, { type }]) => type === "positional");
    return functionText(words, ["_arguments -s -S \\", joined([...specs, ...places.map(placeSpec)])]);
  }
  const listed = (command.listing ?? []).map(({ name, summary }) => [name, summary] as const);
  const all = words.length === 0 ? [...listed, ["help", "Show the help of a command."] as const] : listed;
  const below = all.map(([name]) => [name, nameOf([...words, name])] as const);
  return functionText(words, groupLines(specs, { all, below }));
}

/** `help` is followed by the words of a command; what ends there has nothing to follow it. */
function helpFunctionOf({ words, command }: Called, groups: ReadonlySet<string>): string[] {
  const all = (command.listing ?? []).map(({ name, summary }) => [name, summary] as const);
  if (all.length === 0) return [];
  const below = all
    .filter(([name]) => groups.has([...words, name].join(" ")))
    .map(([name]) => [name, nameOf(["help", ...words, name])] as const);
  return functionText(["help", ...words], groupLines([], { all, below }));
}

type Below = {
  all: readonly (readonly [name: string, summary: string])[];
  /** Names that something may follow, and the function for it. */
  below: readonly (readonly [name: string, call: string])[];
};

/** One word of a list; a function of its own completes what follows. */
function groupLines(specs: readonly string[], { all, below }: Below): string[] {
  const places = below.length === 0 ? ["'1: :->command'"] : ["'1: :->command'", "'*:: :->rest'"];
  const rest = below.map(([name, call]) => `      ${name}) ${call} ;;`);
  return [
    'local curcontext="$curcontext" state',
    "local -a commands line",
    "_arguments -C -S \\",
    `${joined([...specs, ...places])} && return 0`,
    "case $state in",
    "  command)",
    "    commands=(",
    ...all.map(([name, summary]) => `      ${quoted(`${name}:${escaped(summary)}`)}`),
    "    )",
    "    _describe -t commands command commands",
    "    ;;",
    ...(rest.length === 0 ? [] : ["  rest)", "    case $line[1] in", ...rest, "    esac", "    ;;"]),
    "esac",
  ];
}

function functionText(words: readonly string[], lines: readonly string[]): string[] {
  return [
    `${nameOf(words)}() {`,
    ...lines.flatMap((line) => line.split("\n")).map((line) => `  ${line}`),
    "}",
    "",
  ];
}

function joined(specs: readonly string[]): string {
  return specs.map((spec) => `  ${spec}`).join(" \\\n");
}

/** The long form and the short one; either is offered once, unless it may be repeated. */
function optionSpecs([name, option]: [string, Argument]): string[] {
  const { alias, description = "", repeatable = false } = option;
  const value = valueKindOf(name, option);
  const spellings = [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
  const only = repeatable ? "*" : `(${spellings.join(" ")})`;
  return spellings.map((spelling) => {
    const joint = value === null ? "" : spelling.startsWith("--") ? "=" : "+";
    const message = value === null ? "" : `:${valueHintOf(option).trim().toLowerCase()}:${actionOf(value)}`;
    return quoted(`${only}${spelling}${joint}[${escaped(description)}]${message}`);
  });
}

function placeSpec([name, place]: [string, Argument]): string {
  const { repeatable = false, description = name } = place;
  const value = valueKindOf(name, place) ?? { kind: "other" };
  return quoted(`${repeatable ? "*" : ""}:${escaped(description)}:${actionOf(value)}`);
}

function actionOf(value: ValueKind): string {
  if (value.kind === "words") return `(${value.words.join(" ")})`;
  if (value.kind === "file") return "_files";
  return value.kind === "directory" ? "_files -/" : "";
}

/** Brackets and colons have a meaning of their own in a specification. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, (character) => `\\${character}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
