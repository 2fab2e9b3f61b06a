// What may become one part of a path, and how long part and path may be. Waldur makes slugs such as `-200`, `--` and
// `Glacier--1`; staff and older servers make others, and data types are typed by people.

/** Longest name of a file or directory that Linux file systems take, in bytes; segments are ASCII. */
export const LONGEST_SEGMENT = 255;
/** Longest path that the kernel takes, in bytes. */
export const LONGEST_PATH = 4095;
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
export const SEGMENT_HINT =
  "letters, digits, dash, underscore and dot are allowed, at most 255, and no dot at the start";

/** Whether a text is safe as one part of a path; `.`, `..` and an empty one are not. */
export function isSegment(text: string): boolean {
  return text.length <= LONGEST_SEGMENT && SEGMENT.test(text);
}
