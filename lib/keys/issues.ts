// What the schema objected to, as reports; and what is left of the values when those are taken out, so that the checks
// that come after the schema can continue with the rest.

import type * as v from "valibot";
import { pathText } from "../json.ts";
import type { Findings } from "../yaml/findings.ts";
import { isYamlMap } from "../yaml/map.ts";
import type { PartialFile } from "./context.ts";
import { REQUIRED } from "./schema.ts";

type Issue = v.BaseIssue<unknown>;

/**
 * Reports the first issue of each place. `meant` are the paths of keys whose name is misspelt, which is reported
 * already: they are not missing.
 */
export function reportIssues(issues: readonly Issue[], meant: ReadonlySet<string>, findings: Findings): void {
  const reported = new Set(meant);
  for (const issue of issues) {
    const path = issue.path?.map(({ key }) => (typeof key === "number" ? key : String(key))) ?? [];
    const text = pathText(path);
    if (reported.has(text)) continue;
    reported.add(text);
    const [problem = "", hint] = issue.message.split("\n", 2);
    const key = problem === "is missing" ? path.at(-1) : undefined;
    findings.at(path).error(problem, hint ?? (typeof key === "string" ? REQUIRED[key] : undefined));
  }
}

/** What is left of the file without the keys that have something wrong in them. */
export function withoutWrong(output: unknown, issues: readonly Issue[]): PartialFile {
  for (const issue of issues) {
    const path = issue.path?.map(({ key }) => String(key)) ?? [];
    const depth = path[2] === "backend_settings" ? 4 : 3;
    const last = path.slice(0, depth).at(-1);
    let holder = output;
    for (const key of path.slice(0, depth).slice(0, -1))
      holder = isHolder(holder) ? Reflect.get(holder, key) : null;
    if (last !== undefined && isHolder(holder)) Reflect.deleteProperty(holder, last);
  }
  return isPartialFile(output) ? output : {};
}

function isHolder(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The schema made it, and what it objected to is gone. */
function isPartialFile(value: unknown): value is PartialFile {
  return isYamlMap(value);
}
