// Reading a document that is not ours: one of the Python plugin, or of a version with another layout. Lists who is in
// it and where, as far as that can be read, and nothing more. The status in such a document means nothing: the plugin
// wrote `pending` for everything, also for what was terminated.

import { isTable } from "../json.ts";
import { plainUuid } from "../uuid.ts";
import { fieldOf } from "./values.ts";

/** An entry for a project; what the document does not say as text is null. */
export type ForeignEntry = {
  /** 32 lower-case hex digits. */
  itemId: string;
  mountPoint: string | null;
  status: string | null;
  targetType: "project";
  hasQuotas: boolean;
  hasGid: boolean;
};

/**
 * The document is parsed as a whole, which takes about its size in memory beside its text. An entry of the plugin has
 * 1.8 kB, so that this is room for 36 000 of them; a larger document is not read (admitted limit).
 */
export const FOREIGN_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * The entries for projects with a uuid, each uuid once; others are ignored.
 * @returns null when the text is larger than the limit, is not JSON, or has no list of storage resources
 */
export function readForeignDocument(text: string): ForeignEntry[] | null {
  if (text.length > FOREIGN_LIMIT_BYTES || Buffer.byteLength(text) > FOREIGN_LIMIT_BYTES) return null;
  const resources = resourcesOf(parse(text));
  if (resources === null) return null;
  const entries = new Map<string, ForeignEntry>();
  for (const resource of resources) {
    const entry = entryOf(resource);
    if (entry !== null && !entries.has(entry.itemId)) entries.set(entry.itemId, entry);
  }
  return [...entries.values()];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function resourcesOf(document: unknown): readonly unknown[] | null {
  const result = isTable(document) ? fieldOf(document, "result") : undefined;
  const resources = isTable(result) ? fieldOf(result, "storageResources") : undefined;
  return Array.isArray(resources) ? resources : null;
}

function entryOf(resource: unknown): ForeignEntry | null {
  if (!isTable(resource)) return null;
  const itemId = plainUuid(resource.itemId);
  const target = isTable(resource.target) ? resource.target : {};
  if (itemId === null || target.targetType !== "project") return null;
  const item = isTable(target.targetItem) ? target.targetItem : {};
  return {
    itemId,
    mountPoint: isTable(resource.mountPoint) ? textOf(resource.mountPoint.default) : null,
    status: textOf(resource.status),
    targetType: "project",
    hasQuotas: Array.isArray(resource.quotas) && resource.quotas.length > 0,
    hasGid: Number.isSafeInteger(item.unixGid),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
