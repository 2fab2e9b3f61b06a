// Which item holds which mount point, in 32 bytes for each: two resources must never get one path, also in a list of
// any length, and `orders` asks the index that the last `sync` left. Mount points are known only by their hash.

import { createKeySet, type Key, uuidKey, uuidText } from "../key-set.ts";

export type MountIndex = {
  /** Takes a mount point for an item; the uuid of the holder when another item has it already. */
  claim(mountPoint: string, itemId: string): string | null;
  /** The uuid of the item that has the mount point. */
  holder(mountPoint: string): string | null;
  size(): number;
  /** Empties the index; `expected` mount points then fit without growing. */
  clear(expected?: number): void;
  /** The hashes of all mount points, then the uuids of their holders, 16 bytes each; valid until the next `claim`. */
  columns(): readonly [Uint8Array, Uint8Array];
};

const KEY_BYTES = 16;
const KEY_WORDS = 4;
const FIRST_RECORDS = 512;

export function createMountIndex(): MountIndex {
  return mountIndex().index;
}

/** The index whose columns these are, one after the other; null when the bytes are no whole number of records. */
export function mountIndexFromBytes(bytes: Uint8Array): MountIndex | null {
  if (bytes.length % (2 * KEY_BYTES) !== 0) return null;
  // A copy begins where words may; `slice` of a Buffer is none.
  const words = new Int32Array(new Uint8Array(bytes).buffer);
  const middle = words.length / 2;
  const { index, add } = mountIndex();
  for (let at = 0; at < middle; at += KEY_WORDS) {
    add(words.subarray(at, at + KEY_WORDS), words.subarray(middle + at, middle + at + KEY_WORDS));
  }
  return index;
}

function mountIndex() {
  const hashes = createKeySet();
  let uuids = new Int32Array(FIRST_RECORDS * KEY_WORDS);

  const uuidAt = (number: number) => uuids.subarray(number * KEY_WORDS, (number + 1) * KEY_WORDS);
  /** The number of the record, negative minus one when the hash was there already, as in a key set. */
  const add = (hash: Key, uuid: Key): number => {
    const number = hashes.add(hash);
    if (number < 0) return number;
    if ((number + 1) * KEY_WORDS > uuids.length) uuids = doubled(uuids);
    uuids.set(uuid, number * KEY_WORDS);
    return number;
  };

  const index: MountIndex = {
    claim(mountPoint, itemId) {
      const number = add(hashOf(mountPoint), uuidKey(itemId));
      const holder = number < 0 ? uuidText(uuidAt(-1 - number)) : itemId;
      return holder === itemId ? null : holder;
    },
    holder(mountPoint) {
      const hash = hashOf(mountPoint);
      return hashes.has(hash) ? uuidText(uuidAt(-1 - hashes.add(hash))) : null;
    },
    size: () => hashes.size(),
    clear(expected = 0) {
      hashes.clear(expected);
      uuids = new Int32Array(Math.max(expected, FIRST_RECORDS) * KEY_WORDS);
    },
    columns: () => [hashes.bytes(), new Uint8Array(uuids.buffer, 0, hashes.size() * KEY_BYTES)],
  };
  return { index, add };
}

function doubled(words: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(words.length * 2);
  wider.set(words);
  return wider;
}

const digest = new Uint8Array(32);
const firstHalf = new Int32Array(digest.buffer, 0, KEY_WORDS);

/**
 * The first half of a SHA-256: as fast here as hashes that a user could make collide by the choice of a slug (0.1 µs).
 * The array is reused by the next call.
 */
function hashOf(mountPoint: string): Key {
  Bun.SHA256.hash(mountPoint, digest);
  return firstHalf;
}
