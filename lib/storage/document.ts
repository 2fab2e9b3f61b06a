// The published document: its types and its exact text. Pure: knows nothing of HTTP, files or clocks.
// Keys are emitted in the order written here; readers and the digest depend on it.

/** One file, `YYYY-MM-DD-HH-MM-all.json` or an order's. */
export type StorageDocument<Entry = StorageResource> = {
  status: "success";
  code: 200;
  meta: DocumentMeta;
  result: { storageResources: Entry[] };
};

/** With `document_profile: hierarchy` directories come first, each before those in it. */
export type StorageEntry = DirectoryEntry | StorageResource;

export type DocumentMeta = {
  /** RFC 3339 with offset. */
  date: string;
  appVersion: string;
  offering: { uuid: string; slug: string };
  order?: {
    uuid: string;
    type: OrderType;
    /** RFC 3339, as Waldur gives it. */
    created: string;
    /** Only with `completion: external`: the URLs the provisioner calls itself. */
    actions?: { done: string; erred: string; backendId: string };
  };
};

export type OrderType = "create" | "update" | "terminate";
export type StorageStatus = "pending" | "active" | "updating" | "removing" | "error";

export type StorageResource = {
  /** Resource uuid, 32 lower-case hex. */
  itemId: string;
  status: StorageStatus;
  mountPoint: { default: string };
  /** null only in the file of a terminate order, where it cannot be read. */
  permission: { permissionType: "octal"; value: string } | null;
  quotas: Quota[] | null;
  oldQuotas?: Quota[] | null;
  newQuotas?: Quota[] | null;
  /** `user` only in documents of the hierarchy profile. */
  target: { targetType: "project" | "user"; targetItem: TargetItem };
  storageSystem: StorageItem;
  storageFileSystem: StorageItem;
  storageDataType: StorageItem & { path: string };
  /** Of the directory that it is in; always null in the flat profile. */
  parentItemId: string | null;
  tenant: HierarchyItem;
  customer: HierarchyItem;
};

/** A directory above mount points: of a customer, or the one above it of the tenant, who is the provider. */
export type DirectoryEntry = {
  /** UUIDv5 of its path. */
  itemId: string;
  status: "pending" | "active";
  mountPoint: { default: string };
  permission: { permissionType: "octal"; value: string };
  quotas: null;
  target: { targetType: "tenant" | "customer"; targetItem: HierarchyItem };
  storageSystem: StorageItem;
  storageFileSystem: StorageItem;
  storageDataType: StorageItem & { path: string };
  parentItemId: string | null;
};

/** Space in TB (`tera`), inodes as a whole number (`none`). */
export type Quota = {
  type: "space" | "inodes";
  quota: number;
  unit: "tera" | "none";
  enforcementType: "soft" | "hard";
};

/** Our own target, or whatever object `backend_metadata.project_item` holds, as it is. */
export type TargetItem =
  | { itemId: string; status: string; name: string; unixGid: number | null; active: boolean; mock?: true }
  | { [key: string]: unknown };

export type StorageItem = { itemId: string; key: string; name: string; active: boolean };
/** A Waldur customer or project, or whatever object the metadata holds in its place, as it is. */
export type HierarchyItem = { itemId: string; key: string; name: string } | { [key: string]: unknown };

/** What the mapper needs to know of a Waldur resource: the wire answer with slugs joined in. */
export type StorageSource = {
  uuid: string;
  slug: string;
  /** A state of Waldur: Creating, OK, Updating, Terminating, Erred, or one we do not know. */
  state: string;
  /** Values are whatever JSON the server holds. */
  limits: Readonly<Record<string, unknown>>;
  attributes: Readonly<Record<string, unknown>>;
  options: Readonly<Record<string, unknown>>;
  backendId: string;
  backendMetadata: unknown;
  customer: { uuid: string; name: string; slug: string };
  project: { uuid: string; name: string; slug: string };
  /** Whose offering it is; undefined if it was not requested, or the server does not say. */
  provider?: { slug: string; name: string } | undefined;
};

/** What is left out of a file and why. `field` is the Waldur field at fault. */
export type MappingProblem = { code: string; field: string; message: string; hint?: string | undefined };
