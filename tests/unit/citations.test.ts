// Comments cite sections of docs/ and other files; the compiler does not follow them, so a test does.

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "pathe";
import { codeIn, filesIn, textOf } from "../source-text.ts";

const root = resolve(import.meta.dir, "../..");

/** A page by its path, then perhaps a section in double quotes, perhaps in brackets or on the next line. */
const CITATION = /\b(docs\/[\w-]+\.md)(?:,?(?:\s|\/\/|\*)+\(?"([^"]+)")?/g;

type Citation = { file: string; page: string; section: string | undefined };

function citationsIn(directory: string): Citation[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(directory, name);
      const found = readFileSync(join(root, file), "utf8").matchAll(CITATION);
      return [...found].map(([, page = "", section]) => ({ file, page, section }));
    });
}

function sectionsOf(page: string): string[] {
  const headings = readFileSync(join(root, page), "utf8").matchAll(/^## (.+)$/gm);
  return [...headings].map(([, heading = ""]) => heading);
}

const citations = ["lib", "cmd", "tests", "scripts"].flatMap(citationsIn);

test("finds the citations that it is to judge", () => {
  expect(citations.filter(({ section }) => section !== undefined).length).toBeGreaterThan(40);
});

test("every page that a comment cites exists", () => {
  const pages = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
  expect(citations.filter(({ page }) => !pages.includes(page))).toEqual([]);
});

test.each(["docs/contract.md", "docs/waldur.md"])(
  "every section of %s that a comment cites exists",
  (page) => {
    const sections = sectionsOf(page);
    const wrong = citations.filter(
      ({ page: cited, section }) => cited === page && section !== undefined && !sections.includes(section),
    );
    expect(wrong).toEqual([]);
  },
);

const sources = ["lib", "cmd", "scripts", "tests"].flatMap((directory) => filesIn(directory));

/** Comments that have lines of their own. */
function commentsIn(file: string): string[] {
  return textOf(file)
    .split("\n")
    .filter((line) => line.trim() !== "" && codeIn(line) === "");
}

test("a file that a comment names exists, in the same directory or by its path in the project", () => {
  const named = sources.flatMap((file) =>
    [
      ...commentsIn(file)
        .join("\n")
        .matchAll(/(?<![\w/.-])[\w/-][\w./-]*\.ts\b/g),
    ].map(([name]) => ({ file, name })),
  );
  expect(named.length).toBeGreaterThan(40);
  const wrong = named.filter(
    ({ file, name }) => ![join(root, name), join(root, dirname(file), name)].some((path) => existsSync(path)),
  );
  expect(wrong).toEqual([]);
});
