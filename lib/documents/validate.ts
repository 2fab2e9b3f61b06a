// A published file held against the schema of its content and the rules that a schema cannot say, entry by entry, so
// that a snapshot of any length is checked in little memory. Says what is wrong, and where; repairs nothing.

import { basename } from "node:path";
import * as v from "valibot";
import { AppError, DocumentError } from "../errors.ts";
import { isTable, pathText } from "../json.ts";
import { isDirectory } from "../storage/text.ts";
import type { Fault, Finding, Validated } from "./finding.ts";
import { type ReadEntry, readDocument } from "./read.ts";
import { createRules } from "./rules.ts";
import { Directory, Document, Entry } from "./schema.ts";

/**
 * Every finding of the file; at its end the counts. A file that cannot be read is a finding, and no other one stops.
 */
export function* validateFile(path: string): Generator<Finding, Validated> {
  const counts = { path, entries: 0, errors: 0, warnings: 0 };
  for (const { entry, fault } of faultsOf(path, counts)) {
    const { code, level = "error", field, message } = fault;
    if (level === "error") counts.errors++;
    else counts.warnings++;
    const number = entry === null ? null : entry.number;
    const place = number === null ? "" : `result.storageResources[${number - 1}]`;
    yield {
      ...{ file: path, level, code },
      entry: number,
      itemId: entry?.itemId ?? null,
      field: field === "" || place === "" || field.startsWith("[") ? `${place}${field}` : `${place}.${field}`,
      message,
    };
  }
  return counts;
}

type Placed = { entry: { number: number; itemId: string | null } | null; fault: Fault };

function* faultsOf(path: string, counts: { entries: number }): Generator<Placed> {
  const document = readDocument(path);
  const rules = createRules(basename(path));
  const placed = (fault: Fault, number: number | null, itemId: string | null = null): Placed => ({
    entry: number === null ? null : { number, itemId },
    fault,
  });
  try {
    for (const read of document.entries) {
      counts.entries = read.number;
      const schema = isDirectory(read.value) ? Directory : Entry;
      for (const fault of [...schemaFaults(schema, read.value), ...rules.entry(read)])
        yield placed(fault, read.number, itemIdOf(read));
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    yield placed(unreadable(error), null);
    return;
  }
  for (const fault of [...schemaFaults(Document, document.frame()), ...rules.end(document.frame())])
    yield placed(fault, fault.entry ?? null, rules.itemId(fault.entry ?? null));
}

function unreadable({ message, ...error }: AppError): Fault {
  const code = error instanceof DocumentError ? "json" : "unreadable";
  return { code, field: "", message };
}

function itemIdOf({ value }: ReadEntry): string | null {
  return isTable(value) && typeof value.itemId === "string" ? value.itemId : null;
}

function* schemaFaults(schema: v.GenericSchema, value: unknown): Generator<Fault> {
  const { issues } = v.safeParse(schema, value);
  for (const issue of issues ?? []) {
    yield {
      code: "schema",
      field: pathText((issue.path ?? []).map(({ key }) => key)),
      message: messageOf(issue),
    };
  }
}

/** Patterns and lists that are not objects have words of their own. */
function messageOf({ kind, type, message, expected, received }: v.BaseIssue<unknown>): string {
  if (type === "regex" || type === "custom") return `${message}: ${received}`;
  if (received === "undefined") return "is missing";
  if (kind === "schema" && expected === "never") return "is not expected here";
  return `is ${received}, not ${expected}`;
}
