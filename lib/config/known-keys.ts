// The keys that mean something: ours, and those of the site agent whose file this is. Its keys are accepted in silence;
// a key that looks like a misspelt one of ours, or that stands at the wrong level, is worth a warning.

import type { Findings } from "./findings.ts";
import { nearestWord } from "./nearest.ts";
import type { Section } from "./section.ts";

type Level = "top" | "offering" | "settings" | "component";

/** Keys that this program reads, by the level they stand at. */
export const OWN_KEYS: Readonly<Record<Level, readonly string[]>> = {
  top: ["offerings", "timezone", "global_proxy"],
  offering: [
    "name",
    "waldur_api_url",
    "waldur_api_token",
    "waldur_api_token_file",
    "waldur_offering_uuid",
    "backend_type",
    "order_processing_backend",
    "backend_settings",
    "backend_components",
    "verify_ssl",
    "ca_file",
  ],
  settings: [
    "output_directory",
    "require_mount",
    "allow_shared_directory",
    "storage_file_system",
    "storage_system",
    "mount_point",
    "inode_base_multiplier",
    "inode_soft_coefficient",
    "inode_hard_coefficient",
    "use_mock_target_items",
    "default_permissions",
    "default_data_type",
    "backend_id",
    "parallel_requests",
    "acceptance",
    "unix_gid",
    "require_gid",
    "file_mode",
    "latest_link",
    "keep_snapshots",
    "shrink_guard_percent",
    "completion",
    "path_reuse_after_days",
    "nested_mounts",
    "permissions_allowed",
    "mount_roots",
    "quota_options",
    "max_quota_tb",
    "data_types",
    "min_gid",
  ],
  component: ["unit_factor", "accounting_type", "measured_unit", "label"],
};

/** Keys of the site agent near one of ours, or telling enough to be named when they are there twice. */
const SITE_AGENT: Readonly<Record<Level, readonly string[]>> = {
  top: ["sentry_dsn", "elastic_apm_server_url", "log_level", "log_shipping", "expose_backend_error_details"],
  offering: [
    "reporting_backend",
    "membership_sync_backend",
    "username_management_backend",
    "stomp_enabled",
    "stomp_membership_sync_enabled",
    "stomp_ws_host",
    "stomp_ws_port",
    "stomp_ws_path",
    "mqtt_enabled",
    "websocket_use_tls",
    "oidc_token_url",
    "oidc_client_id",
    "oidc_client_secret",
    "resource_import_enabled",
    "username_reconciliation_enabled",
    "preserve_unmanaged_backend_users",
    "omit_anomalous_usage_components",
  ],
  settings: ["storage_systems", "hpc_user_api_url", "check_backend_id_uniqueness", "backend_id_max_retries"],
  component: ["unit_factor_reporting", "limit", "limit_period", "min_value", "max_value", "default_limit"],
};

const WHERE: Readonly<Record<Level, string>> = {
  top: "the top level of the file",
  offering: "an offering",
  settings: "backend_settings",
  component: "a component",
};

const ALL = new Set([...Object.values(OWN_KEYS), ...Object.values(SITE_AGENT)].flat());

/** A word of the vocabulary, which may be repeated in a message; anything else could be a secret in the wrong place. */
export function isKnownKey(key: string): boolean {
  return ALL.has(key);
}

/** Warns about keys that are probably misspelt or misplaced; other unknown keys belong to somebody else. */
export function warnUnknownKeys(section: Section, level: Level, findings: Findings): void {
  for (const [key, spot] of section.entries) {
    if (OWN_KEYS[level].includes(key) || SITE_AGENT[level].includes(key)) continue;
    const place = { path: spot.path, offset: spot.keyOffset };
    const home = homeOf(key);
    const nearest = nearestWord(key, OWN_KEYS[level]);
    if (nearest !== null) findings.warn(place, "unknown key, ignored", `did you mean ${nearest}?`);
    else if (home !== null) findings.warn(place, `ignored here: it is a key of ${WHERE[home]}`);
  }
}

function homeOf(key: string): Level | null {
  return (["top", "offering", "settings"] as const).find((level) => OWN_KEYS[level].includes(key)) ?? null;
}
