// An entry has at most 16 KiB: readers take it whole, and a snapshot of many must have a size that can be foreseen.
// Only names and what `backend_metadata` passes on have no length of their own.

import { isTable } from "../json.ts";
import type { StorageResource, StorageSource } from "./document.ts";
import { mappingProblem, type Problems } from "./problems.ts";

export const LARGEST_ENTRY_BYTES = 16 * 1024;
/** Everything else of an entry, and six bytes for each character that is escaped, still fit beside so many. */
const SURELY_FITS = 1000;
/** How much deeper an entry is in its document than alone. */
const INDENT = 6;

/** Reports an entry that is too large. */
export function checkEntrySize(entry: StorageResource, source: StorageSource, problems: Problems): boolean {
  const names = source.project.name.length + source.customer.name.length;
  const items = weightOfItems(source.backendMetadata);
  const weight = names + items;
  if (weight <= SURELY_FITS) return true;
  if (weight <= LARGEST_ENTRY_BYTES && entryBytes(entry) <= LARGEST_ENTRY_BYTES) return true;
  problems.push(
    mappingProblem("too-large", {
      field: names > items ? "project_name" : "backend_metadata",
      message: `makes an entry of more than ${LARGEST_ENTRY_BYTES / 1024} KiB`,
      hint: "shorten it in Waldur",
    }),
  );
  return false;
}

function weightOfItems(metadata: unknown): number {
  if (!isTable(metadata)) return 0;
  let weight = 0;
  for (const name of ["project_item", "user_item", "tenant_item", "customer_item"])
    weight += weightOf(metadata[name]);
  return weight;
}

/** Characters of all keys and texts of a value, and some for each; of a large one not counted to its end. */
function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  let weight = 8;
  if (typeof value !== "object" || value === null) return weight;
  if (Array.isArray(value)) {
    for (const one of value) {
      weight += weightOf(one);
      if (weight > LARGEST_ENTRY_BYTES) break;
    }
  } else if (isTable(value)) {
    for (const key in value) {
      weight += key.length + weightOf(value[key]);
      if (weight > LARGEST_ENTRY_BYTES) break;
    }
  }
  return weight;
}

/** As the entry is in a document. */
function entryBytes(entry: StorageResource): number {
  const text = JSON.stringify(entry, null, 2);
  return Buffer.byteLength(text) + INDENT * text.split("\n").length;
}
