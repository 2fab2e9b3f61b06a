// Help, made from the tree: sentence, usage, options on the left in groups, examples that can be pasted, exit codes;
// all of it within the width of the terminal.

import { fold } from "../lib/table.ts";
import type { Argument, Called, Command, Entry, Example } from "./command.ts";
import { PROGRAM } from "./common.ts";
import { EXIT_CODES } from "./exit-codes.ts";

export type Style = {
  /** Columns of the terminal. */
  width: number;
  /** Headings stand out. */
  bold: boolean;
};

/** On a narrower terminal lines would have one word each; on a wider one they would be too long to read. */
const WIDTH = { least: 40, most: 120 };
const GENERAL = "General";

export function helpOf(called: Called, { width, bold }: Style): string {
  const columns = Math.min(Math.max(width, WIDTH.least), WIDTH.most);
  const { command } = called;
  const sections: readonly [string, readonly string[]][] = [
    ["Usage", usageOf(called, columns)],
    ...listed(command.listing ?? [], columns),
    ["Arguments", inColumns(argumentsOf(command).map(argumentRow), columns)],
    ...optionGroups(command, columns),
    ["Examples", command.examples.flatMap((example) => exampleLines(example, columns))],
    ["Exit codes", exitCodes(command, columns)],
  ];
  const opening = [command.meta.description, ...(command.about === undefined ? [] : ["", command.about])];
  const shown = sections.filter(([, lines]) => lines.length > 0);
  return [
    ...opening.flatMap((paragraph) => wrap(paragraph, columns)),
    ...shown.flatMap(([heading, lines]) => ["", emphasize(heading.toUpperCase(), bold), ...lines]),
    "",
  ].join("\n");
}

function emphasize(heading: string, bold: boolean): string {
  return bold ? `\x1b[1m${heading}\x1b[0m` : heading;
}

function usageOf({ words, command }: Called, columns: number): string[] {
  const names = Object.keys(command.subCommands ?? {});
  const next = words.length === 0 ? "COMMAND" : names.join("|");
  const places = argumentsOf(command).map(([name, argument]) => placeholder(name, argument));
  const usage = [PROGRAM, ...words, ...(names.length > 0 ? [next] : []), ...places, "[options]"];
  return indent(wrap(usage.join(" "), columns - 6), 2, 6);
}

/** Subcommands below the headings of their groups, and the word that shows their help. */
function listed(listing: readonly Entry[], columns: number): [string, string[]][] {
  const rows = (entries: readonly Entry[]) => entries.map(({ name, summary }): Row => [name, summary]);
  const groups = [...Map.groupBy(listing, ({ group = "Commands" }) => group)];
  const column = Math.max(0, ...listing.map(({ name }) => name.length));
  return groups.map(([group, entries]) => [group, inColumns(rows(entries), columns, column)]);
}

export function argumentsOf({ args }: Command): [string, Argument][] {
  return Object.entries(args).filter(([, { type }]) => type === "positional");
}

/** `PATH`, `[PATH]` or `[PATH...]`. */
export function placeholder(name: string, { required = true, repeatable = false }: Argument): string {
  const place = `${name.toUpperCase()}${repeatable ? "..." : ""}`;
  return required ? place : `[${place}]`;
}

type Row = readonly [left: string, right: string];

function argumentRow([name, argument]: [string, Argument]): Row {
  return [placeholder(name, argument), argument.description ?? ""];
}

function optionGroups({ args }: Command, columns: number): [string, string[]][] {
  const options = Object.entries(args).filter(([, { type }]) => type !== "positional");
  const rows = options.map(([name, option]) => ({
    group: option.group ?? GENERAL,
    row: [spellingOf(name, option), option.description ?? ""] satisfies Row,
  }));
  const widest = Math.max(0, ...rows.map(({ row: [left] }) => left.length));
  return [...Map.groupBy(rows, ({ group }) => group)].map(([group, members]) => [
    `${group} options`,
    inColumns(
      members.map(({ row }) => row),
      columns,
      widest,
    ),
  ]);
}

/** `-c, --config FILE`; an option without a short form is below the long forms of the others. */
function spellingOf(name: string, option: Argument): string {
  const short = option.alias === undefined ? "    " : `-${option.alias}, `;
  return `${short}--${name}${valueHintOf(option)}`;
}

/** What follows the name of an option: its value, with a space before it. */
export function valueHintOf({ type, valueHint, ...option }: Argument): string {
  if (type === "boolean") return "";
  const words = type === "enum" && "options" in option ? option.options?.join("|") : undefined;
  return ` ${words ?? valueHint ?? "VALUE"}`;
}

/** Two columns; a left side that is too wide for its column has a line of its own. */
function inColumns(rows: readonly Row[], columns: number, widest?: number): string[] {
  const longest = widest ?? Math.max(0, ...rows.map(([left]) => left.length));
  const column = Math.min(longest, Math.max(24, Math.floor(columns * 0.36)));
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, columns - column - 4).map((line) => `${" ".repeat(column + 4)}${line}`);
    const [first = "", ...more] = lines;
    if (left.length > column) return [`  ${left}`, ...lines];
    return [`  ${left.padEnd(column)}  ${first.trimStart()}`.trimEnd(), ...more];
  });
}

function exampleLines({ about, command }: Example, columns: number): string[] {
  const lines = command.length <= columns - 2 ? [command] : fold(piecesOf(command), columns - 8);
  const pasted = lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line));
  return [...wrap(about, columns - 4).map((line) => `  # ${line}`), ...indent(pasted, 2, 6)];
}

/** The pieces between which a command line may be broken: not in quotes, not between an option and its value. */
function piecesOf(command: string): string[] {
  return command.match(/(?:\| \S+ )?(?:-\S+ (?=[^-|]))?(?:'[^']*'|\S)+/g) ?? [];
}

function exitCodes({ ends, exits = {} }: Command, columns: number): string[] {
  return EXIT_CODES.flatMap(([code, meaning]) => {
    if (ends !== undefined && !ends.includes(code) && exits[code] === undefined) return [];
    const lines = indent(wrap(exits[code] ?? meaning, columns - 6), 6, 6);
    return [`${`${code}`.padStart(4)}${(lines[0] ?? "").slice(4)}`, ...lines.slice(1)];
  });
}

function wrap(text: string, columns: number): string[] {
  return fold(text.split(" "), columns);
}

function indent(lines: readonly string[], first: number, others: number): string[] {
  return lines.map((line, at) => `${" ".repeat(at === 0 ? first : others)}${line}`);
}
