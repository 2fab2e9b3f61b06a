// What a published document looks like, field by field: what `validate` holds files against, and what `schema document`
// prints. One description for both, so that they agree. Fields may be added in later versions; what no schema can say
// (unique ids, names of files) is in rules.ts.

import * as v from "valibot";
import { LAST_GID } from "../gid.ts";
import { isTable } from "../json.ts";

const CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029";
const FORMAT =
  "\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb";

const described = <const Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

const uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "is not 32 lower-case hex digits"));
const dashedUuid = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is not a uuid with dashes"),
);
/** To the library a list looks like an object where no key is required, so it is asked here. */
const anyObject = v.custom<Readonly<Record<string, unknown>>>(isTable, "is not an object");

/**
 * An absolute path in its only spelling. Written for any engine of regular expressions: what is beyond it, such as
 * lengths in bytes, is left to rules.ts.
 */
const PATH = new RegExp(`^(?:/(?!\\.{1,2}(?:/|$))[^/${CONTROL}${FORMAT}]+)+$`);

const LEAST_TB = 1024 / 1e12;
const quota = <
  const Type extends string,
  const Unit extends string,
  const Enforcement extends string,
  Amount extends v.GenericSchema<number>,
>(
  [type, unit, enforcementType]: readonly [Type, Unit, Enforcement],
  amount: Amount,
) =>
  v.looseObject({
    type: v.literal(type),
    quota: amount,
    unit: v.literal(unit),
    enforcementType: v.literal(enforcementType),
  });
const space = v.pipe(v.number(), v.minValue(LEAST_TB), v.maxValue(Number.MAX_SAFE_INTEGER));
const inodes = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER));

export const Quotas = v.nullable(
  v.strictTuple([
    quota(["space", "tera", "soft"], space),
    quota(["space", "tera", "hard"], space),
    quota(["inodes", "none", "soft"], inodes),
    quota(["inodes", "none", "hard"], inodes),
  ]),
);

const gid = v.union([
  v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LAST_GID)),
  v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,9}$/, "is not a GID")),
  v.null(),
]);

const item = { itemId: dashedUuid, key: v.string(), name: v.string(), active: v.boolean() };
const Hierarchy = (what: string) =>
  described(
    anyObject,
    `the ${what} in Waldur: itemId, key (its slug) and name; or the object of backend_metadata`,
  );

/** Of a user or a directory. */
const uid = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LAST_GID)));

const MountPoint = v.looseObject({
  default: v.pipe(v.string(), v.regex(PATH, "is not a normalised absolute path")),
});

const Permission = v.looseObject({
  permissionType: v.literal("octal"),
  value: v.pipe(v.string(), v.regex(/^[0-7]{3,4}$/, "is not three or four octal digits")),
});

const Place = {
  storageSystem: v.looseObject(item),
  storageFileSystem: v.looseObject(item),
  storageDataType: v.looseObject({ ...item, path: v.string() }),
};

/** An entry of `result.storageResources` for a resource. */
export const Entry = v.looseObject({
  itemId: described(uuid, "uuid of the Waldur resource"),
  status: v.picklist(["pending", "active", "updating", "removing", "error"]),
  mountPoint: MountPoint,
  permission: described(v.nullable(Permission), "null only in the file of a terminate order"),
  quotas: described(Quotas, "null: no positive limit in Waldur. Space in TB, inodes as whole numbers"),
  oldQuotas: described(v.optional(Quotas), "in update files only: before the change"),
  newQuotas: described(v.optional(Quotas), "in update files only: equal to quotas"),
  target: v.looseObject({
    targetType: described(v.picklist(["project", "user"]), "user: with `document_profile: hierarchy`"),
    targetItem: described(
      v.intersect([
        anyObject,
        v.objectWithRest({ unixGid: v.optional(gid), unixUid: v.optional(uid) }, v.unknown()),
      ]),
      "the project: itemId, status, name, unixGid, active; or backend_metadata.project_item. The user: itemId, status, name, email, unixUid, primaryProject, active; or backend_metadata.user_item",
    ),
  }),
  ...Place,
  parentItemId: described(
    v.nullable(v.union([dashedUuid, uuid])),
    "with `document_profile: hierarchy`: itemId of the directory that the mount point lies in",
  ),
  tenant: Hierarchy("customer"),
  customer: Hierarchy("project"),
});

/** One for a directory above mount points. */
export const Directory = v.looseObject({
  itemId: described(dashedUuid, "UUIDv5 of the OID namespace and `directory:` + path"),
  status: described(v.picklist(["pending", "active"]), "pending while everything in it is"),
  mountPoint: MountPoint,
  permission: Permission,
  quotas: v.null(),
  target: v.looseObject({
    targetType: v.picklist(["tenant", "customer"]),
    targetItem: described(
      anyObject,
      "itemId (of a customer its uuid, of a tenant that of the offering), key (the slug) and name",
    ),
  }),
  ...Place,
  parentItemId: v.nullable(v.union([dashedUuid, uuid])),
});

const date = (description: string) =>
  v.pipe(
    v.string(),
    v.regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$/, "is not a date"),
    v.description(description),
  );
const url = v.pipe(v.string(), v.regex(/^https?:\/\//, "is not a URL"));

export const Document = v.looseObject({
  status: v.literal("success"),
  code: v.literal(200),
  meta: v.looseObject({
    date: date("RFC 3339 in whole seconds, with the offset of the configured zone"),
    appVersion: v.string(),
    offering: v.looseObject({ uuid, slug: v.string() }),
    order: described(
      v.optional(
        v.looseObject({
          uuid,
          type: v.picklist(["create", "update", "terminate"]),
          created: described(v.string(), "RFC 3339, as Waldur gives it"),
          actions: described(
            v.optional(v.looseObject({ done: url, erred: url, backendId: url })),
            "with `completion: external`: URLs for the provisioner's own calls",
          ),
        }),
      ),
      "only in the file of an order",
    ),
  }),
  result: v.looseObject({ storageResources: v.array(v.union([Entry, Directory])) }),
});
