// Lines that fit a terminal: the middle of what is too long goes, because paths differ at their ends.

/** Not to be split: letters with their marks, and characters outside the first plane. */
const segments = new Intl.Segmenter("en", { granularity: "grapheme" });

export function cutTo(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const parts = [...segments.segment(line)].map(({ segment }) => segment);
  if (parts.length <= columns) return line;
  const first = Math.ceil((columns - 1) / 3);
  return `${parts.slice(0, first).join("")}…${parts.slice(parts.length - (columns - 1 - first)).join("")}`;
}
