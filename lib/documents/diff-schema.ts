// The structure that `diff --json` prints, as a schema; a test holds the output to it, and docs/contract.md describes
// it.

import * as v from "valibot";

const listed = v.strictObject({
  itemId: v.string(),
  path: v.nullable(v.string()),
  status: v.unknown(),
  isDirectory: v.boolean(),
  perhaps: v.nullable(v.string()),
});

const source = v.strictObject({
  path: v.string(),
  writer: v.picklist(["ours", "plugin", "other"]),
  date: v.nullable(v.string()),
  offering: v.nullable(v.string()),
  entries: v.number(),
  directories: v.number(),
  repeated: v.number(),
  nameless: v.number(),
});

export const DiffOutput = v.strictObject({
  old: source,
  new: source,
  isEqual: v.boolean(),
  counts: v.strictObject({ new: v.number(), gone: v.number(), changed: v.number() }),
  added: v.array(listed),
  gone: v.array(listed),
  changed: v.array(
    v.strictObject({
      itemId: v.string(),
      path: v.nullable(v.string()),
      changes: v.array(
        v.strictObject({
          field: v.picklist(["path", "quotas", "permission", "gid", "status"]),
          old: v.unknown(),
          new: v.unknown(),
          explained: v.nullable(v.string()),
        }),
      ),
    }),
  ),
});
