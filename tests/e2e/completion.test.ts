// `completion`: in a real bash and a real zsh every command and every option is offered where it belongs, and values
// are what the option takes.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { everyNode } from "../../cmd/command.ts";
import { root } from "../../cmd/tree.ts";
import { scratchDirectory } from "../scratch.ts";
import { runSubject } from "../stage.ts";
import { offeredByBash, openZsh, type Zsh } from "./shells.ts";

// Shells on a busy machine.
setDefaultTimeout(30_000);

const SHELLS = ["bash", "zsh"] as const;
for (const shell of SHELLS)
  if (Bun.which(shell) === null) console.log(`${shell} is not installed: its completions are not tried`);

const nodes = await Array.fromAsync(everyNode(root));
let scratch = "";
let place = "";
let zsh: Zsh | undefined;

beforeAll(async () => {
  scratch = scratchDirectory("shells-");
  place = join(scratch, "place");
  mkdirSync(join(place, "some directory"), { recursive: true });
  writeFileSync(join(place, "a b.yaml"), "");
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await runSubject(["completion", shell]);
    expect([code, stderr]).toEqual([0, ""]);
    writeFileSync(join(scratch, shell), stdout);
    writeFileSync(join(scratch, "_waldur-cscs-storage"), stdout);
  }
});
afterAll(async () => {
  await zsh?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** What the shell offers at the end of a line without quotes. */
async function offered(shell: (typeof SHELLS)[number], line: string): Promise<string[]> {
  if (shell === "zsh") {
    zsh ??= await openZsh(join(scratch, shell), { cwd: place, scratch });
    return zsh.offered(line);
  }
  // As bash divides a line into words.
  const words = line.split(/ |(?<==)|(?==)/);
  return offeredByBash(join(scratch, shell), place, words);
}

describe.each(SHELLS)("%s", (shell) => {
  const isThere = Bun.which(shell) !== null;

  test.skipIf(!isThere)("offers the commands of each group, and of help", async () => {
    for (const { words, command } of nodes) {
      const names = Object.keys(command.subCommands ?? {});
      if (names.length === 0) continue;
      const here = words.length === 0 ? [...names, "help"] : names;
      expect(await offered(shell, [...words, ""].join(" "))).toEqual(here);
      expect(await offered(shell, ["help", ...words, ""].join(" "))).toEqual(names);
    }
  });

  test.skipIf(!isThere)("offers every option of each command, and no other", async () => {
    for (const { words, command } of nodes) {
      const options = Object.entries(command.args).filter(([, { type }]) => type !== "positional");
      const spellings = options.flatMap(([name, { alias }]) => [
        `--${name}`,
        ...(alias ? [`-${alias}`] : []),
      ]);
      expect((await offered(shell, [...words, "-"].join(" "))).sort()).toEqual(spellings.sort());
    }
  });

  test.skipIf(!isThere).each([
    ["or", ["orders"]],
    ["claims re", ["release"]],
    ["sync --dry", ["--dry-run"]],
    ["sync -n --dead", ["--deadline"]],
    ["sync --log-format ", ["text", "json"]],
    ["sync --log-format j", ["json"]],
    ["sync --log-format=t", ["text"]],
    ["sync --log-format text --log", shell === "bash" ? ["--log-format"] : []],
    ["sync --timeout ", []],
    ["sync --offering-uuid sync --if", ["--if-changed"]],
    ["sync extra", []],
    ["nonsense ", shell === "bash" ? [...Object.keys(root.subCommands ?? {}), "help"] : []],
    ["help claims l", ["list"]],
    ["help sync ", []],
  ] as const)("after %p offers %j", async (line, expected) => {
    expect(await offered(shell, line)).toEqual([...expected]);
  });

  test.skipIf(!isThere)(
    "offers files where a file is meant, and directories where a directory is",
    async () => {
      const bare = async (line: string) =>
        (await offered(shell, line)).map((name) => name.replaceAll("\\", "").replace(/\/$/, "")).sort();
      expect(await bare("sync -c ")).toEqual(["a b.yaml", "some directory"]);
      expect(await bare("sync --metrics-file a")).toEqual(["a b.yaml"]);
      expect(await bare("demo --keep ")).toEqual(["some directory"]);
    },
  );
});

test.skipIf(Bun.which("zsh") === null)(
  "zsh finds the script in its path of functions by itself",
  async () => {
    const other = await openZsh(join(scratch, "_waldur-cscs-storage"), { cwd: place, scratch });
    try {
      expect(await other.offered("claims ")).toEqual(["list", "release"]);
    } finally {
      await other.close();
    }
  },
);

test("another shell is 64, with those that there are", async () => {
  const { code, stderr } = await runSubject(["completion", "fish"]);
  expect([code, stderr]).toEqual([64, expect.stringContaining('unknown subcommand "fish"')]);
  expect(stderr).toContain("known: bash, zsh");
});
