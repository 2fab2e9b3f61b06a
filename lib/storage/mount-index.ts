// Which item holds which mount point, in 32 bytes for each: two resources must never get one path, also in a list of
// any length, and `orders` asks the index that the last `sync` left. Mount points are known only by their hash.

import {
  createKeySet,
  doubled,
  KEY_BYTES,
  KEY_WORDS,
  type Key,
  keyAt,
  uuidKey,
  uuidText,
} from "../key-set.ts";

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

const FIRST_RECORDS = 512;

export function createMountIndex(): MountIndex {
  return mountIndex().index;
}

/** The index whose columns these are, one after the other; null when the bytes are no whole number of records. */
export function mountIndexFromBytes(bytes: Uint8Array): MountIndex | null {
  if (bytes.length % (2 * KEY_BYTES) !== 0) return null;
  // A copy begins where words may; `slice` of a Buffer is none.
  const keys = new Int32Array(new Uint8Array(bytes).buffer);
  const records = bytes.length / (2 * KEY_BYTES);
  const { index, add } = mountIndex();
  for (let number = 0; number < records; number++) add(keyAt(keys, number), keyAt(keys, records + number));
  return index;
}

function mountIndex() {
  const hashes = createKeySet();
  let uuids = new Int32Array(FIRST_RECORDS * KEY_WORDS);

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
      const holder = number < 0 ? uuidText(keyAt(uuids, -1 - number)) : itemId;
      return holder === itemId ? null : holder;
    },
    holder(mountPoint) {
      const hash = hashOf(mountPoint);
      return hashes.has(hash) ? uuidText(keyAt(uuids, -1 - hashes.add(hash))) : null;
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
