// Findings as people read them, one a line, and as programs do. Of one kind in a file the first hundred have a line.

import { jsonParts } from "../report/text.ts";
import { clean } from "../unsafe-text.ts";
import { collectedPieces } from "./diff-text.ts";
import type { Finding, Validated } from "./finding.ts";
import { validateFile } from "./validate.ts";

/** Pieces of text; `files` gets what was found of each file, as it is read. */
export function validateText(paths: readonly string[], files: Validated[]): Iterable<string> {
  return collectedPieces(linesOf(paths, files));
}

const MOST_LINES = 100;

function* linesOf(paths: readonly string[], files: Validated[]): Generator<string> {
  for (const path of paths) {
    const counts = new Map<Finding["code"], number>();
    const found = validateFile(path);
    let next = found.next();
    for (; !next.done; next = found.next()) {
      const count = (counts.get(next.value.code) ?? 0) + 1;
      counts.set(next.value.code, count);
      if (count <= MOST_LINES) yield `${clean(lineOf(next.value))}\n`;
    }
    for (const [code, count] of counts)
      if (count > MOST_LINES) yield `${path}: and ${count - MOST_LINES} more of ${code}; --json lists all\n`;
    files.push(next.value);
    yield `${clean(counts.has("unreadable") ? `${path}: not checked` : resultOf(next.value))}\n`;
  }
}

/** Like those of compilers, for editors and grep. */
function lineOf({ file, level, code, entry, itemId, field, message }: Finding): string {
  const place = entry === null ? [] : [`entry ${entry}${itemId === null ? "" : ` (${itemId})`}`];
  const name = field.replace(/^result\.storageResources\[\d+\]\.?/, "");
  const [at, words] = entry === null ? [field, message] : [name, message];
  // That says all in plain words.
  if (code === "unreadable") return `${level}: ${words}`;
  const text = code === "json" ? [words] : [file, ...place, ...(at === "" ? [] : [at]), words];
  return `${level}: ${text.join(": ")} (${code})`;
}

function resultOf({ path, entries, errors, warnings }: Validated): string {
  const found = [numbered(errors, "error"), ...(warnings > 0 ? [numbered(warnings, "warning")] : [])].join(
    ", ",
  );
  return `${path}: ${errors === 0 ? "valid" : "INVALID"}, ${numbered(entries, "entry", "entries")}, ${found}`;
}

function numbered(count: number, one: string, many = `${one}s`): string {
  return `${count === 0 ? "no" : count} ${count === 1 ? one : many}`;
}

export function validateJson(paths: readonly string[], files: Validated[]): Iterable<string> {
  return collectedPieces(jsonParts({ findings: findingsOf(paths, files), files }));
}

function* findingsOf(paths: readonly string[], files: Validated[]): Generator<Finding> {
  for (const path of paths) files.push(yield* validateFile(path));
}
