// The maps that the file consists of, with the keys that each may have.

import { Component, File, Offering, Settings } from "./schema.ts";

export type Level = "top" | "offering" | "settings" | "component";

/** Keys that this program reads, in the order of the schema. */
export const OWN_KEYS: Readonly<Record<Level, readonly string[]>> = {
  top: Object.keys(File.entries),
  offering: Object.keys(Offering.entries),
  settings: Object.keys(Settings.entries),
  component: Object.keys(Component.entries),
};

export const NAME_OF_LEVEL: Readonly<Record<Level, string>> = {
  top: "the top level of the file",
  offering: "an offering",
  settings: "backend_settings",
  component: "a component",
};

/**
 * Keys that only the site agent and its storage plugin read. They are never errors, however near they are to one of
 * ours. From the models of waldur-site-agent 1.0.7 (common/structures.py) and the settings that it and
 * waldur-site-agent-cscs-hpc-storage 0.7.9 read, both on PyPI; some are of earlier versions. A test compares the list
 * with an unpacked package that SITE_AGENT_PACKAGE names.
 */
export const AGENT_KEYS: Readonly<Record<Level, readonly string[]>> = {
  top: words(
    `sentry_dsn elastic_apm_server_url log_level log_shipping reporting_periods expose_backend_error_details`,
  ),
  offering: words(`
    reporting_backend membership_sync_backend username_management_backend stomp_enabled
    stomp_membership_sync_enabled stomp_ws_host stomp_ws_port stomp_ws_path mqtt_enabled websocket_use_tls
    oidc_token_url oidc_client_id oidc_client_secret resource_import_enabled username_reconciliation_enabled
    preserve_unmanaged_backend_users omit_anomalous_usage_components`),
  settings: words(`
    storage_systems development_mode hpc_user_socks_proxy customer_prefix project_prefix
    allocation_prefix default_account check_backend_id_uniqueness check_all_offerings backend_id_max_retries
    enable_user_homedir_account_creation default_homedir_umask homedir_base_path homedir_quota
    periodic_limits soft_delete`),
  component: words(`
    measured_unit label unit_factor_reporting limit description min_value max_value max_available_limit
    default_limit limit_period article_code is_boolean is_prepaid min_prepaid_duration max_prepaid_duration
    prepaid_duration_step min_renewal_duration max_renewal_duration renewal_duration_step target_components`),
};

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
