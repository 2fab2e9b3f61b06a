// Every key of the configuration file: its kind, default and meaning. The reading of the file, its errors, the hints
// for misspelt keys, the README's table and `schema config` come from here. To add a key, add it to a map below; its
// name in camel case is then part of `StorageSettings`. Keys that only the site agent reads are in levels.ts. One file
// because every key is to be found in one place.

import * as v from "valibot";
import { LAST_GID } from "../gid.ts";
import { plainUuid } from "../uuid.ts";
import { gidSource, unixGidProblem } from "./gid-source.ts";
import {
  absolute,
  anyText,
  duration,
  fileMode,
  flag,
  isOneName,
  isUuid,
  isZone,
  key,
  list,
  map,
  mask,
  notHome,
  numberFrom,
  permissions,
  positiveNumber,
  segmentProblem,
  shownAs,
  text,
  textOrBlank,
  wholeNumber,
  word,
} from "./kinds.ts";
import { mountPointProblem, rootProblem } from "./mount-point.ts";
import { BACKEND, isOurs } from "./ours.ts";
import { apiUrlProblem, normaliseApiUrl, proxyProblem } from "./url.ts";

const ofHttp = (meaning: string) => `${meaning}; for \`unix_gid: http\``;

/** Files of the Python plugin may have them, with any value, so lib/config/hpc-user.ts checks them if they are used. */
export const HpcUser = v.object({
  hpc_user_api_url: key(v.unknown(), null, ofHttp("address of the service that has the GIDs")),
  hpc_user_oidc_token_url: key(v.unknown(), null, ofHttp("its token endpoint")),
  hpc_user_client_id: key(v.unknown(), null, ofHttp("client id")),
  hpc_user_client_secret: key(v.unknown(), null, ofHttp("client secret")),
  hpc_user_client_secret_file: key(
    v.unknown(),
    null,
    ofHttp("a file whose first line is the secret, relative to the configuration file"),
  ),
  hpc_user_oidc_scope: shownAs(key(v.unknown(), null, ofHttp("scope of the token request")), "`openid`"),
});

export type HpcUserValues = v.InferOutput<typeof HpcUser>;

export const Settings = v.object({
  output_directory: key(
    text(notHome),
    "cscs-storage-orders/",
    "where files are published, as an absolute path; its parent must exist",
  ),
  require_mount: key(
    text(notHome, absolute),
    null,
    "a mount point that must be mounted, or the run ends with 73",
  ),
  active_if: key(
    text(notHome, absolute),
    null,
    "a file that exists on the active one of two gateways only: where it is missing, a run does nothing and ends with 0 ([docs/operations.md](docs/operations.md))",
  ),
  allow_shared_directory: key(
    flag,
    false,
    "accept an output directory that other users can change, with a warning in every run ([docs/security.md](docs/security.md))",
  ),
  storage_file_system: key(text(isOneName), "lustre", "`storageFileSystem.key` of every entry"),
  storage_system: shownAs(
    key(text(segmentProblem), null, "`storageSystem.key` of every entry"),
    "the offering's slug",
  ),
  mount_point: key(
    text(mountPointProblem),
    "/{storage_system}/store/{tenant}/{customer}/{project}",
    "template of slugs: `{tenant}` is the Waldur customer, `{customer}` the project, `{project}` the resource. Also `{data_type}`, `{file_system}`, `{provider}` (of the offering), `{organization}` (the Waldur customer) and `{waldur_project}`",
  ),
  document_profile: key(
    word(["flat", "hierarchy"]),
    "flat",
    "`flat`: one entry for each resource. `hierarchy`: also entries for the directories of tenants and customers above them ([docs/provisioner.md](docs/provisioner.md))",
  ),
  inode_base_multiplier: key(positiveNumber(), 1_000_000, "inodes per TB"),
  inode_soft_coefficient: key(positiveNumber(), 1.33, "factor of the soft inode quota"),
  inode_hard_coefficient: key(
    positiveNumber(),
    2,
    "factor of the hard inode quota; greater than the soft one",
  ),
  use_mock_target_items: key(flag, false, "for tests: invent target items, marked `mock`"),
  default_permissions: key(
    permissions,
    "775",
    "used where a resource has none in its options and attributes",
  ),
  default_data_type: key(
    v.pipe(text(segmentProblem), v.toLowerCase()),
    "store",
    "used where a resource has none in its attributes",
  ),
  backend_id: key(
    word(["slug", "mount_point"]),
    "slug",
    "what a new resource gets as its backend id: `slug` or `mount_point`",
  ),
  parallel_requests: key(wholeNumber(1, 8), 1, "pages requested at the same time, 1 to 8"),
  acceptance: key(
    word(["auto", "approve", "execute"]),
    "auto",
    "how a pending order is accepted: `auto`, `approve` or `execute`",
  ),
  unix_gid: key(
    v.pipe(text(unixGidProblem), v.transform(gidSource)),
    "metadata",
    "where a project's GID comes from: `metadata`; `waldur` (project groups, 8.1.3); `getent`, the group named like the project's slug, or `getent:prj-{project}`; `http`; or `file:PATH`, a map of project slug to GID in JSON, YAML (`slug: 30001`) or CSV (`slug,30001`), relative to the configuration file",
  ),
  ...HpcUser.entries,
  require_gid: key(flag, false, "report a resource without a GID as a problem instead of publishing `null`"),
  file_mode: key(fileMode, "0644", "mode of published files, quoted"),
  latest_link: key(flag, false, "keep a symlink `latest-all.json` to the newest snapshot"),
  keep_snapshots: key(wholeNumber(0), 0, "how many `*-all.json` to keep; 0 keeps all"),
  shrink_guard_percent: key(
    numberFrom(0, 100),
    30,
    "refuse a snapshot that lacks more than this share of the last one's resources",
  ),
  completion: key(
    word(["on-publish", "on-ack", "external"]),
    "on-publish",
    "when an order is set done. `on-publish`: once its file is on disk. `on-ack`: once the provisioner has answered. `external`: never; the provisioner does it in Waldur",
  ),
  acks_directory: shownAs(
    key(
      text(notHome, absolute),
      null,
      "where the provisioner writes its answers with `completion: on-ack`; may belong to another user ([docs/security.md](docs/security.md))",
    ),
    "`acks` in `output_directory`",
  ),
  ack_warn_after: key(
    duration(),
    "1h",
    "`status` reports an order that has had no answer for longer, such as `30m`, `1h` or `2d`",
  ),
  path_reuse_after_days: shownAs(
    key(
      wholeNumber(0, 3650),
      null,
      "days after the end of a resource until another one may get its path, 0 to 3650. The default is 0 with `completion: external` and `on-ack`",
    ),
    "7",
  ),
  nested_mounts: key(
    word(["refuse", "allow"]),
    "refuse",
    "`refuse` or `allow`: whether one resource may be mounted inside another",
  ),
  permissions_allowed: key(
    mask,
    "2775",
    "mask of the bits that a permission may have, quoted; the owner always has 7. `default_permissions` is always allowed",
  ),
  mount_roots: shownAs(
    key(
      list(text(rootProblem)),
      null,
      "list of directories that new mount points must be below. `/` is everything but system directories, such as `/etc` and `/home`. Published paths stay, with a warning",
    ),
    "the beginning of `mount_point`",
  ),
  quota_options: key(
    word(["warn", "limit", "trust"]),
    "warn",
    "quotas in options and order forms that are higher than the limit allows: `warn` publishes them with a warning, `limit` makes them a problem, `trust` publishes them",
  ),
  max_quota_tb: key(positiveNumber(), null, "a hard space quota above this is a problem"),
  data_types: shownAs(
    key(
      list(v.pipe(text(segmentProblem), v.toLowerCase())),
      null,
      "list of data types that users may choose; set it if `mount_point` has `{data_type}`",
    ),
    "any",
  ),
  min_gid: key(wholeNumber(1, LAST_GID), 1000, `lowest GID that is published; the highest is ${LAST_GID}`),
});

export const Component = v.object({
  unit_factor: key(positiveNumber(), 1, "TB per unit of Waldur's limit"),
  accounting_type: key(
    word(["usage", "limit", "one"]),
    null,
    "a key of the site agent; checked, not used by the runs",
  ),
});

const NO_STORAGE =
  "has several components, and none is named storage\nuse the key `storage` for the component that holds the space quota";

export const ComponentsByName = v.record(v.string(), v.nullish(map(Component), {}));

/** A list of names, as in examples of the Python plugin. */
export const ComponentNames = v.pipe(
  v.array(v.string("must be the name of a component\nwrite `storage: {…}` in place of `- storage: {…}`")),
  v.nonEmpty("is empty\nleave the key out for its default"),
  v.transform((names) => Object.fromEntries(names.map((name) => [name, v.getDefaults(Component)]))),
);

export const AnyComponents = v.union([ComponentsByName, ComponentNames]);

/** The component `storage`, or the only one there is. */
const Components = v.pipe(
  v.lazy((input) => {
    if (input === undefined) return AnyComponents;
    return Array.isArray(input) ? ComponentNames : map(ComponentsByName);
  }),
  v.transform((components) => Object.entries<v.InferOutput<typeof Component>>(components)),
  v.check((all) => all.length < 2 || all.some(([name]) => name === "storage"), NO_STORAGE),
  v.transform((all) => {
    const [name, component] = all.find(([name]) => name === "storage") ?? all[0] ?? [];
    return { name: name ?? "storage", unitFactor: component?.unit_factor ?? 1 };
  }),
);

export const Offering = v.object(
  {
    name: key(textOrBlank(), null, "name for messages; the uuid if missing"),
    waldur_api_url: v.pipe(
      text(apiUrlProblem),
      v.description("address of Waldur, with or without `/api/`"),
      v.transform(normaliseApiUrl),
    ),
    waldur_api_token: key(
      anyText("must be text\nput it in quotes"),
      null,
      "the token of the provider's user",
    ),
    waldur_api_token_file: key(
      anyText("must be the path of a file"),
      null,
      "a file whose first line is the token, relative to the configuration file",
    ),
    waldur_offering_uuid: v.pipe(
      text(isUuid),
      v.description("uuid of the offering"),
      v.transform((uuid) => plainUuid(uuid) ?? uuid),
    ),
    backend_type: key(v.unknown(), null, `\`${BACKEND}\`: the offering is handled by \`sync\``),
    order_processing_backend: key(v.unknown(), null, `\`${BACKEND}\`: the offering is handled by \`orders\``),
    backend_settings: key(map(Settings), {}, "settings of this program"),
    backend_components: key(
      Components,
      {},
      "components of the offering; `storage`, or the only one, is the space quota",
    ),
    verify_ssl: key(flag, true, "whether the server's certificate is verified"),
    ca_file: key(textOrBlank(notHome), null, "PEM file of CAs that are trusted in addition to the system's"),
  },
  "is missing",
);

/** Offerings of other backends only have to be maps. */
const Foreign = map(
  v.pipe(
    v.looseObject({}),
    v.transform(() => null),
  ),
);

/** What to do about a key that must be there. */
export const REQUIRED: Readonly<Record<string, string>> = {
  waldur_api_url: "write the address of Waldur, for example https://waldur.example.com/api/",
  waldur_offering_uuid: "copy it from the offering's page in Waldur",
};

const LIST_HINT = "it must be a list of offerings, each beginning with `- name:`";

export const File = v.object(
  {
    offerings: v.pipe(
      v.array(
        v.lazy((input) => (input === undefined || isOurs(input) ? Offering : Foreign)),
        ({ input }) => `${input === null ? "is missing" : "must be a list"}\n${LIST_HINT}`,
      ),
      v.nonEmpty(`is empty\n${LIST_HINT}`),
      v.description("the offerings of the site agent"),
    ),
    timezone: key(textOrBlank(isZone), null, "IANA time zone of the minute in file names"),
    global_proxy: key(
      v.pipe(
        textOrBlank(proxyProblem),
        v.transform((url) => (url === null ? null : new URL(url).href)),
      ),
      null,
      "proxy of all requests, http:// or https://",
    ),
  },
  `is missing\n${LIST_HINT}`,
);

export type SettingsValues = v.InferOutput<typeof Settings>;
export type OfferingValues = v.InferOutput<typeof Offering>;
