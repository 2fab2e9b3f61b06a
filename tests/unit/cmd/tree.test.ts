// The tree of commands: what its listing says is what the commands say, its help fits every terminal, its examples are
// understood, and citty reads what the strict reader reads.

import { describe, expect, test } from "bun:test";
import { parseArgs } from "citty";
import fc from "fast-check";
import { readArguments } from "../../../cmd/arguments.ts";
import type { Arguments, Called, Command } from "../../../cmd/command.ts";
import { PROGRAM } from "../../../cmd/common.ts";
import { helpOf } from "../../../cmd/help.ts";
import { understand } from "../../../cmd/line.ts";
import { everyCommand, root } from "../../../cmd/tree.ts";
import { EXIT, UsageError } from "../../../lib/errors.ts";

const leaves: Called[] = await Array.fromAsync(everyCommand());
const groups: Called[] = [{ words: [], command: root }, ...(await groupsBelow(root, []))];
const everything = [...groups, ...leaves].map((called) => [called.words.join(" "), called] as const);

async function groupsBelow(command: Command, words: readonly string[]): Promise<Called[]> {
  const children = Object.entries(command.subCommands ?? {}).map(async ([name, load]) => {
    const child = { words: [...words, name], command: await load() };
    return child.command.subCommands === undefined
      ? []
      : [child, ...(await groupsBelow(child.command, child.words))];
  });
  return (await Promise.all(children)).flat();
}

test("every command has a sentence, examples that call it, options, and a name of its own", () => {
  expect(leaves.map(({ words }) => words.join(" "))).toEqual([
    ...["orders", "sync", "ack", "check", "status", "show", "history"],
    ...["claims list", "claims release", "components", "diff", "validate", "page"],
    ...[
      "schema config",
      "schema document",
      "schema report",
      "completion bash",
      "completion zsh",
      "man",
      "demo",
    ],
  ]);
  for (const { words, command } of leaves) {
    expect(command.meta.name).toBe(words.at(-1) ?? "");
    expect(command.meta.description).toMatch(/^[A-Z][^.]*(?:\.json[^.]*)?\.$/);
    expect(Object.keys(command.args)).toEqual(expect.arrayContaining(["help", "version"]));
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { command: line } of command.examples) expect(line).toContain([PROGRAM, ...words].join(" "));
  }
});

test("the listing of a group says what its commands say", async () => {
  for (const { command } of groups) {
    const listed = (command.listing ?? []).map(({ name, summary }) => [name, summary]);
    const said = Object.entries(command.subCommands ?? {}).map(async ([name, load]) => [
      name,
      (await load()).meta.description,
    ]);
    expect(listed).toEqual(await Promise.all(said));
  }
});

/** As a shell splits it, as far as examples need. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

test.each(everything)("the examples of %p are understood", async (_, { command }) => {
  for (const { command: line } of command.examples) {
    const words = wordsOf(line.split(" | ")[0] ?? "");
    expect(words[0]).toBe(PROGRAM);
    const { kind } = await understand(words.slice(1));
    expect([line, kind]).toEqual([line, words[1] === "help" ? "help" : "run"]);
  }
});

describe.each([60, 80, 120])("help at %d columns", (width) => {
  test.each(everything)("of %p fits, and loses nothing", (_, called) => {
    const help = helpOf(called, { width, bold: false });
    // A word that is wider than a line, such as one in quotes, has a line of its own.
    const tooWide = help.split("\n").filter((line) => line.length > width && line.trim().length < width - 8);
    expect(tooWide).toEqual([]);
    expect(help).not.toMatch(/ $/m);
    expect(help).toEndWith("\n");
    const { command } = called;
    const running = help.replaceAll(/\s+/g, " ");
    expect(running).toStartWith(command.meta.description);
    for (const [name, { type, description }] of Object.entries(command.args)) {
      expect(help).toContain(type === "positional" ? name.toUpperCase() : `--${name}`);
      expect(running).toContain(description ?? "no description");
    }
    const pasted = help.replaceAll(/ \\\n +/g, " ");
    for (const { command: line } of command.examples) expect(pasted).toContain(`\n  ${line}\n`);
  });
});

test.each(leaves.map((called) => [called.words.join(" "), called] as const))(
  "the help of %p lists codes of a server where it may ask one, and of a configuration where it takes one",
  (name, called) => {
    const help = helpOf(called, { width: 80, bold: false });
    const codes = [...help.matchAll(/^ {1,3}(\d+) {2}\w/gm)].map(([, code]) => Number(code));
    const { args } = called.command;
    const isDemo = name === "demo";
    expect(codes).toEqual(expect.arrayContaining([0, 1, 64, 74, 130]));
    for (const code of [EXIT.endpoint, EXIT.refused])
      expect(codes.includes(code)).toBe("retries" in args || isDemo);
    for (const code of [EXIT.config, EXIT.output, EXIT.retryLater])
      expect(codes.includes(code)).toBe("config" in args || isDemo);
    for (const code of Object.keys(called.command.exits ?? {})) expect(codes).toContain(Number(code));
  },
);

test("help lists options on the left, and breaks an example where a shell may", () => {
  const command: Command = {
    meta: { name: "try", description: "Try it." },
    about: "More words.",
    args: {
      path: { type: "positional", description: "a path" },
      more: { type: "positional", required: false, repeatable: true, description: "more paths" },
      config: { type: "string", alias: "c", valueHint: "FILE", group: "Files", description: "a file" },
      "very-long-name-of-an-option": { type: "boolean", description: "does not fit its column" },
      kind: { type: "enum", options: ["a", "b"], description: "one of two" },
    },
    examples: [
      { about: "with a filter", command: `${PROGRAM} try /a -c /etc/config.yaml | jq -r '.a | .b'` },
    ],
    exits: { 10: "nothing was there" },
  };
  const [before = ""] = helpOf({ words: ["try"], command }, { width: 50, bold: false }).split("  64  ");
  expect(before).toBe(`Try it.

More words.

USAGE
  waldur-cscs-storage try PATH [MORE...]
      [options]

ARGUMENTS
  PATH       a path
  [MORE...]  more paths

FILES OPTIONS
  -c, --config FILE         a file

GENERAL OPTIONS
      --very-long-name-of-an-option
                            does not fit its
                            column
      --kind a|b            one of two

EXAMPLES
  # with a filter
  waldur-cscs-storage try /a \\
      -c /etc/config.yaml | jq -r '.a | .b'

EXIT CODES
   0  all done, also when there was nothing to do
   1  a bug in the program
  10  nothing was there
`);
});

describe("positional arguments", () => {
  const places = {
    old: { type: "positional", required: false },
    files: { type: "positional", required: false, repeatable: true },
  } as const satisfies Arguments;

  test("may be left out, and the last may take all that is left", () => {
    expect(readArguments([], places)).toEqual({ old: undefined, files: [] });
    expect(readArguments(["a", "b", "--", "-c"], places)).toEqual({ old: "a", files: ["b", "-c"] });
  });

  test.each([
    [[], { file: { type: "positional", repeatable: true } }, "FILE is missing"],
    [["a", ""], { file: { type: "positional", repeatable: true } }, "FILE is missing"],
    [["a", "b"], { file: { type: "positional", required: false } }, 'unexpected argument "b"'],
  ] satisfies [string[], Arguments, string][])("%j is refused", (words, definition, message) => {
    expect(() => readArguments(words, definition)).toThrow(message);
  });
});

test("a word of few that is misspelt is answered with the nearest", () => {
  const definition = { format: { type: "enum", options: ["table", "json"] } } as const satisfies Arguments;
  expect(readArguments(["--format=json"], definition)).toEqual({ format: "json" });
  try {
    readArguments(["--format", "jsno"], definition);
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect([error.message, error.hint]).toEqual([
      '--format "jsno" is not one of table, json',
      "did you mean json?",
    ]);
  }
});

test("citty reads the same values from a line that was read strictly", () => {
  for (const { words, command } of leaves) {
    const options = Object.entries(command.args).filter(([, { type }]) => type !== "positional");
    const value = fc.stringMatching(/^[\w./:{}, -]{1,12}$/);
    const option = fc.constantFrom(...options).chain(([name, { type, alias, ...more }]) => {
      const long = `--${name}`;
      const spelling = alias === undefined ? fc.constant(long) : fc.constantFrom(long, `-${alias}`);
      if (type === "boolean") return spelling.map((flag) => [flag]);
      const values = "options" in more ? fc.constantFrom(...(more.options ?? [])) : value;
      return fc
        .tuple(spelling, values, fc.boolean())
        .map(([flag, given, joined]) => (joined && flag === long ? [`${flag}=${given}`] : [flag, given]));
    });
    const places = Object.values(command.args).filter(({ type }) => type === "positional");
    const line = fc
      .tuple(
        fc.array(option, { maxLength: 6 }),
        fc.array(fc.constant("/a"), { maxLength: places.length + 1 }),
      )
      .map(([given, positionals]) => [...given.flat(), ...positionals]);
    let understood = 0;
    fc.assert(
      fc.property(line, (args) => {
        const strict = readOrNull(args, command);
        if (strict === null || strict.help === true || strict.version === true) return;
        understood++;
        const read = parseArgs(args, command.args);
        for (const [name, { type, repeatable }] of Object.entries(command.args)) {
          const mine: unknown = repeatable ? lastOf(strict[name]) : strict[name];
          const theirs: unknown = type === "boolean" ? read[name] || undefined : read[name];
          expect({ words, args, name, value: theirs }).toEqual({ words, args, name, value: mine });
        }
      }),
      { numRuns: 200 },
    );
    expect(understood).toBeGreaterThan(5);
  }
});

function readOrNull(args: readonly string[], command: Command) {
  try {
    return readArguments(args, command.args);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

function lastOf(values: unknown): unknown {
  return Array.isArray(values) ? values.at(-1) : values;
}
