// Collects everything that is wrong or doubtful in the configuration file, so that one run shows it all in the order
// of the file.

import type { ConfigIssue } from "../errors.ts";

/** Where something is: its key path, and the offset in the text of the configuration file. */
export type Place = { path: string; offset: number };

export type Findings = {
  error(place: Place, message: string, hint?: string): void;
  warn(place: Place, message: string, hint?: string): void;
  errors(): ConfigIssue[];
  warnings(): ConfigIssue[];
};

type Found = { offset: number; issue: ConfigIssue };
type Position = { line: number; column: number };

export function createFindings(file: string, positionOf: (offset: number) => Position): Findings {
  const errors: Found[] = [];
  const warnings: Found[] = [];
  const locate = (place: Place, message: string, hint: string | undefined): Found => ({
    offset: place.offset,
    issue: { file, ...positionOf(place.offset), path: place.path, message, ...(hint && { hint }) },
  });
  return {
    error: (place, message, hint) => errors.push(locate(place, message, hint)),
    warn: (place, message, hint) => warnings.push(locate(place, message, hint)),
    errors: () => inFileOrder(errors),
    warnings: () => inFileOrder(warnings),
  };
}

function inFileOrder(found: readonly Found[]): ConfigIssue[] {
  return found.toSorted((a, b) => a.offset - b.offset).map(({ issue }) => issue);
}
