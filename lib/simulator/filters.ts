// Query parameters of lists. Names that this server does not know are ignored without a word, like the real one does;
// values that it does not know are a 400 that names them all.

import { type Answer, json } from "./answers.ts";
import { parseUuid } from "./identity.ts";

/** The checked parameters, or the 400. */
export type Checked<T> = { ok: true; value: T } | { ok: false; answer: Answer };

type Complaints = Record<string, string[]>;

export function checked<T>(value: T, complaints: Complaints): Checked<T> {
  return Object.keys(complaints).length === 0
    ? { ok: true, value }
    : { ok: false, answer: json(400, complaints) };
}

/** A parameter that repeats; each value must be one of the choices. undefined when it is absent. */
export function choices(
  query: URLSearchParams,
  name: string,
  { known, complaints }: { known: readonly string[]; complaints: Complaints },
): readonly string[] | undefined {
  const values = query.getAll(name).filter((value) => value !== "");
  const unknown = values.find((value) => !known.includes(value));
  if (unknown !== undefined) complaints[name] = [notAChoice(unknown)];
  return values.length === 0 ? undefined : values;
}

/** Of a repeated parameter the last one counts. Newer servers take a comma-separated list where `csv` says so. */
export function uuids(
  query: URLSearchParams,
  name: string,
  { csv = false, complaints }: { csv?: boolean; complaints: Complaints },
): readonly string[] | undefined {
  const text = query.getAll(name).at(-1) ?? "";
  if (text === "") return undefined;
  const parsed = (csv ? text.split(",") : [text]).map(parseUuid);
  const good = parsed.filter((uuid) => uuid !== undefined);
  if (good.length !== parsed.length) complaints[name] = ["Enter a valid UUID."];
  return good;
}

/** `o=`: names with or without a minus, separated by commas. Empty when it is absent. */
export function ordering(
  query: URLSearchParams,
  known: readonly string[],
  complaints: Complaints,
): readonly string[] {
  const names = (query.getAll("o").at(-1) ?? "").split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name.replace(/^-/, "")));
  if (unknown !== undefined) complaints.o = [notAChoice(unknown)];
  return names;
}

function notAChoice(value: string): string {
  return `Select a valid choice. ${value} is not one of the available choices.`;
}
