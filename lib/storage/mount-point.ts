// Where a resource is mounted: the path its backend id gives, or else one made from the configured template.
// A path that could lead elsewhere than it seems (`..`, `//`, control and invisible characters) is never published.

import { LONGEST_PATH, LONGEST_SEGMENT, SEGMENT_HINT } from "../segment.ts";
import type { MappingProblem } from "./document.ts";
import { mappingProblem, type Problems, quoted } from "./problems.ts";

/** What the placeholders of a template represent; each is one part of a path. */
export type PathNames = {
  storageSystem: string;
  fileSystem: string;
  dataType: string;
  /** Slug of the Waldur customer. */
  tenant: string;
  /** Slug of the Waldur project. */
  customer: string;
  /** Slug of the Waldur resource. */
  project: string;
  /** Slug of the organisation that the offering is of. */
  provider: string;
};

const PLACEHOLDERS: ReadonlyMap<string, keyof PathNames> = new Map([
  ["{storage_system}", "storageSystem"],
  ["{file_system}", "fileSystem"],
  ["{data_type}", "dataType"],
  ["{tenant}", "tenant"],
  ["{customer}", "customer"],
  ["{project}", "project"],
  ["{provider}", "provider"],
  ["{organization}", "tenant"],
  ["{waldur_project}", "customer"],
]);

export type PathTemplate = {
  render(names: PathNames): string;
  uses(name: keyof PathNames): boolean;
};

/**
 * Prepares a template such as `/{storage_system}/store/{tenant}`; throws for one the configuration must have refused.
 */
export function compileTemplate(template: string): PathTemplate {
  const parts = template.split(/(\{[^{}]*\})/).map(partOf);
  const render = (names: PathNames) => {
    let path = "";
    for (const part of parts) path += "name" in part ? names[part.name] : part.text;
    return path;
  };
  const fault = faultOfPath(render(SAMPLE));
  if (fault !== null) throw new Error(`unusable mount_point template ${quoted(template)}: it ${fault}`);
  const used = new Set(parts.map((part) => ("name" in part ? part.name : null)));
  return { render, uses: (name) => used.has(name) };
}

const SAMPLE: PathNames = {
  storageSystem: "x",
  fileSystem: "x",
  dataType: "x",
  tenant: "x",
  customer: "x",
  project: "x",
  provider: "x",
};

function partOf(text: string): { text: string } | { name: keyof PathNames } {
  const name = PLACEHOLDERS.get(text);
  if (name !== undefined) return { name };
  if (/[{}]/.test(text)) throw new Error(`unknown placeholder ${quoted(text)} in the mount_point template`);
  return { text };
}

/** The path of the template with names that are safe segments; undefined, reported, when it gets too long. */
export function templatePath(
  template: PathTemplate,
  names: PathNames,
  problems: Problems,
): string | undefined {
  const path = template.render(names);
  // Segments are checked already; joined by a template only their length can have become a fault.
  const fault = path.length > LONGEST_SEGMENT ? faultOfPath(path) : null;
  if (fault === null) return path;
  problems.push(
    mappingProblem("bad-slug", { field: "slug", message: `gives a path that ${fault}`, hint: SEGMENT_HINT }),
  );
  return undefined;
}

/**
 * The path of an existing mount that a backend id gives. null for a backend id that is not an absolute path (the
 * original program wrote the slug there); undefined, reported, for an absolute one that cannot be trusted.
 */
export function existingMount(backendId: string, problems: Problems): string | null | undefined {
  if (!isAbsolute(backendId)) return null;
  const fault = faultOfPath(backendId);
  if (fault === null) return backendId;
  problems.push(
    mappingProblem("bad-backend-id", {
      field: "backend_id",
      message: `${fault}: ${quoted(backendId)}`,
      hint: "set it to the absolute path of the mount, or to something that is not a path to use the template",
    }),
  );
  return undefined;
}

function isAbsolute(backendId: string): boolean {
  return backendId.startsWith("/");
}

/** A slug never has a slash: what has one and is not an absolute path is probably a path that was typed wrongly. */
export function suspectBackendId(backendId: string): MappingProblem | undefined {
  if (isAbsolute(backendId) || !/[/\\]/.test(backendId)) return undefined;
  return mappingProblem("bad-backend-id", {
    field: "backend_id",
    message: `looks like a path but does not begin with a slash: ${quoted(backendId)}`,
    hint: "set it to the absolute path of the mount, or to a word without slashes to use the template",
  });
}

/** What no path may hold, and what it is called: two paths must not look the same, nor a path like another text. */
const UNWRITABLE: readonly (readonly [RegExp, string])[] = [
  [/[\p{Cc}\u2028\u2029]/u, "a control character"],
  [/\p{Cf}/u, "an invisible format character"],
  [/\p{Cs}/u, "half of a character"],
];
const utf8 = new TextEncoder();

/** Why a path is not an absolute one in its only spelling, to continue after the field's name; null when it is. */
export function faultOfPath(path: string): string | null {
  if (!path.startsWith("/")) return "does not start with a slash";
  if (path.endsWith("/")) return "ends with a slash";
  for (const [characters, kind] of UNWRITABLE) {
    const found = characters.exec(path)?.[0];
    if (found !== undefined) return `has ${kind} (${codePoint(found)})`;
  }
  if (utf8.encode(path).length > LONGEST_PATH) return `is longer than ${LONGEST_PATH} bytes`;
  return (
    path
      .slice(1)
      .split("/")
      .map(faultOfPart)
      .find((fault) => fault !== null) ?? null
  );
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function faultOfPart(part: string): string | null {
  if (part === "") return "has an empty part (//)";
  if (part === "." || part === "..") return `has the part "${part}"`;
  return utf8.encode(part).length > LONGEST_SEGMENT
    ? `has a part longer than ${LONGEST_SEGMENT} bytes`
    : null;
}
