// The manual page, made from the tree of commands: mdoc, as mandoc and groff read it. It has the whole help of every
// command, within the sections of mdoc(7) in their order.

import { fold } from "../lib/table.ts";
import { type Argument, type Called, type Command, type Example, everyNode } from "./command.ts";
import { commonFlags, PROGRAM } from "./common.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { argumentsOf, placeholder, valueHintOf } from "./help.ts";

/** When the text below was last changed; the date of the build would make each build another one. */
const REVISED = "November 27, 2026";

export async function manualOf(root: Command): Promise<string> {
  const nodes = await Array.fromAsync(everyNode(root));
  const commands = nodes.filter(({ command }) => command.subCommands === undefined);
  return [
    `.Dd ${REVISED}`,
    `.Dt ${PROGRAM.toUpperCase()} 1`,
    ".Os",
    ".Sh NAME",
    `.Nm ${PROGRAM}`,
    `.Nd ${escaped(sentence(root.meta.description).replace(/^./, (first) => first.toLowerCase()))}`,
    ".Sh SYNOPSIS",
    ...commands.flatMap(synopsisOf),
    ".Nm",
    ".Cm help",
    ".Op Ar command",
    ".Nm",
    ".Fl V",
    ".Sh DESCRIPTION",
    ".Nm",
    ...paragraph(
      "publishes the storage orders and resources of a Waldur marketplace as JSON files, which a provisioner reads, and reports the orders back to Waldur. It reads the configuration file of the Waldur site agent.",
    ),
    ".Pp",
    "Options of every command:",
    ...optionList(Object.entries(commonFlags)),
    ".Sh COMMANDS",
    ...commands.flatMap(commandSection),
    ".Sh ENVIRONMENT",
    ...tagged(ENVIRONMENT.map(([name, meaning]) => [`Ev ${name}`, meaning])),
    ".Sh FILES",
    ...tagged(FILES.map(([path, meaning]) => [`Pa ${path}`, meaning])),
    ".Sh EXIT STATUS",
    ...tagged(EXIT_CODES.map(([code, meaning]) => [`${code}`, meaning])),
    ".Sh EXAMPLES",
    // No paragraph begins right after a heading.
    ...root.examples.flatMap(exampleLines).slice(1),
    ".Sh SEE ALSO",
    ".Xr jq 1 ,",
    ".Xr systemd.timer 5 ,",
    ".Xr cron 8",
    "",
  ].join("\n");
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["WALDUR_API_TOKEN", "The token, if neither the configuration nor a systemd credential has one."],
  ["CREDENTIALS_DIRECTORY", "Directory of the systemd credential waldur_api_token."],
  ["HTTPS_PROXY , HTTP_PROXY , ALL_PROXY , NO_PROXY", "Proxies, unless the configuration has global_proxy."],
  ["TZ", "The zone of the minute in file names, unless the configuration has timezone."],
  ["COLUMNS", "The width of help and tables, from 40, in place of that of the terminal."],
  ["NO_COLOR", "When set, output has no colors."],
];

const FILES: readonly (readonly [string, string])[] = [
  ["waldur-site-agent-config.yaml", "The configuration file, unless --config is given."],
  ["*-all.json", "In the output directory: snapshots, the list of every storage resource."],
  [
    "*-create_*.json , *-update_*.json , *-terminate_*.json",
    "In the output directory: one file for each order.",
  ],
  [".waldur-cscs-storage", "In the output directory: the state of the program."],
];

function synopsisOf({ words, command }: Called): string[] {
  const places = argumentsOf(command).map(([name, place]) => {
    const isOptional = place.required === false;
    return `${isOptional ? ".Op Ar" : ".Ar"} ${name}${place.repeatable === true ? " ..." : ""}`;
  });
  return [".Nm", `.Cm ${words.join(" ")}`, ...places, ".Op Ar options"];
}

function commandSection({ words, command }: Called): string[] {
  const options = Object.entries(command.args).filter(
    ([name, { type }]) => type !== "positional" && !Object.hasOwn(commonFlags, name),
  );
  const exits = Object.entries(command.exits ?? {});
  return [
    `.Ss ${words.join(" ")}`,
    ...paragraph(command.meta.description),
    ...(command.about === undefined ? [] : [".Pp", ...paragraph(command.about)]),
    ...tagged(argumentsOf(command).map(([name, place]) => [placeTag(name, place), place.description ?? ""])),
    ...optionList(options),
    ...(exits.length === 0 ? [] : [".Pp", "Exit status:", ...tagged(exits)]),
    ...command.examples.flatMap(exampleLines),
  ];
}

function placeTag(name: string, place: Argument): string {
  return `Ar ${placeholder(name, place)
    .replaceAll(/[[\]]|\.\.\./g, "")
    .toLowerCase()}`;
}

function optionList(options: readonly (readonly [string, Argument])[]): string[] {
  return tagged(options.map(([name, option]) => [optionTag(name, option), option.description ?? ""]));
}

/** `Fl c , Fl -config Ar FILE`: the macro writes the first dash. */
function optionTag(name: string, option: Argument): string {
  const short = option.alias === undefined ? "" : `Fl ${option.alias} , `;
  const value = valueHintOf(option).trim();
  return `${short}Fl -${name}${value === "" ? "" : ` Ar ${value}`}`;
}

function tagged(rows: readonly (readonly [tag: string, meaning: string])[]): string[] {
  if (rows.length === 0) return [];
  return [
    ".Bl -tag -width Ds",
    ...rows.flatMap(([tag, meaning]) => [`.It ${tag}`, ...paragraph(meaning)]),
    ".El",
  ];
}

function exampleLines({ about, command }: Example): string[] {
  return [".Pp", ...paragraph(`${sentence(about)}:`), ".Bd -literal -offset indent", escaped(command), ".Ed"];
}

/** Each sentence begins a line, as mdoc wants it, and no line is longer than its source should be. */
function paragraph(text: string): string[] {
  return text.split(/(?<=[.:;]) (?=[A-Z])/).flatMap((one) => fold(one.split(" "), LONGEST_LINE).map(escaped));
}

const LONGEST_LINE = 76;

function sentence(text: string): string {
  return text.replace(/\.$/, "");
}

/** A backslash, a dash that is to be typed, and what would be a macro at the beginning of a line. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .split(" ")
    .map((word) => (/^["'(`]*-|[./_]|^waldur-/.test(word) ? word.replaceAll("-", "\\-") : word))
    .join(" ")
    .replace(/^(?=[.'])/, "\\&");
}
