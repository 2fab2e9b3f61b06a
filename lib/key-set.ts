// A set of 128-bit keys in typed arrays: 16 bytes a key and an index, instead of a string and a hash entry each.
// It proves that a list of any length held no row twice, and finds two resources with one mount point.

/** Keys are 16 bytes; each gets the next number, from 0, when it is first added. */
export type KeySet = {
  /** The number of the key, negative minus one when it was there already: `-1 - number`. */
  add(key: Uint8Array): number;
  has(key: Uint8Array): boolean;
  size(): number;
  /** The key with that number; a view that is valid until the next `add`. */
  at(number: number): Uint8Array;
  /** All keys, 16 bytes each, in the order of their numbers; a view that is valid until the next `add`. */
  bytes(): Uint8Array;
  /** Empties the set; `expected` keys then fit without growing, which would need half as much again for a moment. */
  clear(expected?: number): void;
};

const KEY_BYTES = 16;
const FIRST_SLOTS = 1024;

export function createKeySet(): KeySet {
  let keys = new Uint8Array((FIRST_SLOTS / 2) * KEY_BYTES);
  let slots = new Int32Array(FIRST_SLOTS).fill(-1);
  let size = 0;

  const slotOf = (key: Uint8Array): number => {
    const mask = slots.length - 1;
    for (let slot = hash(key) & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot] ?? -1;
      if (number < 0 || equals(keys, number * KEY_BYTES, key)) return slot;
    }
  };

  const grow = () => {
    const wider = new Uint8Array(keys.length * 2);
    wider.set(keys);
    keys = wider;
    slots = new Int32Array(slots.length * 2).fill(-1);
    for (let number = 0; number < size; number++) {
      slots[slotOf(keys.subarray(number * KEY_BYTES, (number + 1) * KEY_BYTES))] = number;
    }
  };

  return {
    add(key) {
      if ((size + 1) * 2 > slots.length || (size + 1) * KEY_BYTES > keys.length) grow();
      const slot = slotOf(key);
      const found = slots[slot] ?? -1;
      if (found >= 0) return -1 - found;
      keys.set(key, size * KEY_BYTES);
      slots[slot] = size;
      return size++;
    },
    has: (key) => (slots[slotOf(key)] ?? -1) >= 0,
    size: () => size,
    at: (number) => keys.subarray(number * KEY_BYTES, (number + 1) * KEY_BYTES),
    bytes: () => keys.subarray(0, size * KEY_BYTES),
    clear(expected = 0) {
      slots = new Int32Array(slotsFor(expected)).fill(-1);
      keys = new Uint8Array(Math.max(expected, FIRST_SLOTS / 2) * KEY_BYTES);
      size = 0;
    },
  };
}

/** A power of two, at most half of it taken. */
function slotsFor(expected: number): number {
  return Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(Math.max(1, expected * 2))));
}

/** Mixes the four words of a key; uuids of one server can share most of their bits. */
function hash(key: Uint8Array): number {
  let mixed = 0x811c9dc5;
  for (let i = 0; i < KEY_BYTES; i++) mixed = Math.imul(mixed ^ (key[i] ?? 0), 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function equals(keys: Uint8Array, offset: number, key: Uint8Array): boolean {
  for (let i = 0; i < KEY_BYTES; i++) if (keys[offset + i] !== key[i]) return false;
  return true;
}

/** The 16 bytes of a uuid of 32 hex digits. The array is reused by the next call. */
export function uuidBytes(uuid: string): Uint8Array {
  scratch.write(uuid, 0, KEY_BYTES, "hex");
  return scratch;
}

const scratch = Buffer.alloc(KEY_BYTES);

/** The uuid of 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, KEY_BYTES).toString("hex");
}
