// The structure that `claims list --json` prints, as a schema; a test holds the output to it, and docs/contract.md
// describes it.

import * as v from "valibot";

export const ClaimsOutput = v.array(
  v.strictObject({
    path: v.string(),
    resource: v.string(),
    offering: v.string(),
    since: v.pipe(v.string(), v.isoTimestamp()),
    file: v.nullable(v.string()),
    present: v.boolean(),
    named: v.boolean(),
    freeFrom: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  }),
);
