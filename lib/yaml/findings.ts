// Collects all errors and warnings about a configuration file, so that one run reports all of them, in the order of the
// file.

import type { ConfigIssue, IssuePlace } from "../errors.ts";
import { pathText } from "../json.ts";
import type { Document } from "./document.ts";
import type { Path } from "./map.ts";

/** Reports about one place. */
export type Report = {
  error(message: string, hint?: string): void;
  warn(message: string, hint?: string): void;
};

export type Findings = {
  /** About the value of a key; about the map around it when the key is missing. */
  at(path: Path): Report;
  /** About a key itself. */
  atKey(path: Path): Report;
  /** The place of a value, for what is found after the file was read. */
  placeOf(path: Path): Promise<IssuePlace>;
  /** What was reported so far, with its place. */
  located(): Promise<{ errors: ConfigIssue[]; warnings: ConfigIssue[] }>;
};

type Finding = {
  path: Path;
  of: "key" | "value";
  kind: "errors" | "warnings";
  message: string;
  hint?: string;
};

export function createFindings(file: string, document: Document): Findings {
  const found: Finding[] = [];
  const reportAt = (path: Path, of: Finding["of"]): Report => {
    const add = (kind: Finding["kind"], message: string, hint: string | undefined) =>
      found.push({ path, of, kind, message, ...(hint && { hint }) });
    return {
      error: (message, hint) => add("errors", message, hint),
      warn: (message, hint) => add("warnings", message, hint),
    };
  };
  const locate = async (): Promise<{ offset: number; kind: Finding["kind"]; issue: ConfigIssue }[]> => {
    if (found.length === 0) return [];
    const { placeOf, positionOf } = await document.places();
    return found.map(({ path, of, kind, ...words }) => {
      const offset = placeOf(path)[of];
      return { offset, kind, issue: { file, ...positionOf(offset), path: pathText(path), ...words } };
    });
  };
  return {
    at: (path) => reportAt(path, "value"),
    atKey: (path) => reportAt(path, "key"),
    async placeOf(path) {
      const { placeOf, positionOf } = await document.places();
      return { file, ...positionOf(placeOf(path).value), path: pathText(path) };
    },
    async located() {
      const inOrder = (await locate()).toSorted((a, b) => a.offset - b.offset);
      const of = (wanted: Finding["kind"]) =>
        inOrder.flatMap(({ kind, issue }) => (kind === wanted ? [issue] : []));
      return { errors: of("errors"), warnings: of("warnings") };
    },
  };
}
