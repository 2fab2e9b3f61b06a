// The YAML of the configuration file as values and their places. Refuses what could be read in two ways: duplicate
// keys, several documents, unknown tags, aliases that loop or explode. No message quotes the source, as those of the
// library do, because the line with the error may be the one with the token.

import { LineCounter, type Node, parseDocument } from "yaml";
import { ConfigError, type ConfigIssue } from "../errors.ts";
import { isYamlMap, type Path, type Place, type Places } from "./map.ts";
import { readValues, type TreeProblem } from "./values.ts";

const MAX_SYNTAX_ISSUES = 10;

/** Parses the text of the configuration file; throws ConfigError with every syntax problem, located. */
export function parseYaml(
  text: string,
  file: string,
  isNamed: (key: string) => boolean,
): Places & { root: unknown } {
  const lines = new LineCounter();
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const throwAny = (problems: readonly TreeProblem[]) => {
    if (problems.length === 0) return;
    const located = problems.map(({ offset, ...problem }) => ({ file, ...positionOf(offset), ...problem }));
    throw new ConfigError(oneALine(located));
  };
  const { root, problems } = parseText(text, lines);
  throwAny(problems);
  const start = root?.range?.[0] ?? 0;
  const top: Place = { key: start, value: start, isAnchored: false };
  if (root === null) return { root, placeOf: () => top, positionOf };
  const values = readValues(root, isNamed);
  throwAny(values.problems);
  const placeOf = (path: Path) => {
    let value = values.root;
    let place = top;
    for (const key of path) {
      const next =
        value instanceof Object || isYamlMap(value) ? values.places.get(value)?.get(key) : undefined;
      if (next === undefined) return { ...place, key: place.value, isAnchored: false };
      place = next;
      value = isYamlMap(value) ? value[key] : Array.isArray(value) ? value[Number(key)] : null;
    }
    return place;
  };
  return { root: values.root, placeOf, positionOf };
}

/** Duplicate keys are looked for in `readValues`: the parser's own search takes quadratic time. */
function parseText(text: string, lineCounter: LineCounter): { root: Node | null; problems: TreeProblem[] } {
  const document = parseDocument(text, {
    version: "1.2",
    merge: true,
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    lineCounter,
  });
  const problems = [...document.errors, ...document.warnings].map(({ code, pos: [offset] }) => ({
    offset,
    ...(isOutOfLine(text, offset) ? WRONG_INDENT : describeSyntax(code, offset >= text.trimEnd().length)),
  }));
  return { root: document.contents, problems };
}

type Description = Omit<TreeProblem, "offset">;

const BAD_CHARACTER: Description = {
  message: "not valid YAML: a character is not allowed here",
  hint: "put the value in single quotes",
};

const TAB: Description = { message: "a tab is used as indentation", hint: "indent with spaces" };

const WRONG_INDENT: Description = {
  message: "not valid YAML: wrong indentation",
  hint: "indent it like the other keys of the same map",
};

const TOO_DEEP: Description = {
  message: "not valid YAML: the next line is indented deeper, but this key already has a value",
  hint: "indent the next line like this one",
};

const INDENTATION: readonly string[] = [TAB, WRONG_INDENT, TOO_DEEP].map(({ message }) => message);

const MISSING: Description = {
  message: "not valid YAML: a colon, quote or bracket is missing",
  hint: "check the lines above, too",
};

/** Messages for the parser's codes; its own messages are not used, because they quote the source. */
const SYNTAX: Readonly<Record<string, Description>> = {
  TAB_AS_INDENT: TAB,
  MULTIPLE_DOCS: {
    message: "the file holds more than one YAML document",
    hint: "remove what follows the second `---`",
  },
  TAG_RESOLVE_FAILED: {
    message: "this YAML tag (`!…`) is not supported",
    hint: "placeholders are not replaced: write the value itself; the token may come from a file or WALDUR_API_TOKEN",
  },
  MISSING_CHAR: MISSING,
  MULTILINE_IMPLICIT_KEY: MISSING,
  BLOCK_AS_IMPLICIT_KEY: TOO_DEEP,
  BAD_INDENT: WRONG_INDENT,
  RESOURCE_EXHAUSTION: { message: "nested too deeply" },
  BAD_SCALAR_START: BAD_CHARACTER,
  BAD_DQ_ESCAPE: BAD_CHARACTER,
};

/** At the end of the file the error is something above that was not closed. */
function describeSyntax(code: string, isAtEnd: boolean): Description {
  if (code === "BAD_INDENT" && isAtEnd) return MISSING;
  return SYNTAX[code] ?? { message: `not valid YAML (${code.toLowerCase().replaceAll("_", " ")})` };
}

const KEY = /^ *(?:- +)*(?=["'\w][^:]*:(?:\s|$))/;

/**
 * A key that begins its line in a column where none above it does, be they keys of a map or after a dash. The parser
 * then misses a colon there.
 */
function isOutOfLine(text: string, offset: number): boolean {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const [line = ""] = text.slice(start).split("\n", 1);
  const own = KEY.exec(line)?.[0];
  if (own === undefined || offset > start + own.length) return false;
  const above = text.slice(0, start).split("\n");
  const columns = above.flatMap((one) => {
    const found = KEY.exec(one)?.[0] ?? "";
    return found === "" ? [] : [found.length, found.search(/[^ ]|$/)];
  });
  return own.length > 0 && !columns.includes(own.length);
}

/**
 * The parser reports several errors for one wrong line, of which only the first is useful, and none is after a wrong
 * indentation.
 */
function oneALine(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const lines = new Map<number, ConfigIssue>();
  for (const issue of issues.toSorted((a, b) => (a.line ?? 1) - (b.line ?? 1))) {
    const line = issue.line ?? 1;
    if (!lines.has(line)) lines.set(line, issue);
    if (INDENTATION.includes(issue.message)) break;
  }
  return [...lines.values()].slice(0, MAX_SYNTAX_ISSUES);
}
