// GID maps are scanned by code of our own, which is fast and knows every place. Whatever it takes, it reads as a parser
// does: the YAML library, which is asked for text instead of numbers, and the runtime's own for JSON.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseDocument } from "yaml";
import { readGidFile } from "../../../lib/gid-map/read.ts";
import { createSite } from "../config/site.ts";

/** Mostly what is taken, so that whole maps are, too. */
const mostly = (taken: readonly string[], odd: readonly string[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...taken) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
const joined = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(""));

const SLUGS = ["a", "b", "c-1", "-", "--", "0123", "1e5", "true", "null", '"d"', "'e'"];
const line = fc.oneof(
  {
    weight: 5,
    arbitrary: joined(
      mostly([""], [" ", "\t", "\u00a0", "- "]),
      mostly(SLUGS, ["---", "~", "a:b", "a#b", '"f', "'g''", "? h", "*i"]),
      mostly(["", " "], ["\t", "\u00a0"]),
      mostly([": ", ":  ", ":\t"], [":", ":\u00a0"]),
      mostly(["1", "30001", "4294967294"], ["0x1", "1_0", "'7'", "&x 1", "[1]", "1 2", "!!int 1"]),
      mostly(["", " ", " # x", "\r"], ["#x", "\t# x", "\u00a0", "\r# x"]),
    ),
  },
  {
    weight: 1,
    arbitrary: joined(
      mostly(["", "# x", "  # x"], ["---", "...", "---x", "%YAML 1.2"]),
      mostly([""], [" # x", "\t"]),
    ),
  },
);
const yaml = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => `${lines.join("\n")}\n`);

const blank = mostly(["", " ", "\n", "\t", "\r\n"], ["\u00a0", "\v"]);
const pair = joined(
  ...[blank, mostly(['"a"', '"b"', '"c"', '"a\\u0062"'], ['"d', "e", '"f\tg"', '"\\x"']), blank],
  ...[
    fc.constant(":"),
    blank,
    mostly(["1", "30001", "4294967294"], ["01", "1.0", "1e3", '"1"', "[1]"]),
    blank,
  ],
);
const pairs = fc.array(pair, { minLength: 1, maxLength: 3 }).map((all) => all.join(","));
const json = joined(blank, fc.constant("{"), pairs, mostly(["}"], ["},", "}}", ",}", ""]), blank);

async function expectAlike(
  name: string,
  all: fc.Arbitrary<string>,
  parse: (text: string) => Record<string, number>,
) {
  const site = createSite();
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(all, async (content) => {
      const map = await readGidFile(site.write(name, content));
      if ("problem" in map || map.issues.length > 0) return;
      taken += 1;
      expect(Object.fromEntries(map.gids)).toEqual(parse(content));
    }),
    { numRuns: 1500 },
  );
  // A scanner that takes nothing would agree with everybody.
  expect(taken).toBeGreaterThan(150);
}

test("a map that is taken as YAML is what the YAML library reads", () =>
  expectAlike("gids.yaml", yaml, (content) => {
    const document = parseDocument(content, { schema: "failsafe" });
    if (document.errors.length > 0) throw document.errors[0];
    const map: Record<string, string> = document.toJS();
    return Object.fromEntries(Object.entries(map).map(([slug, gid]) => [slug, Number(gid)]));
  }));

test("a map that is taken as JSON is what the runtime reads", () =>
  expectAlike("gids.json", json, (content) => JSON.parse(content)));
