// The YAML of the configuration file as a tree that still knows its places. Refuses whatever could be read in two ways:
// duplicate keys, several documents, unknown tags, aliases that loop or explode. Nothing it says quotes the source,
// because the line with the mistake may be the one with the token (the parser's own messages do quote it).

import { LineCounter, type Node, parseDocument } from "yaml";
import { ConfigError, type ConfigIssue } from "../errors.ts";
import { linkTree, type TreeProblem } from "./yaml-links.ts";

export type YamlTree = {
  /** null for an empty file. */
  root: Node | null;
  /** The node itself, or what an alias stands for. */
  resolve(node: Node): Node;
  positionOf(offset: number): { line: number; column: number };
};

const MAX_SYNTAX_ISSUES = 10;

/** Parses the text of the configuration file; throws ConfigError with every syntax problem, located. */
export function parseYaml(text: string, file: string): YamlTree {
  const lines = new LineCounter();
  const { root, problems } = parseText(text, lines);
  const links = root === null || problems.length > 0 ? null : linkTree(root);
  const found = problems.length > 0 ? problems : (links?.problems ?? []);
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (found.length > 0) {
    throw new ConfigError(
      oneALine(found.map(({ offset, ...problem }) => ({ file, ...positionOf(offset), ...problem }))),
    );
  }
  return { root, resolve: (node) => links?.targets.get(node) ?? node, positionOf };
}

/** Duplicate keys are looked for in `linkTree`: the parser's own search takes quadratic time. */
function parseText(text: string, lineCounter: LineCounter): { root: Node | null; problems: TreeProblem[] } {
  const document = parseDocument(text, {
    version: "1.2",
    merge: true,
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    lineCounter,
  });
  const problems = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    offset: pos[0],
    ...describeSyntax(code),
  }));
  return { root: document.contents, problems };
}

type Description = { message: string; hint?: string };

const BAD_CHARACTER: Description = {
  message: "not valid YAML: a character is not allowed here",
  hint: "put the value in single quotes",
};

/** The parser's codes that deserve better words; its messages are not used, they quote the source. */
const SYNTAX: Readonly<Record<string, Description>> = {
  TAB_AS_INDENT: { message: "a tab is used as indentation", hint: "indent with spaces" },
  MULTIPLE_DOCS: {
    message: "the file holds more than one YAML document",
    hint: "remove what follows the second `---`",
  },
  TAG_RESOLVE_FAILED: { message: "this YAML tag (`!…`) is not supported" },
  MISSING_CHAR: {
    message: "not valid YAML: a colon, quote or bracket is missing",
    hint: "look at the lines above, too",
  },
  BAD_INDENT: { message: "not valid YAML: wrong indentation" },
  RESOURCE_EXHAUSTION: { message: "nested too deeply" },
  BAD_SCALAR_START: BAD_CHARACTER,
  BAD_DQ_ESCAPE: BAD_CHARACTER,
};

function describeSyntax(code: string): Description {
  return SYNTAX[code] ?? { message: `not valid YAML (${code.toLowerCase().replaceAll("_", " ")})` };
}

/** A broken line makes the parser complain several times; the first complaint is the telling one. */
function oneALine(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const lines = new Map<number, ConfigIssue>();
  for (const issue of issues) {
    const line = issue.line ?? 1;
    if (!lines.has(line)) lines.set(line, issue);
  }
  return [...lines.values()].toSorted((a, b) => (a.line ?? 1) - (b.line ?? 1)).slice(0, MAX_SYNTAX_ISSUES);
}
