// Two offerings whose templates can give one path: each would publish directories of the other. Whether they do depends
// on slugs that only Waldur knows, so this is a warning, where nothing in the templates distinguishes the two.

import type { StorageSettings } from "./config.ts";

/** The settings that decide the paths. */
export type PathSettings = Pick<StorageSettings, "mountPoint" | "storageSystem" | "storageFileSystem">;

/** The slugs of two offerings are assumed to differ; everything else that only Waldur knows may be the same. */
export function canShareAPath(one: PathSettings, other: PathSettings): boolean {
  const parts = partsOf(one);
  const others = partsOf(other);
  return parts.length === others.length && parts.every((part, at) => canBeEqual(part, others[at] ?? ""));
}

const OWN_SLUG = "{storage_system}";

/** The segments of the template, with the placeholders filled that are configured; none is filled with a slash. */
function partsOf({ mountPoint, storageSystem, storageFileSystem }: PathSettings): string[] {
  return mountPoint
    .replaceAll(OWN_SLUG, storageSystem ?? OWN_SLUG)
    .replaceAll("{file_system}", storageFileSystem)
    .split("/");
}

function canBeEqual(one: string, other: string): boolean {
  if (one === OWN_SLUG && other === OWN_SLUG) return false;
  const [start, ...middle] = one.split(PLACEHOLDER);
  const [otherStart, ...otherMiddle] = other.split(PLACEHOLDER);
  if (middle.length === 0) return patternOf(other).test(one);
  if (otherMiddle.length === 0) return patternOf(one).test(other);
  return beginAlike(start ?? "", otherStart ?? "") && endAlike(middle.at(-1) ?? "", otherMiddle.at(-1) ?? "");
}

const PLACEHOLDER = /\{[^{}]*\}/;
const WORD = "[A-Za-z0-9_-][A-Za-z0-9._-]*";

function patternOf(part: string): RegExp {
  const literals = part.split(PLACEHOLDER).map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literals.join(WORD)}$`);
}

function beginAlike(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function endAlike(one: string, other: string): boolean {
  return one.endsWith(other) || other.endsWith(one);
}
