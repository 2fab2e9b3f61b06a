// Which problems the last run of a mode met: when each was first met, when it was last logged as a warning, and what it
// said, for commands in between. If this file is lost, problems are logged as warnings once more, and the dates are
// lost.

import { join } from "node:path";
import { isTable } from "../json.ts";
import type { KnownProblem, ProblemMemory, Remembered } from "../report/problems.ts";
import { type Mode, type Output, STATE_DIRECTORY } from "./directory.ts";
import { replaceFile } from "./durable.ts";
import type { Damaged } from "./state.ts";
import { readJsonFile } from "./state-file.ts";

export function readProblemMemory(directory: string, mode: Mode, damaged: Damaged = []): ProblemMemory {
  const path = join(directory, STATE_DIRECTORY, problemFile(mode));
  const value = readJsonFile(path);
  if (!isTable(value) || value.version !== 1 || !isTable(value.problems)) {
    if (value !== null) damaged.push(path);
    return new Map();
  }
  const known = isTable(value.known) ? value.known : {};
  return new Map(
    Object.entries(value.problems).flatMap(([key, at]): [string, Remembered][] =>
      typeof at === "number" ? [[key, remembered(at, known[key])]] : [],
    ),
  );
}

/**
 * Writes nothing when nothing changed, so that a steady run leaves the disk alone.
 * @param hide takes secrets out of a text, because messages quote what a server says
 */
export function writeProblemMemory(
  output: Output,
  memory: ProblemMemory,
  hide: (text: string) => string,
): void {
  const text = hide(memoryText(memory));
  if (text === memoryText(readProblemMemory(output.directory, output.mode))) return;
  replaceFile(output, { name: problemFile(output.mode), place: "state" }, text);
}

/** Version 0.1 reads and writes `problems` alone. */
function memoryText(memory: ProblemMemory): string {
  const entries = [...memory].sort(([one], [other]) => (one < other ? -1 : 1));
  const problems = Object.fromEntries(entries.map(([key, { warnedAt }]) => [key, warnedAt]));
  const known = entries.flatMap(([key, { since, known }]) =>
    known === undefined ? [] : [[key, { since, ...known }]],
  );
  const kept = known.length === 0 ? {} : { known: Object.fromEntries(known) };
  return `${JSON.stringify({ version: 1, problems, ...kept })}\n`;
}

function remembered(warnedAt: number, value: unknown): Remembered {
  if (!isTable(value) || typeof value.since !== "number") return { warnedAt, since: warnedAt };
  const { since, code, message, isNotice, count, ...others } = value;
  if (typeof code !== "string" || typeof message !== "string") return { warnedAt, since };
  return {
    warnedAt,
    since,
    known: {
      code,
      ...textsOf(others),
      message,
      ...(isNotice === true ? { isNotice } : {}),
      ...(typeof count === "number" ? { count } : {}),
    },
  };
}

const TEXTS = ["offering", "order", "resource", "resourceName", "project", "field", "hint"] as const;

function textsOf(value: Readonly<Record<string, unknown>>): Partial<KnownProblem> {
  return Object.fromEntries(
    TEXTS.map((key) => [key, value[key]]).filter(([, text]) => typeof text === "string"),
  );
}

function problemFile(mode: Mode): string {
  return `problems-${mode}.json`;
}
