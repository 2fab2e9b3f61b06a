// What is remembered of a row, found beside a list that comes in the order of the last one: the next line, or one a
// little further on. Only where the order is another one is there an index, of twelve bytes a row.

import type { Lines } from "./lines.ts";

/** Lines that were passed over; of a row that is gone, or comes later now. */
const MOST_PASSED = 200;

/** Returns the line of a uuid; each is found once. */
export type Search = (uuid: string) => string | null;

export function createSearch(lines: Lines, rows: number): Search {
  const passed = new Map<string, string>();
  let isAtEnd = false;
  let index: ((uuid: string) => string | null) | null = null;
  return (uuid) => {
    if (index !== null) return index(uuid);
    const early = passed.get(uuid);
    if (early !== undefined) {
      passed.delete(uuid);
      return early;
    }
    while (!isAtEnd && passed.size < MOST_PASSED) {
      const line = lines.next();
      if (line === null) isAtEnd = true;
      else if (line.startsWith(uuid)) return line;
      else passed.set(line.slice(0, uuid.length), line);
    }
    if (isAtEnd) return null;
    passed.clear();
    index = createIndex(lines, rows);
    return index(uuid);
  };
}

/** Where each line begins, by a part of the digest of its uuid. */
function createIndex(lines: Lines, rows: number): (uuid: string) => string | null {
  const slots = Math.ceil(rows * 1.5) + 1;
  const digests = new Uint32Array(slots);
  /** One more than the position; 0 where the slot is free. */
  const places = new Uint32Array(slots);
  let taken = 0;
  const slotOf = (digest: number) => Math.floor((digest / 2 ** 32) * slots);
  const after = (slot: number) => (slot + 1 === slots ? 0 : slot + 1);
  lines.each((position, uuid) => {
    // What lies further than four bytes can say, or was not counted, is read anew.
    if (position >= 2 ** 32 - 1 || taken >= rows) return;
    const digest = Bun.hash.xxHash32(uuid);
    let slot = slotOf(digest);
    while (places[slot] !== 0) slot = after(slot);
    digests[slot] = digest;
    places[slot] = position + 1;
    taken++;
  });
  return (uuid) => {
    const digest = Bun.hash.xxHash32(uuid);
    for (let slot = slotOf(digest); places[slot] !== 0; slot = after(slot)) {
      if (digests[slot] !== digest) continue;
      const line = lines.at((places[slot] ?? 1) - 1);
      if (line?.startsWith(uuid) === true) return line;
    }
    return null;
  };
}
