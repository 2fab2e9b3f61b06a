// Wrong indentation is one error with a message of its own, whatever the parser reports for the lines that follow.

import { describe, expect, test } from "bun:test";
import { createSite, offeringYaml, UUID } from "../config/site.ts";

const LINES = [
  "offerings:",
  "  - name: Storage",
  "    waldur_api_url: https://waldur.example.com/api/",
  `    waldur_offering_uuid: ${UUID}`,
  "    backend_type: cscs-hpc-storage",
  "    backend_settings:",
  "      output_directory: /srv/out",
  "      latest_link: true",
  "    backend_components: {}",
];

const WRONG = {
  message: "not valid YAML: wrong indentation",
  hint: expect.stringContaining("indent it like the other keys"),
};

async function issuesWith(change: (line: string, at: number) => string) {
  return (await createSite().load(`${LINES.map(change).join("\n")}\n`)).issues;
}

test.each([2, 3, 4, 5, 7, 8])("a key in line %d that is one column short", async (at) => {
  const issues = await issuesWith((line, n) => (n === at ? line.slice(1) : line));
  expect(issues).toMatchObject([{ line: at + 1, ...WRONG }]);
});

test.each([3, 4, 7])("a key in line %d that is one column too far", async (at) => {
  const issues = await issuesWith((line, n) => (n === at ? ` ${line}` : line));
  // The key above it has a value, and so can have nothing below it.
  expect(issues).toMatchObject([{ line: at, message: expect.stringContaining("indented deeper") }]);
});

describe("a tab is one mistake,", () => {
  const TAB = { message: "a tab is used as indentation", hint: "indent with spaces" };

  test("in one line", async () => {
    const issues = await issuesWith((line, n) => (n === 3 ? line.replace(/^ +/, "\t") : line));
    expect(issues).toMatchObject([{ line: 4, ...TAB }]);
  });

  test("in every line", async () => {
    const issues = await issuesWith((line) => line.replaceAll("  ", "\t"));
    expect(issues).toMatchObject([{ line: 2, ...TAB }]);
  });

  test("in the settings", async () => {
    const issues = await issuesWith((line, n) => (n === 6 || n === 7 ? line.replace(/^ +/, "    \t") : line));
    expect(issues).toMatchObject([{ line: 7, ...TAB }]);
  });
});

test("a quote, a bracket or a colon that is missing is still called that", async () => {
  for (const [at, line] of [
    [2, '    waldur_api_url: "https://waldur.example.com/'],
    [8, "    backend_components: {"],
    [4, "    backend_type"],
  ] as const) {
    const [issue] = await issuesWith((own, n) => (n === at ? line : own));
    expect(issue?.message).toContain("missing");
  }
});

test("a placeholder in a file that everybody can read is one error: there is no token to read", async () => {
  const yaml = offeringYaml({ offering: [`waldur_api_token: "\${TOKEN}"`] });
  const { issues } = await createSite().load(`offerings:\n${yaml}`, { mode: 0o644 });
  expect(issues.map(({ message }) => message)).toEqual([
    expect.stringContaining("is a placeholder that was not replaced"),
  ]);
});
