// Notes what was found of each item, and which items failed, so that those which need them are skipped.

import { type AppError, ConfigError, type ConfigIssue, type ExitCode, formatIssue } from "../errors.ts";
import type { Finding as AnyFinding } from "../output/trust.ts";
import type { Finding, ItemName } from "./report.ts";

type More = Pick<Finding, "hint" | "counts" | "problems">;

export type Findings = {
  ok(item: ItemName, message: string, more?: More): void;
  warn(item: ItemName, message: string, more?: More): void;
  /** `exitCode` is what a run would end with for this. */
  fail(item: ItemName, message: string, more: More & { exitCode: ExitCode }): void;
  /** An error that a run would end with; of the configuration each mistake by itself. */
  failWith(item: ItemName, error: AppError): void;
  /** Notes that these were not looked at. */
  skip(items: readonly ItemName[], needs: ItemName): void;
  hasFailed(item: ItemName): boolean;
};

export function createFindings(offering: string | null, add: (finding: Finding) => void): Findings {
  const failed = new Set<ItemName>();
  const note = (finding: Omit<Finding, "offering">) => {
    if (finding.status === "fail") failed.add(finding.item);
    add({ offering, ...finding });
  };
  const fail: Findings["fail"] = (item, message, more) =>
    note({ item, status: "fail", message, ...withoutEmpty(more), exitCode: more.exitCode });
  return {
    ok: (item, message, more = {}) => note({ item, status: "ok", message, ...withoutEmpty(more) }),
    warn: (item, message, more = {}) => note({ item, status: "warn", message, ...withoutEmpty(more) }),
    fail,
    failWith(item, error) {
      const { exitCode } = error;
      const issues: readonly (Pick<ConfigIssue, "hint"> & { text: string })[] =
        error instanceof ConfigError
          ? error.issues.map((issue) => ({ text: formatIssue(issue), hint: issue.hint }))
          : [{ text: error.message, hint: error.hint }];
      for (const { text, hint } of issues) fail(item, text, { hint: hint ?? remedyOf(item), exitCode });
    },
    skip(items, needs) {
      for (const item of items) note({ item, status: "skipped", message: `needs ${needs}`, needs });
    },
    hasFailed: (item) => failed.has(item),
  };
}

/** Where the error itself has none. */
function remedyOf(item: ItemName): string {
  if (item === "configuration") return "correct it there; `schema config` describes each key";
  if (PLACES.includes(item)) return "check the directory, and its file system (`dmesg`)";
  return "check the log of Waldur, or of a proxy in front of it, at this time";
}

const PLACES: readonly ItemName[] = [
  "output-directory",
  "latest-link",
  "state-directory",
  "lock",
  "acks",
  "metrics-file",
];

export function hintOf(hint: AnyFinding["hint"] | undefined): Pick<Finding, "hint"> {
  return hint === undefined || hint === "" ? {} : { hint };
}

function withoutEmpty({ hint, counts, problems }: More): More {
  return {
    ...hintOf(hint),
    ...(counts === undefined ? {} : { counts }),
    ...(problems === undefined ? {} : { problems }),
  };
}
