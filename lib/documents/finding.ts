// What `validate` finds, and its structure as JSON.

import * as v from "valibot";

/** The kind of error. A warning is something that a site may want. */
export const CODES = [
  "unreadable",
  "json",
  "schema",
  "size",
  "path",
  "quotas",
  "duplicate-id",
  "duplicate-mount",
  "nested-mount",
  "parent",
  "order",
  "name",
] as const;

export type Fault = {
  code: (typeof CODES)[number];
  /** An error unless it says otherwise. */
  level?: "warning";
  /** Key path: within the entry, or in the document where it concerns no entry; empty for all of it. */
  field: string;
  message: string;
  /** Number of the entry, from 1, where it is another one than the one that was just read. */
  entry?: number | null;
};

export const Finding = v.strictObject({
  file: v.string(),
  level: v.picklist(["error", "warning"]),
  code: v.picklist(CODES),
  /** From 1; null for what concerns no entry. */
  entry: v.nullable(v.number()),
  itemId: v.nullable(v.string()),
  /** Key path in the document. */
  field: v.string(),
  message: v.string(),
});

export type Finding = v.InferOutput<typeof Finding>;

export const Validated = v.strictObject({
  path: v.string(),
  entries: v.number(),
  errors: v.number(),
  warnings: v.number(),
});

export type Validated = v.InferOutput<typeof Validated>;

/** What `validate --json` prints. */
export const ValidateOutput = v.strictObject({ findings: v.array(Finding), files: v.array(Validated) });
