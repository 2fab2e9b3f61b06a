// The text of mount points, one after the other in one buffer, and finding them by their bytes: a path itself, the
// paths above it, and one below it. Some 60 bytes a path instead of a string and a hash entry each. One file because
// all of it works on the same buffer and slots.

import { emptySlots, firstSlot, startedWith } from "../key-set.ts";
import { MOST_BYTES, roomForMore, roomForPaths, type StoredPaths, tooMany, wider } from "./path-room.ts";

export type PathStore = {
  readonly size: number;
  /** Appends a path, also one that is there already; returns its number. */
  add(path: string): number;
  /** Makes room for so many paths in all, so that nothing is copied until then. */
  reserve(count: number): void;
  text(number: number): string;
  /** Numbers of every path that is equal in Unicode's composed form. */
  find(path: string): readonly number[];
  /** Whether that number is this very path; quicker than `find`. */
  is(number: number, path: string): boolean;
  /** Numbers of the paths above it, such as `/a` of `/a/b`. */
  above(path: string): readonly number[];
  /** Numbers of the paths below it, such as `/a/b` of `/a`. Looks through all paths only where there is one. */
  below(path: string): readonly number[];
  /** Numbers of paths that are there more than once, together. */
  twins(): readonly number[][];
  /** Whether there are paths of different depths. */
  hasDepths(): boolean;
  /** Where each path begins, and one more; and all their bytes. Views that are valid until the next call. */
  columns(): StoredPaths;
};

/** A piece of the buffer. */
type Span = { from: number; length: number };

/** What is known of a path once its bytes were looked at. */
type Probe = {
  path: string;
  at: number;
  length: number;
  hash: number;
  /** Where its slashes are, and the hash of what is before each. */
  slashes: readonly number[];
  hashes: readonly number[];
};

const NONE: readonly number[] = [];

const SLASH = 47;
const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** @param stored what the store begins with, and continues to use */
export function createPathStore(stored: StoredPaths = roomForPaths(0, 0)): PathStore {
  let { starts, bytes } = stored;
  /** Made when a path is first looked for: a list whose rows all keep their paths needs none. */
  let slots: Int32Array<ArrayBuffer> | null = null;
  let { size } = stored;
  /** How many paths have that many parts. */
  const depths = [...stored.depths];
  /** Further paths with the bytes of an earlier one. */
  const twins = new Map<number, number[]>();
  /** By a number of parts: one path that is below each beginning of so many parts. Made when first asked. */
  const prefixes = new Map<number, Int32Array>();
  /** What was given where it is not in the composed form, which the bytes are. */
  const spellings = new Map<number, string>(stored.spellings);

  const start = (number: number) => starts[number] ?? 0;
  /** The path that was looked for last, whose bytes stand behind those of the last path; `at` is where. */
  let probe: Probe = { path: "", at: -1, length: 0, hash: 0, slashes: [], hashes: [] };
  /** A row asks for its path several times, before it is added. */
  const probeOf = (path: string): Probe => {
    const at = start(size);
    if (probe.at === at && probe.path === path) return probe;
    const length = write(path);
    const slashes: number[] = [];
    const hashes: number[] = [];
    let hash = SEED;
    for (let i = 0; i < length; i++) {
      const byte = bytes[at + i] ?? 0;
      if (byte === SLASH) {
        slashes.push(i);
        hashes.push(mixed(hash));
      }
      hash = Math.imul(hash ^ byte, PRIME);
    }
    probe = { path, at, length, hash: mixed(hash), slashes, hashes };
    return probe;
  };
  /** Puts the bytes behind the last path and returns their number. */
  const write = (path: string): number => {
    const at = start(size);
    if (at > MOST_BYTES) throw tooMany();
    const written = encode(path, at);
    // Some characters become three in the composed form.
    return written === path.length ? written : encode(path.normalize("NFC"), at);
  };
  /** What does not fit would be left out, and nothing would show it. */
  const encode = (path: string, at: number): number => {
    if (at + path.length * 3 > bytes.length) bytes = wider(bytes, at + path.length * 3);
    return utf8.encodeInto(path, bytes.subarray(at)).written;
  };
  const isAt = (number: number, from: number, length: number): boolean => {
    const first = start(number);
    if (start(number + 1) - first !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[first + i] !== bytes[from + i]) return false;
    return true;
  };
  const slotOf = (table: Int32Array, hash: number, { from, length }: Span): number => {
    let slot = firstSlot(hash, table.length);
    for (;;) {
      const number = table[slot] ?? -1;
      if (number < 0 || isAt(number, from, length)) return slot;
      slot = slot + 1 === table.length ? 0 : slot + 1;
    }
  };
  const lookUp = (hash: number, span: Span): readonly number[] => {
    slots ??= startIndex();
    const number = slots[slotOf(slots, hash, span)] ?? -1;
    return number < 0 ? NONE : withTwins(number);
  };
  const hashOf = (from: number, length: number): number => {
    let hash = SEED;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[from + i] ?? 0), PRIME);
    return mixed(hash);
  };
  const enter = (table: Int32Array, number: number, hash = hashOfPath(number)): void => {
    const from = start(number);
    const slot = slotOf(table, hash, { from, length: start(number + 1) - from });
    const first = table[slot] ?? -1;
    if (first < 0) table[slot] = number;
    else twins.set(first, [...(twins.get(first) ?? []), number]);
  };
  const hashOfPath = (number: number): number => hashOf(start(number), start(number + 1) - start(number));
  const isBelow = (number: number, from: number, length: number): boolean => {
    const first = start(number);
    if (start(number + 1) - first <= length || bytes[first + length] !== SLASH) return false;
    for (let i = length - 1; i >= 0; i--) if (bytes[first + i] !== bytes[from + i]) return false;
    return true;
  };
  const prefixSlot = (table: Int32Array, hash: number, { from, length }: Span): number => {
    let slot = firstSlot(hash, table.length);
    for (;;) {
      const number = table[slot] ?? -1;
      if (number < 0 || isBelow(number, from, length)) return slot;
      slot = slot + 1 === table.length ? 0 : slot + 1;
    }
  };
  /** Remembers the path as one that is below its first `depth` parts, if none is remembered there. */
  const enterPrefix = (table: Int32Array, depth: number, number: number): void => {
    const length = lengthOfParts(number, depth);
    if (length === null) return;
    const from = start(number);
    const slot = prefixSlot(table, hashOf(from, length), { from, length });
    if ((table[slot] ?? -1) < 0) table[slot] = number;
  };
  /** Bytes of the first parts of a path; null when it has no more than these. */
  const lengthOfParts = (number: number, depth: number): number | null => {
    let slashes = 0;
    for (let i = start(number); i < start(number + 1); i++) {
      if (bytes[i] === SLASH && ++slashes > depth) return i - start(number);
    }
    return null;
  };
  const startPrefixes = (depth: number): Int32Array => {
    const table = emptySlots(starts.length);
    prefixes.set(depth, table);
    for (let number = 0; number < size; number++) enterPrefix(table, depth, number);
    return table;
  };
  const startIndex = (): Int32Array<ArrayBuffer> => {
    const table = emptySlots(starts.length);
    twins.clear();
    for (let number = 0; number < size; number++) enter(table, number);
    return table;
  };
  const grow = (length: number) => {
    starts = startedWith(new Uint32Array(length), starts);
    slots = null;
    const known = [...prefixes.keys()];
    prefixes.clear();
    for (const depth of known) startPrefixes(depth);
  };
  const withTwins = (number: number): number[] => [number, ...(twins.get(number) ?? [])];
  const textOf = (number: number): string =>
    spellings.get(number) ?? decoder.decode(bytes.subarray(start(number), start(number + 1)));

  if (stored.hasTwins) slots = startIndex();
  return {
    get size() {
      return size;
    },
    add(path) {
      if (size + 2 > starts.length) grow(starts.length * 2);
      const { at, length, hash, slashes } = probeOf(path);
      starts[size + 1] = at + length;
      if (isSpelled(path)) spellings.set(size, path);
      const number = size++;
      // The caller that adds a path has looked for it mostly, so the index is there.
      if (slots === null) slots = startIndex();
      else enter(slots, number, hash);
      depths[slashes.length] = (depths[slashes.length] ?? 0) + 1;
      for (const [parts, table] of prefixes) enterPrefix(table, parts, number);
      return number;
    },
    reserve(count) {
      if (count + 2 <= starts.length) return;
      grow(count + 2);
      const needed = start(size) + roomForMore(count - size);
      if (needed > bytes.length) bytes = startedWith(new Uint8Array(needed), bytes);
    },
    text: textOf,
    find(path) {
      const { at: from, length, hash } = probeOf(path);
      return lookUp(hash, { from, length });
    },
    is(number, path) {
      const first = start(number);
      const length = start(number + 1) - first;
      let i = 0;
      while (i < length && path.charCodeAt(i) === bytes[first + i] && (bytes[first + i] ?? 0) < 128) i++;
      return i === length && i === path.length ? true : !isAscii(path) && textOf(number) === path;
    },
    above(path) {
      const { at: from, slashes, hashes } = probeOf(path);
      const found: number[] = [];
      for (let depth = 1; depth < slashes.length; depth++) {
        // Only where paths of that many parts exist; on most sites there are none.
        if ((depths[depth] ?? 0) === 0) continue;
        found.push(...lookUp(hashes[depth] ?? 0, { from, length: slashes[depth] ?? 0 }));
      }
      return found;
    },
    below(path) {
      const { at: from, length, hash, slashes } = probeOf(path);
      const depth = slashes.length;
      if (!depths.some((count, deep) => deep > depth && count > 0)) return [];
      const table = prefixes.get(depth) ?? startPrefixes(depth);
      if ((table[prefixSlot(table, hash, { from, length })] ?? -1) < 0) return [];
      const found: number[] = [];
      for (let number = 0; number < size; number++) if (isBelow(number, from, length)) found.push(number);
      return found;
    },
    twins: () => [...twins.keys()].map(withTwins),
    hasDepths: () => depths.filter((count) => count > 0).length > 1,
    columns: () => ({
      size,
      starts: starts.subarray(0, size + 1),
      bytes: bytes.subarray(0, start(size)),
      depths,
      hasTwins: twins.size > 0,
      spellings,
    }),
  };
}

/** Different in each process, so that slugs cannot be chosen to get the same slot. */
const SEED = (Math.random() * 2 ** 32) | 0;
const PRIME = 0x01000193;

/** Other than in the composed form, in which paths are compared. */
function isSpelled(path: string): boolean {
  return !isAscii(path) && path !== path.normalize("NFC");
}

function isAscii(path: string): boolean {
  return !NOT_ASCII.test(path);
}

const NOT_ASCII = /[^\u0020-\u007e]/;

function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return once ^ (once >>> 13);
}
