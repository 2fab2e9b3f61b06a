// A set of 128-bit keys in typed arrays: 16 bytes a key and an index, instead of a string and a hash entry each.
// It proves that a list of any length held no row twice, and finds two resources with one mount point.

import { isPlainUuid } from "./uuid.ts";
/** Sixteen bytes, as four words in the byte order of the machine. */
export type Key = Int32Array;

/** Each key gets the next number, from 0, when it is first added. */
export type KeySet = {
  /** The number of the key, negative minus one when it was there already: `-1 - number`. */
  add(key: Key): number;
  /** The number of the key; -1 when it is not there. */
  find(key: Key): number;
  size(): number;
  /** All keys, four words each; a view that is valid until the next `add`. */
  words(): Int32Array;
  /** Becomes the set of these keys, which are all different, in their order. */
  restore(words: Int32Array, count: number): void;
  /** Makes room for so many keys in all, so that nothing is copied until then. */
  reserve(count: number): void;
  /** Empties the set; `expected` keys then fit without growing, which would need half as much again for a moment. */
  clear(expected?: number): void;
};

export const KEY_BYTES = 16;
export const KEY_WORDS = 4;
const FIRST_KEYS = 512;

export function createKeySet(): KeySet {
  let keys = new Int32Array(0);
  /** Made when a key is first searched for: where a list comes in the order of the last one, no key is. */
  let slots: Int32Array<ArrayBuffer> | null = null;
  let size = 0;
  /** The number behind the one that was found last. */
  let next = 0;
  /** Where the key that was searched last is in the index, or would be. */
  let slot = 0;

  const clear = (expected = 0) => {
    keys = new Int32Array(Math.max(expected, FIRST_KEYS) * KEY_WORDS);
    slots = null;
    size = 0;
    next = 0;
  };
  const index = (): Int32Array => {
    if (slots !== null) return slots;
    slots = emptySlots(keys.length / KEY_WORDS);
    for (let number = 0; number < size; number++)
      slots[slotAt(number * KEY_WORDS, keys, { keys, slots })] = number;
    return slots;
  };
  const isNext = (key: Key): boolean => {
    const at = next * KEY_WORDS;
    return (
      next < size &&
      keys[at] === key[0] &&
      keys[at + 1] === key[1] &&
      keys[at + 2] === key[2] &&
      keys[at + 3] === key[3]
    );
  };
  const search = (key: Key): number => {
    const taken = index();
    slot = slotOf(key, keys, taken);
    return taken[slot] ?? -1;
  };
  const find = (key: Key): number => {
    const number = isNext(key) ? next : search(key);
    if (number >= 0) next = number + 1;
    return number;
  };

  const grow = (length: number) => {
    keys = startedWith(new Int32Array(length), keys);
    slots = null;
  };

  clear();
  return {
    add(key) {
      const found = find(key);
      if (found >= 0) return -1 - found;
      if ((size + 1) * KEY_WORDS > keys.length) {
        grow(keys.length * 2);
        search(key);
      }
      index()[slot] = size;
      keys.set(key, size * KEY_WORDS);
      return size++;
    },
    find,
    words: () => keys,
    restore(words, count) {
      clear(Math.ceil(count * 1.1));
      keys.set(words.subarray(0, count * KEY_WORDS));
      size = count;
    },
    reserve(count) {
      if (count * KEY_WORDS > keys.length) grow(count * KEY_WORDS);
    },
    size: () => size,
    clear,
  };
}

/** Uuids of 32 hex digits, in a fifth of the memory that a set of texts takes. */
export type UuidSet = {
  readonly size: number;
  add(uuid: string): void;
  has(uuid: string): boolean;
  clear(): void;
};

export function createUuidSet(): UuidSet {
  const keys = createKeySet();
  return {
    get size() {
      return keys.size();
    },
    add: (uuid) => void keys.add(uuidKey(uuid)),
    has: (uuid) => isPlainUuid(uuid) && keys.find(uuidKey(uuid)) >= 0,
    clear: () => keys.clear(),
  };
}

/** The key with that number, of keys that stand one after the other; a view. */
export function keyAt(keys: Int32Array, number: number): Key {
  return keys.subarray(number * KEY_WORDS, (number + 1) * KEY_WORDS);
}

/** The longer array, which begins with the values of the other one now. */
export function startedWith<Values extends Int32Array | Uint32Array | Uint8Array>(
  longer: Values,
  values: Values,
): Values {
  longer.set(values);
  return longer;
}

/** Two thirds of them taken when as many numbers are there as there is room for. */
export function emptySlots(capacity: number): Int32Array<ArrayBuffer> {
  return new Int32Array(Math.ceil(capacity * 1.5)).fill(-1);
}

type Index = { keys: Int32Array; slots: Int32Array };

/** Where the key is, or would be. */
function slotOf(key: Key, keys: Int32Array, slots: Int32Array): number {
  return slotAt(0, key, { keys, slots });
}

/** The same of the key that begins at that word. */
function slotAt(word: number, words: Int32Array, { keys, slots }: Index): number {
  const a = words[word] ?? 0;
  const b = words[word + 1] ?? 0;
  const c = words[word + 2] ?? 0;
  const d = words[word + 3] ?? 0;
  let slot = firstSlot(hashOf(word, words), slots.length);
  for (;;) {
    const number = slots[slot] ?? -1;
    if (number < 0) return slot;
    const at = number * KEY_WORDS;
    if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
    slot = slot + 1 === slots.length ? 0 : slot + 1;
  }
}

/** Mixes the four words of a key, because uuids of one server can share most of their bits. */
function hashOf(word: number, words: Int32Array): number {
  const b = words[word + 1] ?? 0;
  let mixed = Math.imul((words[word] ?? 0) ^ (b >>> 15) ^ (b << 17), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ (words[word + 2] ?? 0), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ (words[word + 3] ?? 0), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A hash as a number below `slots`. */
export function firstSlot(hash: number, slots: number): number {
  return Math.floor(((hash >>> 0) / 2 ** 32) * slots);
}

/** The key of a uuid of 32 hex digits; the array is reused by the next call. */
export function uuidKey(uuid: string): Key {
  scratchBytes.write(uuid, 0, KEY_BYTES, "hex");
  return scratch;
}

const scratch = new Int32Array(KEY_WORDS);
const scratchBytes = Buffer.from(scratch.buffer);

/** The uuid of a key. */
export function uuidText(key: Key): string {
  return Buffer.from(key.buffer, key.byteOffset, KEY_BYTES).toString("hex");
}
