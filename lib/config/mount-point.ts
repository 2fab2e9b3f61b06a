// The template of a mount point. What fills it is checked where the document is built; here the template itself must
// give an absolute path, and one for each storage project.

import { nearestWord } from "./nearest.ts";
import { readText } from "./readers.ts";
import type { Reader } from "./section.ts";

export const DEFAULT_MOUNT_POINT = "/{storage_system}/store/{tenant}/{customer}/{project}";

const PLACEHOLDERS = ["storage_system", "tenant", "customer", "project", "data_type", "file_system"];

/** An absolute path with the known placeholders, `{project}` among them (docs/contract.md, "Configuration"). */
export const readMountPoint: Reader<string> = (spot) => {
  const reading = readText(spot);
  if (!("value" in reading)) return reading;
  return placeholderProblem(reading.value) ?? faultOfAbsolutePath(reading.value) ?? reading;
};

function placeholderProblem(template: string): { problem: string; hint?: string } | null {
  const hint = `placeholders are ${PLACEHOLDERS.map((name) => `{${name}}`).join(" ")}`;
  if (/[{}]/.test(template.replaceAll(/\{[^{}]*\}/g, "")))
    return { problem: "has a brace without its other", hint };
  const names = Array.from(template.matchAll(/\{([^{}]*)\}/g), (match) => match[1] ?? "");
  const unknown = names.find((name) => !PLACEHOLDERS.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestWord(unknown, PLACEHOLDERS);
    return {
      problem: `has an unknown placeholder {${unknown}}`,
      hint: nearest === null ? hint : `did you mean {${nearest}}?`,
    };
  }
  if (names.includes("project")) return null;
  return { problem: "must contain {project}", hint: "without it all storage projects would share one path" };
}

/** What file systems and the kernel take, in bytes. */
const LONGEST_PART = 255;
const LONGEST_PATH = 4095;

/** Why a path, or a template of one, is not an absolute path in its only spelling; null when it is. */
export function faultOfAbsolutePath(template: string): { problem: string; hint?: string } | null {
  if (!template.startsWith("/")) return { problem: "must be an absolute path" };
  const segments = template.slice(1).split("/");
  if (segments.includes("..") || segments.includes(".")) {
    return { problem: "must not contain `.` or `..` as a path segment" };
  }
  if (segments.includes("")) return { problem: "must not contain `//` or end in `/`" };
  // Control characters are refused with every text; these kinds pass there, and no path may have them.
  if (/[\p{Cf}\p{Cs}\u2028\u2029]/u.test(template)) {
    return { problem: "must not contain control characters or invisible format characters" };
  }
  // What stands in it already; what fills it is checked with each resource.
  const filled = template.replaceAll(/\{[^{}]*\}/g, "x");
  if (filled.split("/").some((segment) => Buffer.byteLength(segment) > LONGEST_PART)) {
    return { problem: `must not have a part longer than ${LONGEST_PART} bytes` };
  }
  if (Buffer.byteLength(filled) > LONGEST_PATH) {
    return { problem: `must not be longer than ${LONGEST_PATH} bytes` };
  }
  return null;
}
