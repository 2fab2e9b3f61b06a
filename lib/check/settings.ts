// Settings that a run accepts and a person should look at: what users may choose, what was never filled in, what is
// meant for tests.

import type { OfferingConfig } from "../config/config.ts";
import { isPlaceholder } from "../config/token.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { Findings } from "./findings.ts";

/** @returns what `check` ends with for them */
export function checkSettings(offering: OfferingConfig, findings: Findings): ExitCode {
  const { settings } = offering;
  for (const [key, value] of unfilled(offering))
    findings.warn("settings", `${key} is ${JSON.stringify(value)}: a placeholder that was not replaced?`, {
      hint: "placeholders are not replaced: write the value itself",
    });
  if (settings.useMockTargetItems)
    findings.warn("settings", "use_mock_target_items is on: GIDs are invented, for tests only", {
      hint: "remove it, and set unix_gid",
    });
  if (settings.mountPoint.includes("{data_type}") && settings.dataTypes === null) {
    findings.fail(
      "settings",
      "mount_point has {data_type}, and data_types is not set: users may choose any word",
      {
        hint: "list the allowed data types in data_types",
        exitCode: EXIT.config,
      },
    );
    return EXIT.config;
  }
  findings.ok("settings", policyOf(settings));
  return EXIT.ok;
}

/** What users may choose, in a line. */
function policyOf(settings: OfferingConfig["settings"]): string {
  const { permissionsAllowed, mountRoots, dataTypes, maxQuotaTb, quotaOptions } = settings;
  return [
    `users may choose permissions within ${permissionsAllowed.toString(8)}`,
    `mounts below ${mountRoots.join(", ")}`,
    `data types: ${dataTypes?.join(", ") ?? "any"}`,
    `quota_options: ${quotaOptions}; max_quota_tb: ${maxQuotaTb ?? "none"}`,
  ].join("; ");
}

function unfilled({ settings, name, apiUrl }: OfferingConfig): [string, string][] {
  const texts = Object.entries({
    name,
    waldur_api_url: new URL(apiUrl).hostname,
    output_directory: settings.outputDirectory,
    require_mount: settings.requireMount ?? "",
    storage_system: settings.storageSystem ?? "",
    storage_file_system: settings.storageFileSystem,
  });
  return texts.filter(([, text]) => text.split("/").some((part) => isPlaceholder(part)));
}
