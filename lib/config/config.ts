// What a loaded configuration looks like to the rest of the program: validated, with every default filled in. load.ts
// makes it; nothing here reads a file or the environment.

import type { ConfigIssue, IssuePlace } from "../errors.ts";
import type { GidMap } from "../gid-map/read.ts";
import type { HpcUserValues, SettingsValues } from "../keys/schema.ts";
import type { Path } from "../yaml/map.ts";

/** Where the file has a key, for an error that is found later: it takes 5 ms, so nothing else asks for it. */
type Locate = (path: Path) => Promise<IssuePlace>;

/** The whole configuration file, for one run. */
export type Config = {
  /** Absolute path of the file. */
  path: string;
  /** IANA zone for the minute in file names; null means the zone of the process. */
  timezone: string | null;
  offerings: OfferingConfig[];
  locate: Locate;
  /** Warnings about settings that work; logged in every run. */
  warnings: ConfigIssue[];
};

/** One Waldur offering, and where its files go. */
export type OfferingConfig = {
  name: string;
  /** 32 lower-case hex digits. */
  uuid: string;
  /** Of a key of the offering. */
  locate: Locate;
  /** Normalised, always ends with `/api/`. */
  apiUrl: string;
  token: Secret;
  /** Where the token came from, for `check` and messages, e.g. `waldur_api_token in /etc/…`. */
  tokenSource: string;
  verifyTls: boolean;
  /** PEM text of the additional CA of `ca_file`. */
  caPem: string | null;
  /** `global_proxy` of the file, an http(s) URL. */
  proxy: string | null;
  /** `backend_type` is ours: `sync` takes the offering. */
  sync: boolean;
  /** `order_processing_backend` is ours: `orders` takes the offering. */
  orders: boolean;
  settings: StorageSettings;
  component: StorageComponent;
};

/** The component whose limit is the space quota. `spaceTb = limit × unitFactor`. */
export type StorageComponent = { name: string; unitFactor: number };

/**
 * `backend_settings`, every key under its name in camel case, with its default filled in (lib/keys/schema.ts has the
 * meaning of each). `outputDirectory` is absolute.
 */
export type StorageSettings = Omit<
  CamelKeys<Omit<SettingsValues, keyof HpcUserValues>>,
  "unixGid" | "pathReuseAfterDays" | "mountRoots"
> & {
  unixGid: UnixGidSource;
  pathReuseAfterDays: number;
  mountRoots: readonly string[];
};

type Camel<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;
export type CamelKeys<T> = { [K in keyof T as Camel<K> & string]: T[K] };

/** Where a project's GID comes from; `file` has the map that was read. A run queries the last three. */
export type UnixGidSource = { kind: "metadata" } | GidFile | LiveGidSource;

export type LiveGidSource = { kind: "waldur" } | GidGroups | GidService;

/** Groups of the system: `template` is the name of a group, with `{project}` for the slug of the project. */
type GidGroups = { kind: "getent"; template: string };

/** A service that is queried with a token, which its token endpoint issues for the secret. */
export type GidService = {
  kind: "http";
  /** Ends with a slash. */
  apiUrl: string;
  tokenUrl: string;
  clientId: string;
  secret: Secret;
  /** Where the secret comes from, for messages. */
  secretFrom: string;
  scope: string;
};

type GidFile = GidMap & { kind: "file"; path: string };

/** A value that must never be printed: it shows as `[secret]` wherever it is turned into text. */
export type Secret = { reveal(): string; toString(): string; toJSON(): string };

export function secret(value: string): Secret {
  const shown = () => "[secret]";
  return { reveal: () => value, toString: shown, toJSON: shown };
}
