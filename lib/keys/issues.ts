// What the schema refused, as reports; and the values without it, so that the checks after the schema can continue with
// the rest.

import type * as v from "valibot";
import { pathText } from "../json.ts";
import type { Findings } from "../yaml/findings.ts";
import { isYamlMap } from "../yaml/map.ts";
import { type OfferingValues, REQUIRED } from "./schema.ts";

type Issue = v.BaseIssue<unknown>;

/** An offering without its invalid values. */
export type PartialValues = Partial<Omit<OfferingValues, "backend_settings">> & {
  backend_settings?: Partial<OfferingValues["backend_settings"]>;
};

/** The file without invalid values; null for an offering of another backend. */
export type PartialFile = { offerings?: readonly (PartialValues | null | undefined)[] };

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

/** The file without the keys whose values have an issue. */
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

/** The schema made it, and what it refused is gone. */
function isPartialFile(value: unknown): value is PartialFile {
  return isYamlMap(value);
}
