// What the tests of lib/documents share: files to read, documents of ours, and those that the Python plugin wrote.

import { writeFileSync } from "node:fs";
import { join } from "pathe";
import type { DocumentMeta, StorageResource } from "../../../lib/storage/document.ts";
import { documentText } from "../../../lib/storage/text.ts";
import { scratchDirectory } from "../../scratch.ts";
import { entryOf, mapper, mapperOf, readSyncVector, source, sourceOfRow } from "../storage/support.ts";

export const OFFERING = "d".repeat(32);

export const META: DocumentMeta = {
  date: "2026-01-05T09:00:00+00:00",
  appVersion: "0.2.0",
  offering: { uuid: OFFERING, slug: "capstor" },
};

const directory = scratchDirectory("documents-", { inMemory: true });
let files = 0;

/** Path of a file with this text, in a directory of its own when it has a name. */
export function fileOf(text: string | Uint8Array, name?: string): string {
  files++;
  const path = name === undefined ? join(directory, `${files}.json`) : join(scratchDirectory("named-"), name);
  writeFileSync(path, text);
  return path;
}

export function documentOf(entries: readonly unknown[], meta: unknown = META): Record<string, unknown> {
  return { status: "success", code: 200, meta, result: { storageResources: entries } };
}

export function textOf(entries: StorageResource[], meta: DocumentMeta = META): string {
  return documentText({ status: "success", code: 200, meta, result: { storageResources: entries } });
}

/** An entry as the mapper makes it, with a uuid and a path of that number. */
export function entry(number: number, changes: Partial<StorageResource> = {}): StorageResource {
  const uuid = number.toString(16).padStart(32, "0");
  return { ...entryOf(mapper().mapResource(source({ uuid, slug: `data-${number}` }))), ...changes };
}

/** What the plugin wrote for an input, and what this program writes; entries with a problem are left out. */
export function vectorDocuments(name: string): { plugin: string; ours: string } {
  const vector = readSyncVector(name);
  const map = mapperOf(vector);
  const mapped = vector.resources.map((row) => map.mapResource(sourceOfRow(row)));
  const meta = { date: "2026-11-23T06:11:45.066586", appVersion: "1.4.0" };
  return {
    plugin: JSON.stringify(documentOf(vector.original ?? [], meta), null, 2),
    ours: textOf(mapped.flatMap((one) => (one.ok ? [one.entry] : []))),
  };
}
