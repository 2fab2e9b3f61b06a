// When the runs of a mode succeeded last, and how the last one failed that did not: for `status`. The first is the time
// of an empty file, so that a pass that finds nothing to do writes nothing. If they are lost, `status` does not know
// these times.

import { closeSync, lutimesSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { isTable } from "../json.ts";
import { reach } from "../places/held.ts";
import { openNew } from "../places/open.ts";
import { type Mode, type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import { attempt } from "./failure.ts";
import { fileTimeMs, removeFile } from "./files.ts";
import { checkedUuid } from "./names.ts";
import { readJsonFile } from "./state-file.ts";

/** A run of one offering that ended neither with 0 nor with 10. */
export type FailedRun = { at: string; exitCode: number; message: string };

export type LastRuns = {
  /** End of the last run that ended with 0 or 10, in milliseconds; null where none is known. */
  goodMs: number | null;
  /** The last run, where it failed. */
  failed: FailedRun | null;
};

export function readLastRuns(directory: string, { mode, offering }: RunOf): LastRuns {
  const state = join(directory, STATE_DIRECTORY);
  const goodMs = fileTimeMs(join(state, goodName({ mode, offering })));
  return { goodMs, failed: parseFailed(readJsonFile(join(state, failedName({ mode, offering })))) };
}

type RunOf = { mode: Mode; offering: string };

/** The run ended with 0 or 10. */
export function noteGoodRun(output: Output, offering: string): void {
  const { mode } = output;
  // The order of the two times says nothing where a clock was set.
  removeFile(join(output.statePath, failedName({ mode, offering })));
  const path = join(output.statePath, goodName({ mode, offering }));
  const now = output.now();
  attempt("write", path, () => {
    try {
      lutimesSync(reach(path), now, now);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      closeSync(openNew(path));
      lutimesSync(reach(path), now, now);
    }
  });
}

const MOST_CHARACTERS = 1000;

export function noteFailedRun(output: Output, offering: string, run: Omit<FailedRun, "at">): void {
  const { exitCode, message } = run;
  const failed = { at: output.now().toISOString(), exitCode, message: message.slice(0, MOST_CHARACTERS) };
  const name = failedName({ mode: output.mode, offering });
  replaceFile(output, { name: name, place: "state" }, `${JSON.stringify({ version: 1, ...failed })}\n`);
}

function parseFailed(value: unknown): FailedRun | null {
  if (!isTable(value) || value.version !== 1) return null;
  const { at, exitCode, message } = value;
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return null;
  return typeof exitCode === "number" && typeof message === "string" ? { at, exitCode, message } : null;
}

function goodName({ mode, offering }: RunOf): string {
  return `good-${mode}-${checkedUuid(offering)}`;
}

function failedName({ mode, offering }: RunOf): string {
  return `failed-${mode}-${checkedUuid(offering)}.json`;
}
