// The structure of the report (report.ts) as a schema, for `schema report`. A test holds it to the type and to what
// runs print. Fields may be added, never renamed.

import * as v from "valibot";
import { EXIT } from "../errors.ts";

const uuid = v.string();
const time = v.pipe(v.string(), v.isoTimestamp());
const described = <const Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

const Problem = v.looseObject({
  code: described(v.string(), "one word for its kind, such as mount-clash"),
  offering: v.optional(uuid),
  order: v.optional(uuid),
  resource: v.optional(uuid),
  resourceName: described(v.optional(v.string()), "its name in Waldur; in sync the slug of the resource"),
  project: described(v.optional(v.string()), "its name in Waldur"),
  field: described(v.optional(v.string()), "the field of Waldur, or the key of the configuration"),
  message: v.string(),
  hint: v.optional(v.string()),
  count: described(
    v.optional(v.number()),
    "number of resources that it covers, of one project or with one cause",
  ),
  examples: described(v.optional(v.array(v.string())), "the first of these resources"),
});

const Offering = v.looseObject({
  uuid,
  name: v.string(),
  outcome: v.picklist(["published", "unchanged", "failed", "skipped"]),
  resources: described(v.number(), "entries of the snapshot; in orders the orders that were open"),
  carriedOver: described(
    v.optional(v.number()),
    "entries that were carried over for resources with a problem",
  ),
  passive: described(v.optional(v.literal(true)), "the gateway is the passive one, so nothing was done"),
  open: described(
    v.optional(v.looseObject({ states: v.record(v.string(), v.number()), oldest: v.nullable(time) })),
    "in orders: how many were open in each state, and when the oldest was placed",
  ),
  unanswered: described(
    v.optional(v.looseObject({ count: v.number(), oldest: v.nullable(time) })),
    "in orders with completion on-ack: published orders without an answer, and when the oldest was published",
  ),
  exitCode: described(v.picklist(Object.values(EXIT)), "the exit code if this were the only offering"),
});

const Order = v.looseObject({
  offering: uuid,
  uuid,
  type: v.string(),
  state: described(v.string(), "as Waldur last reported it"),
  resource: v.nullable(uuid),
  outcome: v.picklist(["done", "erred", "published", "waiting", "left", "failed"]),
  calls: described(
    v.array(v.looseObject({ method: v.literal("POST"), path: v.string() })),
    "sent to Waldur; with --dry-run those that would be sent",
  ),
});

/** @param document of a published file */
export function reportSchema<Document extends v.GenericSchema>(document: Document) {
  return v.looseObject({
    mode: v.picklist(["sync", "orders"]),
    dryRun: v.boolean(),
    version: v.string(),
    startedAt: time,
    finishedAt: time,
    offerings: v.array(Offering),
    files: v.array(
      v.looseObject({
        offering: uuid,
        path: v.string(),
        action: v.picklist(["create", "replace", "unchanged"]),
        bytes: v.number(),
        sha256: described(v.string(), "of the text without its date line"),
        document: described(v.optional(document), "with --dry-run: the content of the file"),
      }),
    ),
    orders: v.array(Order),
    problems: v.array(Problem),
    notices: described(v.array(Problem), "things to know although nothing was left out"),
    exitCode: v.picklist(Object.values(EXIT)),
  });
}
