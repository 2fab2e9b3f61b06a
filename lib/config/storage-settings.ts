// `backend_settings` as the rest of the program has them.

import type { CamelKeys, StorageSettings } from "./config.ts";
import { defaultRoots } from "./policy.ts";
import type { HpcUserValues, SettingsValues } from "./schema.ts";

/** Where the provisioner ends orders, done means that the data is removed, so there is no waiting period. */
const REUSE_AFTER_DAYS = { "on-publish": 7, "on-ack": 0, external: 0 } as const;

/** The keys of the service that knows GIDs, one of which is a secret, belong to the source of GIDs alone. */
function withoutService(values: SettingsValues): Omit<SettingsValues, keyof HpcUserValues> {
  const {
    hpc_user_api_url: _apiUrl,
    hpc_user_oidc_token_url: _tokenUrl,
    hpc_user_client_id: _id,
    hpc_user_client_secret: _secret,
    hpc_user_client_secret_file: _file,
    hpc_user_oidc_scope: _scope,
    ...others
  } = values;
  return others;
}

/** Every key in camel case; `found` are the values that needed a look at the machine. */
export function storageSettings(
  values: SettingsValues,
  found: Pick<StorageSettings, "outputDirectory" | "unixGid">,
): StorageSettings {
  const days = values.path_reuse_after_days ?? REUSE_AFTER_DAYS[values.completion];
  const mountRoots = values.mount_roots ?? defaultRoots(values);
  return { ...camelKeys(withoutService(values)), ...found, pathReuseAfterDays: days, mountRoots };
}

function camelKeys<T extends object>(values: T): CamelKeys<T> {
  const camel = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  // The type says the same of the names, which no compiler can follow through a regular expression.
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [camel(key), value]),
  ) as CamelKeys<T>;
}
