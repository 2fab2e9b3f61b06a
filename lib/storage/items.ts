// Storage systems, file systems and data types: the items that are the same in every entry, file and site run.
// Their ids are UUIDv5 of `kind:key` in the OID namespace, so that two files can be joined on them.

import { isSegment, SEGMENT_HINT } from "../segment.ts";
import type { StorageItem, StorageResource, StorageSource } from "./document.ts";
import { formValue, type StorageForm } from "./form.ts";
import type { Policy } from "./policy.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";

type Kind = "storage_system" | "storage_file_system" | "storage_data_type";
type DataTypeItem = StorageResource["storageDataType"];

/** A storage system or file system; its name is the key in upper case. */
export function storageItem(kind: Kind, key: string): StorageItem {
  return { itemId: itemIdOf(kind, key), key, name: key.toUpperCase(), active: true };
}

/** Of a directory above mount points; one of another composition of the same characters is the same. */
export function directoryItemId(path: string): string {
  return itemIdOf("directory", path.normalize("NFC"));
}

/** Despite Bun's name for it there is nothing random in a UUIDv5: it is a SHA-1 of namespace and name (RFC 9562). */
function itemIdOf(kind: Kind | "directory", key: string): string {
  return Bun.randomUUIDv5(`${kind}:${key}`, "oid");
}

/** Far more than a site has; a server with ever new data types does not make the memory grow. */
const REMEMBERED_DATA_TYPES = 1000;

/** Makes the item of a data type, once for each key. */
export function rememberDataTypes(): (key: string) => DataTypeItem {
  const items = new Map<string, DataTypeItem>();
  return (key) => {
    const known = items.get(key);
    if (known !== undefined) return known;
    const item = dataTypeItem(key);
    if (items.size < REMEMBERED_DATA_TYPES) items.set(key, item);
    return item;
  };
}

/** `path` is the part of a path that the data type represents: its key. */
function dataTypeItem(key: string): DataTypeItem {
  return {
    itemId: itemIdOf("storage_data_type", key),
    key,
    name: key.toUpperCase(),
    path: key,
    active: true,
  };
}

/** The key of a data type, without blanks around it and in lower case; an empty one counts as absent. */
export function readDataType(
  { attributes, form }: Pick<StorageSource, "attributes"> & { form: StorageForm },
  { fallback, policy }: { fallback: string; policy: Policy },
  problems: Problems,
): string | undefined {
  const { field, value = fallback } = formValue(attributes, form, "storage_data_type");
  const dataType = typeof value === "string" ? value.trim().toLowerCase() : undefined;
  if (dataType !== undefined && isSegment(dataType)) {
    const problem = policy.dataType(field, dataType);
    if (problem === undefined) return dataType;
    problems.push(problem);
    return undefined;
  }
  problems.push(
    mappingProblem("bad-data-type", {
      field,
      message: `cannot be part of a path: ${quoted(value)}`,
      hint: SEGMENT_HINT,
    }),
  );
  return undefined;
}
