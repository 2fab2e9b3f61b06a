// Whether a map of GIDs was read while it was being written. Separate from the reading, which loads the YAML parser.

/**
 * Whether a map is only the beginning of itself: its last line has no line break, and it has fewer entries than the
 * last time. Half of a number is a number, so nothing else shows it. `entriesBefore` is null where none is known.
 */
export function isCutMap(
  entriesNow: number,
  entriesBefore: number | null,
  endsWithLineBreak: boolean,
): boolean {
  return !endsWithLineBreak && entriesBefore !== null && entriesNow < entriesBefore;
}
