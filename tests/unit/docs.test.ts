// The documentation holds together: its links lead somewhere, the tests and files that it names exist, and its lines
// can be read beside the code. What its commands do is tried in tests/e2e.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "pathe";
import manifest from "../../package.json" with { type: "json" };
import { ROOT, readPage } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";
import { runCommand } from "../stage.ts";

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
]
  .filter((path) => path.endsWith(".md"))
  .sort();

describe.each(PAGES)("%s", (path) => {
  const { text } = readPage(path);

  test("links to files that exist, and to sections that they have", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)(?:,\s"([^"]+)")?/g)];
    for (const [, target = "", section] of links) {
      const file = target === "" ? path : join(dirname(path), target);
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      if (section !== undefined) expect(sectionsOf(file)).toContain(section.replaceAll(/\s+/g, " "));
    }
  });

  test("names scripts that package.json has", () => {
    for (const [, name = ""] of text.matchAll(/bun(?:@[\d.]+)? run (\w+)/g))
      expect(Object.keys(manifest.scripts)).toContain(name);
  });

  test("has lines of at most 120 characters, tables and measured results aside", () => {
    const written = text.replaceAll(/<!-- bench:[\s\S]*?<!-- end:/g, "");
    const long = written.split("\n").filter((line) => line.length > 120 && !line.startsWith("|"));
    expect(long).toEqual([]);
  });
});

test("what `bun run contract --json` prints is JSON alone: the output of the build goes elsewhere", async () => {
  const directory = scratchDirectory("scripts-");
  // In the place of Bun something that says what it was asked for.
  writeFileSync(join(directory, "bun"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  const ran = await runCommand(["sh", "-c", `${manifest.scripts.contract} --json`], {
    env: { PATH: `${directory}:/usr/bin:/bin` },
  });
  expect(ran).toEqual({
    code: 0,
    stdout: "--use-system-ca scripts/contract.ts --json\n",
    stderr: "run build\n",
  });
});

test("what the quick start writes into a clone is ignored by git, and so by the linter", () => {
  const [, directory = ""] = /demo --keep (\S+)/.exec(readPage("README.md").text) ?? [];
  expect(readFileSync(join(ROOT, ".gitignore"), "utf8").split("\n")).toContain(`${directory}/`);
});

test("docs/benchmark.md has a place for each measure of `bun run bench`, and no other", async () => {
  const { stderr } = await runCommand(
    [process.execPath, join(ROOT, "scripts/bench.ts"), "--only", "none"],
    {},
  );
  const [, known = ""] = /^error: .* known: (.*)$/m.exec(stderr) ?? [];
  const places = readPage("docs/benchmark.md").text.matchAll(
    /<!-- bench: (\w+) -->[\s\S]*?<!-- end: \1 -->/g,
  );
  expect([...places].map(([, name]) => name).sort()).toEqual(known.split(", ").sort());
});

test("the tests that hold the promises exist under the names that docs/proof.md gives", () => {
  const rows = readPage("docs/proof.md").table("## Which test covers which guarantee");
  expect(rows.length).toBeGreaterThan(15);
  for (const [, held = ""] of rows) {
    const [, file = "", name = ""] = /^(tests\/\S+): (.+)$/.exec(held) ?? [];
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    expect(readFileSync(join(ROOT, file), "utf8")).toContain(name);
  }
});

function sectionsOf(file: string): string[] {
  return [...readFileSync(join(ROOT, file), "utf8").matchAll(/^##+ (.+)$/gm)].map(([, title = ""]) => title);
}

describe("docs/architecture.md and CONTRIBUTING.md", () => {
  const { text, table } = readPage("docs/architecture.md");
  const named = [text, readPage("CONTRIBUTING.md").text].flatMap((page) =>
    [...page.matchAll(/`((?:lib|cmd|tests|scripts)\/[\w./-]+)`/g)].map(([, path = ""]) => path),
  );

  test("name files and rooms that exist", () => {
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((path) => !path.includes("NAME") && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("the table of rooms has every room of lib, and the picture shows it", () => {
    const rooms = readdirSync(join(ROOT, "lib"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    const rows = table("## The picture").map(([room = ""]) => room.replace("lib/", ""));
    expect(rows.sort()).toEqual(rooms);
    const [, picture = ""] = /## The picture\n+```\n([\s\S]*?)```/.exec(text) ?? [];
    expect(rooms.filter((room) => !new RegExp(`\\b${room}\\b`).test(picture))).toEqual([]);
  });

  test("a rule names files of lib and cmd, and each walk goes through several", () => {
    const rules = table("## Where each rule is");
    expect(rules.length).toBeGreaterThan(25);
    for (const [, files = ""] of rules)
      expect(files).toMatch(/^(?:lib|cmd)\/[\w/-]+\.ts(?:, (?:lib|cmd)\/[\w/-]+\.ts)*$/);
    const walks = [...text.matchAll(/^## From .*\n([\s\S]*?)(?=^## )/gm)].map(([walk]) => walk);
    expect(walks).toHaveLength(4);
    for (const walk of walks) expect(walk.match(/`lib\/[\w/-]+\.ts`/g)?.length).toBeGreaterThan(4);
  });
});
