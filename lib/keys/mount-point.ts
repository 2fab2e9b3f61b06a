// The template of a mount point, which must give an absolute path, another one for each storage project. The slugs that
// fill it are checked where the document is built.

import { nearestWord } from "../nearest.ts";
import { LONGEST_PATH, LONGEST_SEGMENT } from "../segment.ts";

const PLACEHOLDERS = [
  "storage_system",
  "tenant",
  "customer",
  "project",
  "data_type",
  "file_system",
  "provider",
  "organization",
  "waldur_project",
];

/** What is wrong with a template: it is an absolute path with known placeholders, one for each project among them. */
export function mountPointProblem(template: string): string | null {
  return placeholderProblem(template) ?? faultOfAbsolutePath(template);
}

function placeholderProblem(template: string): string | null {
  const hint = `placeholders are ${PLACEHOLDERS.map((name) => `{${name}}`).join(" ")}`;
  if (/[{}]/.test(template.replaceAll(/\{[^{}]*\}/g, "")))
    return `has a brace that is not closed or not opened\n${hint}`;
  const names = Array.from(template.matchAll(/\{([^{}]*)\}/g), (match) => match[1] ?? "");
  const unknown = names.find((name) => !PLACEHOLDERS.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestWord(unknown, PLACEHOLDERS);
    return `has an unknown placeholder {${unknown}}\n${nearest === null ? hint : `did you mean {${nearest}}?`}`;
  }
  if (names.includes("project") || names.includes("waldur_project")) return null;
  return "must contain {project} or {waldur_project}\nwithout it all storage projects would share one path";
}

/** What is wrong with a directory that mount points may be in. */
export function rootProblem(directory: string): string | null {
  if (directory === "/") return null;
  if (/[{}]/.test(directory)) return "must be a directory, without placeholders";
  return faultOfAbsolutePath(directory);
}

/**
 * Why a directory or a template is not a normalised absolute path; lib/storage/mount-point.ts checks finished paths.
 */
function faultOfAbsolutePath(template: string): string | null {
  if (!template.startsWith("/")) return "must be an absolute path\nbegin it with a slash";
  const segments = template.slice(1).split("/");
  if (segments.includes("..") || segments.includes(".")) {
    return "must not contain `.` or `..` as a path segment";
  }
  if (segments.includes("")) return "must not contain `//` or end in `/`";
  // Control characters are refused in every text; these are not, but no path may have them.
  if (/[\p{Cf}\p{Cs}\u2028\u2029]/u.test(template)) {
    return "must not contain control characters or invisible format characters";
  }
  // The shortest path that the template can give.
  const filled = template.replaceAll(/\{[^{}]*\}/g, "x");
  if (filled.split("/").some((segment) => Buffer.byteLength(segment) > LONGEST_SEGMENT)) {
    return `must not have a part longer than ${LONGEST_SEGMENT} bytes`;
  }
  if (Buffer.byteLength(filled) > LONGEST_PATH) {
    return `must not be longer than ${LONGEST_PATH} bytes`;
  }
  return null;
}
