// Which item holds which mount point, in 20 bytes for each beside the items' uuids: two resources must never get one path, also in a list of
// any length, and `orders` asks the index that the last `sync` left. Mount points are known only by their hash.

import { createKeySet, type KeySet, uuidBytes, uuidText } from "../key-set.ts";

export type MountIndex = {
  /** Takes a mount point for an item; the uuid of the holder when another item has it already. */
  claim(mountPoint: string, itemId: string): string | null;
  /** The uuid of the item that has the mount point. */
  holder(mountPoint: string): string | null;
  size(): number;
  /** Empties the index, but not the set of uuids; `expected` mount points then fit without growing. */
  clear(expected?: number): void;
  /** The hashes of all mount points, then the uuids of their holders, 16 bytes each; pieces are valid until the next one. */
  columns(): Columns;
};

export type Columns = { length: number; pieces: () => Iterable<Uint8Array> };

const HALF_BYTES = 16;
const RECORD_BYTES = 2 * HALF_BYTES;
const FIRST_RECORDS = 512;

/** An index that keeps the uuids of its items in `uuids`, where a list that is read has them already. */
export function createMountIndex(uuids: KeySet = createKeySet()): MountIndex {
  return mountIndex(uuids).index;
}

/** The index whose columns these are, one after the other; null when the bytes are no whole number of records. */
export function mountIndexFromBytes(bytes: Uint8Array): MountIndex | null {
  if (bytes.length % RECORD_BYTES !== 0) return null;
  const { index, add } = mountIndex(createKeySet());
  const middle = bytes.length / 2;
  for (let at = 0; at < middle; at += HALF_BYTES) {
    add(bytes.subarray(at, at + HALF_BYTES), bytes.subarray(middle + at, middle + at + HALF_BYTES));
  }
  return index;
}

function mountIndex(uuids: KeySet) {
  const hashes = createKeySet();
  /** By the number of the mount point, that of its holder's uuid. */
  let holders = new Int32Array(FIRST_RECORDS);

  const uuidOf = (number: number) => uuids.at(holders[number] ?? 0);
  /** The number of the record, negative minus one when the hash was there already, as in a key set. */
  const add = (hash: Uint8Array, uuid: Uint8Array): number => {
    const number = hashes.add(hash);
    if (number < 0) return number;
    if (number >= holders.length) holders = doubled(holders);
    const item = uuids.add(uuid);
    holders[number] = item < 0 ? -1 - item : item;
    return number;
  };

  const index: MountIndex = {
    claim(mountPoint, itemId) {
      const number = add(hashOf(mountPoint), uuidBytes(itemId));
      const holder = number < 0 ? uuidText(uuidOf(-1 - number)) : itemId;
      return holder === itemId ? null : holder;
    },
    holder(mountPoint) {
      const hash = hashOf(mountPoint);
      return hashes.has(hash) ? uuidText(uuidOf(-1 - hashes.add(hash))) : null;
    },
    size: () => hashes.size(),
    clear(expected = 0) {
      hashes.clear(expected);
      holders = new Int32Array(Math.max(expected, FIRST_RECORDS));
    },
    columns: () => ({
      length: hashes.size() * RECORD_BYTES,
      *pieces() {
        yield hashes.bytes();
        yield* gather(uuids.bytes(), holders.subarray(0, hashes.size()));
      },
    }),
  };
  return { index, add };
}

const PIECE_RECORDS = 4096;

/** The keys of these numbers, a piece at a time: a column that is nowhere in one piece needs no memory of its own. */
function* gather(keys: Uint8Array, numbers: Int32Array): Iterable<Uint8Array> {
  const piece = new Uint8Array(PIECE_RECORDS * HALF_BYTES);
  let end = 0;
  for (const number of numbers) {
    // Byte by byte: a view for each would be more garbage than all else here.
    for (let byte = 0; byte < HALF_BYTES; byte++) piece[end++] = keys[number * HALF_BYTES + byte] ?? 0;
    if (end < piece.length) continue;
    yield piece;
    end = 0;
  }
  if (end > 0) yield piece.subarray(0, end);
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(numbers.length * 2);
  wider.set(numbers);
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
