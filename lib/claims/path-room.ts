// The room that the paths of claims take: their bytes, one after the other, and where each begins.

import { AnswerError } from "../errors.ts";
import { startedWith } from "../key-set.ts";

export type StoredPaths = {
  size: number;
  starts: Uint32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  /** How many paths have that many parts. */
  depths: readonly number[];
  /** Some path is there more than once. */
  hasTwins: boolean;
  /** By number, what was given where it is not in the composed form. */
  spellings: ReadonlyMap<number, string>;
};

/** The usual length of a path and some room. */
const BYTES_EACH = 64;
const FEWEST = 512;
const LONGEST = 4096 * 3;

/** A million paths of eighty characters; a server may make each 4 KiB long. */
export const MOST_BYTES = 80 * 1024 * 1024;
/** The most that is added at once: while it is copied the text is there twice. */
const MOST_ADDED = 16 * 1024 * 1024;

export function tooMany(): AnswerError {
  return new AnswerError(
    `the mount points of the list are longer than ${MOST_BYTES / 1024 / 1024} MiB in all`,
    {
      code: "too-large",
      hint: "check the slugs in Waldur",
    },
  );
}

/** Room for so many paths with so many bytes in all. */
export function roomForPaths(count: number, length: number): StoredPaths {
  const capacity = Math.max(Math.ceil(count * 1.1), FEWEST);
  return {
    size: 0,
    starts: new Uint32Array(capacity + 2),
    bytes: new Uint8Array(length + roomForMore(capacity - count)),
    depths: [],
    hasTwins: false,
    spellings: new Map(),
  };
}

/** Bytes that so many more paths probably take; what is not used of them costs nothing. */
export function roomForMore(count: number): number {
  return Math.min(count * BYTES_EACH, MOST_BYTES) + LONGEST;
}

export function wider(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  const more = Math.min(Math.ceil(bytes.length / 2), MOST_ADDED);
  return startedWith(new Uint8Array(Math.max(needed + LONGEST, bytes.length + more)), bytes);
}
