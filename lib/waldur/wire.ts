// What every answer of Waldur is checked with: the kinds of values, the words for what is wrong with one, the uuid that
// no row may lack. Only what is used is asked for (`field=`) and checked; the lists of fields are beside the schemas
// in wire-resource.ts, wire-order.ts and wire-offering.ts. Only they use snake case.

import * as v from "valibot";
import { AnswerError } from "../errors.ts";
import { isTable } from "../json.ts";
import { isPlainUuid, plainUuid } from "../uuid.ts";

/** What to do about a value that Waldur should not have. */
export const UNUSABLE = "check it in Waldur; if nothing is wrong there, report this line";

/** A uuid in any spelling, as 32 lower-case hex digits. */
export const Uuid = v.pipe(
  v.string(),
  v.check((text) => plainUuid(text) !== null, "is not a uuid"),
  v.transform((text) => plainUuid(text) ?? text),
);
/** A text; null and absent mean an empty one. */
export const Text = v.nullish(v.string(), "");
/** A JSON object; null and absent mean an empty one. Taken as it is: a copy of each would be a tenth of a sync. */
export const Table = v.nullish(v.custom<Readonly<Record<string, unknown>>>(isTable, "an object"), {});

const AnyRow = v.object({ uuid: Uuid });

/** The uuid of any row; a list cannot be proved complete without it. */
export function parseUuid(row: unknown, what: string): string {
  if (isTable(row) && isPlainUuid(row.uuid)) return row.uuid;
  return parseOrThrow(AnyRow, row, what).uuid;
}

/** A list answer: a bare JSON array. */
export function parseRows(body: unknown, path: string): readonly unknown[] {
  if (Array.isArray(body)) return body;
  throw new AnswerError(`GET ${path} gave ${body === null ? "null" : typeof body} instead of a list`);
}

const UNREAD = Symbol("unread");

/** A row of which only the outline could be read, being too large as a whole; `why` is a message about `(row)`. */
export function unreadRow(outline: unknown, why: string): unknown {
  return isTable(outline) ? { ...outline, [UNREAD]: why } : outline;
}

/** Why a row was not read as a whole; null for every other one. */
export function unreadFault(row: unknown): WireFault | null {
  if (!isTable(row) || !(UNREAD in row)) return null;
  return { fault: { field: "(row)", message: String(row[UNREAD]) } };
}

/** Why a row could not be read: the field, and what is wrong with it. */
export type WireFault = { fault: { field: string; message: string } };

export function isFault(value: object): value is WireFault {
  return "fault" in value;
}

/** What is wrong with a row, by the first thing that is. */
export function faultOf(issue: v.BaseIssue<unknown>): WireFault {
  const field = v.getDotPath(issue) ?? "";
  return { fault: { field: field === "" ? "(row)" : field.slice(0, 80), message: wordsOf(issue) } };
}

/** valibot quotes the received value in its messages; it may be personal, so only its kind is shown. */
function wordsOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation")
    return issue.message.startsWith("is ") ? issue.message : `must be ${issue.expected}`;
  if (issue.input === undefined) return "is missing";
  const kind = issue.input === null ? "null" : Array.isArray(issue.input) ? "a list" : typeof issue.input;
  const expected = issue.type === "custom" ? issue.message : (issue.expected ?? "something else");
  return `must be ${expected}, not ${kind}`;
}

/** For answers without which nothing can be done; throws `AnswerError`. */
export function parseOrThrow<Schema extends v.GenericSchema>(schema: Schema, value: unknown, what: string) {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { fault } = faultOf(parsed.issues[0]);
  throw new AnswerError(`Waldur's answer about ${what} is unusable: ${fault.field} ${fault.message}`, {
    hint: UNUSABLE,
  });
}
