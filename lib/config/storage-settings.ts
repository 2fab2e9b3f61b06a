// `backend_settings` as the rest of the program has them.

import { HpcUser, type HpcUserValues, type SettingsValues } from "../keys/schema.ts";
import type { CamelKeys, StorageSettings } from "./config.ts";
import { defaultRoots } from "./policy.ts";

/** Where the provisioner ends orders, done means that the data is removed, so no path has to wait. */
const REUSE_AFTER_DAYS = { "on-publish": 7, "on-ack": 0, external: 0 } as const;

/** Every key in camel case; `inputs` are the values that depend on the machine. */
export function storageSettings(
  values: SettingsValues,
  inputs: Pick<StorageSettings, "outputDirectory" | "unixGid">,
): StorageSettings {
  const days = values.path_reuse_after_days ?? REUSE_AFTER_DAYS[values.completion];
  const mountRoots = values.mount_roots ?? defaultRoots(values);
  return { ...camelKeys(values), ...inputs, pathReuseAfterDays: days, mountRoots };
}

/** Without the keys of the GID service, one of which is a secret: only that source has them. */
function camelKeys(values: SettingsValues): CamelKeys<Omit<SettingsValues, keyof HpcUserValues>> {
  const camel = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const own = Object.entries(values).filter(([key]) => !Object.hasOwn(HpcUser.entries, key));
  // The type does the same to the names; the compiler cannot follow a regular expression.
  return Object.fromEntries(own.map(([key, value]) => [camel(key), value])) as ReturnType<typeof camelKeys>;
}
