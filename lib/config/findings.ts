// Collects everything that is wrong or doubtful in the configuration file, so that one run shows it all in the order
// of the file.

import type { ConfigIssue } from "../errors.ts";
import type { Path, YamlDocument } from "./yaml.ts";

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
  errors(): ConfigIssue[];
  warnings(): ConfigIssue[];
};

type Found = { offset: number; issue: ConfigIssue };

export function createFindings(file: string, document: YamlDocument): Findings {
  const errors: Found[] = [];
  const warnings: Found[] = [];
  const reportAt = (path: Path, offset: number): Report => {
    const locate = (message: string, hint: string | undefined): Found => {
      const at = { file, ...document.positionOf(offset), path: textOf(path) };
      return { offset, issue: { ...at, message, ...(hint && { hint }) } };
    };
    return {
      error: (message, hint) => errors.push(locate(message, hint)),
      warn: (message, hint) => warnings.push(locate(message, hint)),
    };
  };
  return {
    at: (path) => reportAt(path, document.placeOf(path).value),
    atKey: (path) => reportAt(path, document.placeOf(path).key),
    errors: () => inFileOrder(errors),
    warnings: () => inFileOrder(warnings),
  };
}

/** Such as `offerings[0].backend_settings.mount_point`. */
export function textOf(path: Path): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}

function inFileOrder(found: readonly Found[]): ConfigIssue[] {
  return found.toSorted((a, b) => a.offset - b.offset).map(({ issue }) => issue);
}
