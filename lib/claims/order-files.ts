// What the published order files say of paths, for a site whose claims were lost. They are never removed, so there may
// be many, and this is done once.

import { join } from "node:path";
import { listFileNames, readChunks } from "../output/files.ts";
import { parseOrderFileName } from "../output/names.ts";
import { isOfResource, scanDocument } from "../storage/scan.ts";
import { isPlainUuid } from "../uuid.ts";

export type NamedByOrder = {
  resource: string;
  path: string;
  /** `meta.date`, in milliseconds. */
  date: number;
  offering: string;
  file: string;
};

/** Of every order file of ours in the directory, the oldest first. */
export function namedByOrderFiles(directory: string): NamedByOrder[] {
  const names = listFileNames(directory, (name) => parseOrderFileName(name) !== null);
  return names.flatMap((name) => readNamed(directory, name)).sort((one, other) => one.date - other.date);
}

function readNamed(directory: string, file: string): NamedByOrder[] {
  const found: { resource: string; path: string }[] = [];
  const { meta, complete } = scanDocument(readChunks(join(directory, file), "ours"), (entry) => {
    const { itemId: resource, mountPoint: path } = entry;
    if (isPlainUuid(resource) && isOfResource(entry)) found.push({ resource, path });
  });
  if (meta === null || !complete) return [];
  return found.map((one) => ({
    ...one,
    date: Date.parse(meta.date) || 1,
    offering: meta.offering.uuid,
    file,
  }));
}
