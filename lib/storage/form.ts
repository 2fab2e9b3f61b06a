// Storage fields of the order form. Waldur keeps the value of a form field of the type for storage folders as one
// object below the name of that field, so they are in the attributes themselves or one object deeper.

import { isTable } from "../json.ts";
import { isSegment } from "../segment.ts";
import { mappingProblem, type Problems, quoted, quotedKeys } from "./problems.ts";
import { fieldOf, givenOf } from "./values.ts";

/** The object of the attributes that holds storage fields. */
export type StorageForm = {
  /** Key path of the object, for messages. */
  path: string;
  fields: Readonly<Record<string, unknown>>;
};

export const NO_FORM: StorageForm = { path: "attributes", fields: {} };

const FIELDS = [
  "storage_data_type",
  "permissions",
  "soft_quota_space",
  "hard_quota_space",
  "soft_quota_inodes",
  "hard_quota_inodes",
];

/** The one nested object with storage fields; `NO_FORM` when there is none; undefined, reported, when several. */
export function readForm(
  attributes: Readonly<Record<string, unknown>>,
  problems: Problems,
): StorageForm | undefined {
  let form = NO_FORM;
  const names: string[] = [];
  // Not by entries: attributes may have half a million of them.
  for (const name in attributes) {
    const value = attributes[name];
    if (!isTable(value) || !FIELDS.some((field) => givenOf(value, field) !== undefined)) continue;
    names.push(name);
    form = { path: `attributes.${isSegment(name) ? name : quoted(name)}`, fields: value };
  }
  if (names.length <= 1) return form;
  problems.push(
    mappingProblem("several-forms", {
      field: "attributes",
      message: `has storage fields in several objects: ${quotedKeys(names)}`,
      hint: "keep only one of them",
    }),
  );
  return undefined;
}

/** The value of a field: what is in the attributes themselves wins over the nested object. */
export function formValue(
  attributes: Readonly<Record<string, unknown>>,
  form: StorageForm,
  name: string,
): { field: string; value: unknown } {
  const own = givenOf(attributes, name);
  const nested = own === undefined ? givenOf(form.fields, name) : undefined;
  return nested === undefined
    ? { field: `attributes.${name}`, value: own }
    : { field: fieldPath(form, name), value: nested };
}

export function fieldPath({ path }: StorageForm, name: string): string {
  return `${path}.${name}`;
}

/**
 * Attributes with nothing in them but the storage fields that a resource is mapped by, for anybody who keeps them:
 * users and servers write anything into the others. undefined where one of them is not of the plain kind that can be
 * mapped.
 */
export function plainStorageFields(attributes: unknown): Readonly<Record<string, unknown>> | undefined {
  if (attributes === null) return {};
  if (!isTable(attributes)) return undefined;
  const kept = ownFields(attributes);
  for (const name in attributes) {
    const value = attributes[name];
    if (kept === undefined || !isTable(value)) continue;
    const nested = ownFields(value);
    if (nested === undefined) return undefined;
    if (Object.keys(nested).length === 0) continue;
    // A name such as `__proto__` cannot be written down as that of a field.
    if (name in {} || !isShort(name)) return undefined;
    kept[name] = nested;
  }
  return kept;
}

function ownFields(table: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = fieldOf(table, field);
    if (value === undefined) continue;
    const isPlain = typeof value === "string" ? isShort(value) : Number.isFinite(value);
    if (!isPlain) return undefined;
    kept[field] = value;
  }
  return kept;
}

/** No token is so short, and nothing personal. */
function isShort(text: string): boolean {
  return text.length <= 32 && /^[\w. -]*$/.test(text);
}
