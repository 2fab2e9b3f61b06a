// The commands of CONTRIBUTING.md are typed here, but for the steps that `verify` itself is made of.

import { expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { ROOT, readPage } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";
import { runCommand } from "../stage.ts";

const NPX = "npx --yes bun@1.4.5 ";
/** Parts of `verify`, and that one: none of them may be started from inside of it. */
const OF_VERIFY = ["install --frozen-lockfile", "run build", "run check", "run lint", "run verify"];

/** What makes the packages builds, too; it is run in packages.test.ts. */
const commands = readPage("CONTRIBUTING.md")
  .commands()
  .filter(({ line }) => line !== `${NPX}run package`);
const isOfVerify = ({ line }: { line: string }) => OF_VERIFY.some((step) => line === `${NPX}${step}`);

test("the loop has every step of `verify`", () => {
  expect(commands.filter(isOfVerify).map(({ line }) => line.slice(NPX.length))).toEqual(OF_VERIFY);
  expect(manifest.scripts.build).toStartWith("bun install --frozen-lockfile &&");
});

test.each(commands.filter((command) => !isOfVerify(command)))("$line", async ({ line, code }) => {
  const here = line.replace(NPX, `${process.execPath} `);
  const ran = await runCommand(["bash", "-c", here], {
    cwd: ROOT,
    env: { TMPDIR: scratchDirectory("loop-") },
  });
  expect({ code: ran.code, stderr: code === 0 ? ran.stderr : "" }).toMatchObject({ code });
});
