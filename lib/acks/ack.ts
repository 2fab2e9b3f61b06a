// What a provisioner answers to an order, `{order}.json` in the directory of acks (docs/contract.md, "Answers").
// Anybody who can write there wrote it, so everything in it is checked, and no message of ours repeats any of it.

import { isTable, parseJson } from "../json.ts";
import { clean } from "../unsafe-text.ts";

/** `done`: the storage is as the order's file says. `erred`: it cannot be done, and why. */
export type Ack = { result: "done" | "erred"; message?: string; backendId?: string };

/** An ack has three short values. */
export const LARGEST_BYTES = 65_536;
/** What of a message reaches Waldur. */
const LONGEST_MESSAGE = 500;
const LONGEST_BACKEND_ID = 255;

/** The ack in the bytes of a file, or in words what is wrong with it. */
export function parseAck(bytes: Uint8Array): Ack | { fault: string } {
  if (bytes.length > LARGEST_BYTES) return { fault: "has more than 64 KiB" };
  if (bytes.length === 0) return { fault: "is empty" };
  const text = decode(bytes);
  if (text === null) return { fault: "is not UTF-8" };
  return checkAck(parseJson(text));
}

/** The same of a parsed value. */
export function checkAck(value: unknown): Ack | { fault: string } {
  if (value === undefined) return { fault: "is not JSON, or is incomplete" };
  if (!isTable(value)) return { fault: "is not a JSON object" };
  const { result, message = null, backendId = null, ...rest } = value;
  if (Object.keys(rest).length > 0) return { fault: "has keys other than result, message and backendId" };
  if (result !== "done" && result !== "erred")
    return { fault: 'has a result that is neither "done" nor "erred"' };
  if (message !== null && typeof message !== "string") return { fault: "has a message that is not text" };
  if (backendId !== null && typeof backendId !== "string")
    return { fault: "has a backendId that is not text" };
  const [said, id] = [oneLine(message ?? ""), (backendId ?? "").trim()];
  const fault = id === "" ? null : backendIdFault(id);
  if (fault !== null) return { fault };
  if (id !== "" && result === "erred") return { fault: "is erred, but has a backendId" };
  return { result, ...(said === "" ? {} : { message: said }), ...(id === "" ? {} : { backendId: id }) };
}

/** As Waldur gets it: one line, without control characters, not longer than people read. */
export function oneLine(text: string): string {
  return [...clean(text).replace(/\s+/gu, " ").trim()].slice(0, LONGEST_MESSAGE).join("").trim();
}

/** A backend id with a slash is a path, and then it must be the one that was published. */
export function fitsPath({ backendId }: Pick<Ack, "backendId">, published: string): boolean {
  return backendId === undefined || !/[/\\]/.test(backendId) || backendId === published;
}

export function isSameAck(one: Ack, other: Ack): boolean {
  return one.result === other.result && one.message === other.message && one.backendId === other.backendId;
}

/** The text of an ack's file. */
export function ackText({ result, message, backendId }: Ack): string {
  return `${JSON.stringify({ result, message, backendId })}\n`;
}

function backendIdFault(id: string): string | null {
  if (clean(id) !== id) return "has a backendId with a control or format character";
  return [...id].length > LONGEST_BACKEND_ID ? "has a backendId of more than 255 characters" : null;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
