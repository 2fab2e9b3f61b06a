// `man`: the page is mdoc that mandoc has no complaint about, and says all that the commands say.

import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { everyNode } from "../../cmd/command.ts";
import { EXIT_CODES } from "../../cmd/exit-codes.ts";
import { root } from "../../cmd/tree.ts";
import { scratchDirectory } from "../scratch.ts";
import { runCommand, runSubject } from "../stage.ts";

const HAS_MANDOC = Bun.which("mandoc") !== null;
if (!HAS_MANDOC) console.log("mandoc is not installed: the manual page is not tried");

async function withPage(use: (path: string) => Promise<void>): Promise<void> {
  const scratch = scratchDirectory("man-");
  try {
    const { code, stdout, stderr } = await runSubject(["man"]);
    expect([code, stderr]).toEqual([0, ""]);
    const path = join(scratch, "waldur-cscs-storage.1");
    writeFileSync(path, stdout);
    await use(path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

test.skipIf(!HAS_MANDOC)("mandoc finds nothing wrong with it", () =>
  withPage(async (path) => {
    expect(await runCommand(["mandoc", "-Tlint", "-W", "warning", path], {})).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  }),
);

test.skipIf(!HAS_MANDOC)("it has every command with its options and examples, and the exit codes", () =>
  withPage(async (path) => {
    const { stdout } = await runCommand(["mandoc", "-Tascii", "-Owidth=160", path], {});
    // Bold and underlined letters are struck twice.
    const plain = stdout.replaceAll(/.[\b]/g, "");
    const page = plain.replaceAll(/\s+/g, " ");
    for await (const { words, command } of everyNode(root)) {
      if (command.subCommands !== undefined) continue;
      const [, after = ""] = plain.split(`\n   ${words.join(" ")}\n`);
      const section = (after.split(/\n {0,3}\S/)[0] ?? "").replaceAll(/\s+/g, " ");
      expect([words, section]).toEqual([words, expect.stringContaining(command.meta.description)]);
      for (const [name, { type, description = "" }] of Object.entries(command.args)) {
        const isCommon = ["help", "version"].includes(name);
        const shown = type === "positional" ? name : `--${name}`;
        const part = isCommon ? page : section;
        expect([words, name, part.includes(`${shown} `), part.includes(description)]).toEqual([
          ...[words, name, true, true],
        ]);
      }
      for (const { command: line } of command.examples) expect(plain).toContain(`      ${line}\n`);
    }
    for (const [code, meaning] of EXIT_CODES) expect(page).toContain(`${code} ${meaning}`);
    for (const heading of ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "FILES", "EXIT STATUS", "EXAMPLES"])
      expect(plain).toMatch(new RegExp(`^${heading}$`, "m"));
  }),
);
