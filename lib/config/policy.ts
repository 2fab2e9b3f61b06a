// The keys that limit what users may choose. lib/storage/policy.ts applies them; here a policy that refuses what the
// configuration itself gives is an error.

import type { OfferingContext } from "../keys/entries.ts";
import type { SettingsValues } from "../keys/schema.ts";
import { isGiven } from "../yaml/map.ts";

type Templates = Pick<SettingsValues, "mount_point" | "storage_system" | "storage_file_system">;

/** Reports what the policy refuses of the other settings. */
export function checkPolicy(offering: OfferingContext): void {
  checkPermissions(offering);
  checkDataTypes(offering);
  checkRoots(offering);
  checkDirectories(offering);
}

/** The literal beginning of the template; where it begins with a placeholder, also the value configured for that. */
export function defaultRoots(values: Templates): string[] {
  const literal = literalBeginning(values.mount_point);
  const filled = literalBeginning(filledTemplate(values));
  return literal === "/" && filled !== "/" ? [literal, filled] : [literal];
}

function filledTemplate({
  mount_point: template,
  storage_system,
  storage_file_system: fileSystem,
}: Templates) {
  const system = storage_system ?? "{storage_system}";
  return template.replaceAll("{storage_system}", system).replaceAll("{file_system}", fileSystem);
}

/** Up to the last directory that ends before the first placeholder. */
function literalBeginning(template: string): string {
  const [text = ""] = template.split("{", 1);
  return text.slice(0, text.lastIndexOf("/")) || "/";
}

/**
 * The administrator chose the default permission, so where the mask is not set it is allowed, whatever it is; a mask
 * that is set and refuses it is a contradiction.
 */
function checkPermissions({ values, given, atSetting }: OfferingContext): void {
  const { permissions_allowed: mask, default_permissions: permissions } = values.backend_settings ?? {};
  if (mask === undefined || permissions === undefined) return;
  const bits = Number.parseInt(permissions, 8);
  if ((bits & ~mask) === 0 && (bits & 0o700) === 0o700) return;
  const shown = mask.toString(8);
  if (!isGiven(given.backend_settings, "permissions_allowed")) {
    const message = `${permissions} is not among the permissions that users may choose (permissions_allowed: "${shown}")`;
    const hint = "use 7 for the owner and no write permission for everybody, or set permissions_allowed too";
    atSetting("default_permissions").warn(message, hint);
    return;
  }
  const isOurs = isGiven(given.backend_settings, "default_permissions");
  const message = `default_permissions (${permissions}) is not allowed by permissions_allowed (${shown})`;
  atSetting(isOurs ? "default_permissions" : "permissions_allowed").error(message, "change one of the two");
}

function checkDataTypes({ values, atSetting }: OfferingContext): void {
  const { data_types: types, default_data_type: type, mount_point: template } = values.backend_settings ?? {};
  if (types === null && template?.includes("{data_type}")) {
    const message =
      "has {data_type}, which users choose, but data_types is not set: any word becomes a directory";
    atSetting("mount_point").warn(message, "list the allowed data types in data_types");
  }
  if (!types || type === undefined || types.includes(type)) return;
  const message = `does not have ${type}, the default_data_type`;
  atSetting("data_types").error(message, "add it, or set default_data_type to one in the list");
}

/** A template that begins elsewhere can give no path that is allowed. */
function checkRoots({ values: { backend_settings: settings = {} }, atSetting }: OfferingContext): void {
  const { mount_roots: roots, mount_point, storage_system, storage_file_system } = settings;
  if (!roots || mount_point === undefined) return;
  if (storage_system === undefined || storage_file_system === undefined) return;
  const templates = { mount_point, storage_system, storage_file_system };
  const beginning = withSlash(literalBeginning(filledTemplate(templates)));
  const canMeet = (root: string) => root.startsWith(beginning) || beginning.startsWith(root);
  if (roots.map(withSlash).some(canMeet)) return;
  const message = `no path of mount_point (${mount_point}) is below any of them`;
  atSetting("mount_roots").error(message, "add the directory that mount_point begins with");
}

/** In the hierarchy profile the directory above the last part is published as the Waldur customer's. */
function checkDirectories({ values: { backend_settings: settings }, atSetting }: OfferingContext): void {
  const { document_profile: profile, mount_point: template } = settings ?? {};
  const directory = template?.split("/").at(-2) ?? "";
  if (profile !== "hierarchy" || !directory.includes("{") || /\{(?:organization|tenant)\}/.test(directory))
    return;
  const message = `has ${directory} above its last part, and that directory is published as one of a Waldur customer`;
  const hint = "use for example /{storage_system}/{data_type}/{provider}/{organization}/{waldur_project}";
  atSetting("mount_point").warn(message, hint);
}

function withSlash(directory: string): string {
  return directory === "/" ? directory : `${directory}/`;
}
