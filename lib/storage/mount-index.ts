// Which item holds which mount point, in 32 bytes for each: two resources must never get one path, also in a list of
// any length, and `orders` asks the index that the last `sync` left. Mount points are known only by their hash.

import { createKeySet, uuidBytes, uuidText } from "../key-set.ts";

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

const HALF_BYTES = 16;
const RECORD_BYTES = 2 * HALF_BYTES;
const FIRST_RECORDS = 512;

export function createMountIndex(): MountIndex {
  return mountIndex().index;
}

/** The index whose columns these are, one after the other; null when the bytes are no whole number of records. */
export function mountIndexFromBytes(bytes: Uint8Array): MountIndex | null {
  if (bytes.length % RECORD_BYTES !== 0) return null;
  const { index, add } = mountIndex();
  const middle = bytes.length / 2;
  for (let at = 0; at < middle; at += HALF_BYTES) {
    add(bytes.subarray(at, at + HALF_BYTES), bytes.subarray(middle + at, middle + at + HALF_BYTES));
  }
  return index;
}

function mountIndex() {
  const hashes = createKeySet();
  let uuids = new Uint8Array(FIRST_RECORDS * HALF_BYTES);

  const uuidAt = (number: number) => uuids.subarray(number * HALF_BYTES, (number + 1) * HALF_BYTES);
  /** The number of the record, negative minus one when the hash was there already, as in a key set. */
  const add = (hash: Uint8Array, uuid: Uint8Array): number => {
    const number = hashes.add(hash);
    if (number < 0) return number;
    if ((number + 1) * HALF_BYTES > uuids.length) uuids = doubled(uuids);
    uuids.set(uuid, number * HALF_BYTES);
    return number;
  };

  const index: MountIndex = {
    claim(mountPoint, itemId) {
      const number = add(hashOf(mountPoint), uuidBytes(itemId));
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
      uuids = new Uint8Array(Math.max(expected, FIRST_RECORDS) * HALF_BYTES);
    },
    columns: () => [hashes.bytes(), uuids.subarray(0, hashes.size() * HALF_BYTES)],
  };
  return { index, add };
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const wider = new Uint8Array(bytes.length * 2);
  wider.set(bytes);
  return wider;
}

const digest = new Uint8Array(32);

/**
 * The first half of a SHA-256: as fast here as hashes that a user could make collide by the choice of a slug (0.1 µs).
 * The array is reused by the next call.
 */
function hashOf(mountPoint: string): Uint8Array {
  Bun.SHA256.hash(mountPoint, digest);
  return digest.subarray(0, HALF_BYTES);
}
