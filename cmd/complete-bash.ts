// Completions for bash, which need nothing but bash: no package of completions, and no call of the program. The script
// is in completion.bash; what is made here are its lists.

import { type Called, type Command, everyNode } from "./command.ts";
import script from "./completion.bash" with { type: "text" };
import { type ValueKind, valueKindOf } from "./values.ts";

export async function bashCompletion(root: Command): Promise<string> {
  const nodes = await Array.fromAsync(everyNode(root));
  return script.replace("@CASES@", () => [...nodes.map(caseOf), ...nodes.flatMap(helpCaseOf)].join("\n"));
}

/** What there is at one place of the tree, as assignments to the variables of the script. */
function caseOf({ words, command }: Called): string {
  const names = Object.keys(command.subCommands ?? {});
  const arguments_ = Object.entries(command.args);
  const options = arguments_.filter(([, { type }]) => type !== "positional");
  const spelled = (kinds: readonly ValueKind["kind"][]) =>
    options
      .filter(([name, option]) => kinds.includes(valueKindOf(name, option)?.kind ?? "other"))
      .filter(([name, option]) => valueKindOf(name, option) !== null)
      .flatMap(spellingsOf);
  const choices = options.flatMap(([name, option]) => {
    const value = valueKindOf(name, option);
    return value?.kind === "words" ? [`--${name}:${value.words.join(",")}`] : [];
  });
  const places = arguments_.filter(([, { type }]) => type === "positional");
  const takesFiles = places.some(([name, place]) => valueKindOf(name, place)?.kind === "file");
  return assignments(words, {
    commands: words.length === 0 ? [...names, "help"] : names,
    options: options.flatMap(spellingsOf),
    valued: spelled(["words", "file", "directory", "other"]),
    files: spelled(["file"]),
    directories: spelled(["directory"]),
    choices,
    operands: takesFiles ? ["files"] : [],
  });
}

/** `help` is followed by the words of a command. */
function helpCaseOf({ words, command }: Called): string[] {
  const names = Object.keys(command.subCommands ?? {});
  return names.length === 0 ? [] : [assignments(["help", ...words], { commands: names })];
}

function spellingsOf([name, { alias }]: [string, Command["args"][string]]): string[] {
  return [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`];
}

function assignments(words: readonly string[], lists: Readonly<Record<string, readonly string[]>>): string {
  const set = Object.entries(lists)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `      ${name}='${values.join(" ")}'`);
  return [`    '${words.map((word) => ` ${word}`).join("")}')`, ...set, "      ;;"].join("\n");
}
