// Which part of a list is read in full, though nothing in it seems to have changed: so much in each run that each row
// is read once a day, the parts that were read longest ago first. Pure; times are in seconds.

import { isTable } from "../json.ts";

/** No row is used for longer, whatever its `modified` says. */
export const LONGEST_TRUST = 86_400;

/** Rows that are read in full together; a page of the list, unless the server gives smaller ones. */
export const BLOCK_ROWS = 300;

export type MemoryAges = {
  rows: number;
  writtenAt: number;
  /** Rows that were to be read in full by then, and were not: too few for a block. */
  owed: number;
  /** Rows of a block, where that is not the usual number. */
  blockRows?: number;
  /** When that row of each block of the list was last given by Waldur which was given longest ago. */
  oldest: readonly number[];
};

export type Check = {
  /** Everything is to be read in full. */
  isWhole: boolean;
  /** Whether some of the rows from one position of the list up to, but without, another are to be. */
  has(from: number, to: number): boolean;
  /** Rows that remain to be read. */
  owed: number;
};

export const WHOLE: Check = { isWhole: true, has: () => true, owed: 0 };

export function planCheck(ages: MemoryAges, now: number): Check {
  const { blockRows = BLOCK_ROWS } = ages;
  const passed = now - ages.writtenAt;
  if (passed < 0 || passed > LONGEST_TRUST) return WHOLE;
  const share = ages.owed + (ages.rows * passed) / LONGEST_TRUST;
  const blocks = [...ages.oldest.entries()].sort(([, a], [, b]) => a - b);
  const chosen = new Set<number>();
  let left = share;
  let isSpent = false;
  for (const [block, oldest] of blocks) {
    const size = Math.min(blockRows, ages.rows - block * blockRows);
    // The next run, as long from now as the last one was, would find it too old.
    const isDue = oldest > now || now + passed - oldest > LONGEST_TRUST;
    if (left < size) isSpent = true;
    if (isSpent && !isDue) continue;
    chosen.add(block);
    left -= size;
  }
  return {
    isWhole: chosen.size === blocks.length,
    has(from, to) {
      for (let block = Math.floor(from / blockRows); block * blockRows < to; block++)
        if (chosen.has(block)) return true;
      return false;
    },
    owed: Math.max(0, left),
  };
}

/** Gathers the ages of a list's rows, in its order; null of one that is not remembered, and so read in each run. */
export function trackAges(blockRows = BLOCK_ROWS) {
  const oldest: number[] = [];
  let rows = 0;
  return {
    add(checkedAt: number | null): void {
      const block = Math.floor(rows++ / blockRows);
      oldest[block] = Math.min(oldest[block] ?? NEVER, checkedAt ?? NEVER);
    },
    finish: (now: { writtenAt: number; owed: number }): MemoryAges => ({
      rows,
      ...now,
      ...(blockRows === BLOCK_ROWS ? {} : { blockRows }),
      oldest: oldest.map((time) => Math.min(time, now.writtenAt)),
    }),
  };
}

const NEVER = Number.MAX_SAFE_INTEGER;

export function isAges(value: unknown): value is MemoryAges {
  if (!isTable(value)) return false;
  const { rows, writtenAt, owed, oldest, blockRows = BLOCK_ROWS } = value;
  return (
    Number.isSafeInteger(blockRows) &&
    Number(blockRows) > 0 &&
    Number.isSafeInteger(rows) &&
    Number.isSafeInteger(writtenAt) &&
    Number.isFinite(owed) &&
    Array.isArray(oldest) &&
    oldest.every(Number.isSafeInteger)
  );
}
