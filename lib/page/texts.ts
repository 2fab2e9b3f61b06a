// A hundred thousand short texts that are only ever compared and printed: bytes in one array, nothing for the collector.

export type Texts = {
  add(text: string): void;
  text(at: number): string;
  isEqual(at: number, other: Texts, otherAt: number): boolean;
  /** The bytes of a text; a view that is valid until the next `add`. */
  bytes(at: number): Uint8Array;
};

const FIRST_BYTES = 65_536;
/** No character takes more for each of its UTF-16 units. */
const BYTES_PER_UNIT = 3;

export function createTexts(): Texts {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const ends = createNumbers(Int32Array);
  let bytes = new Uint8Array(FIRST_BYTES);
  let end = 0;
  const bytesAt = (at: number) => bytes.subarray(at === 0 ? 0 : ends.at(at - 1), ends.at(at));
  return {
    add(text) {
      const most = end + text.length * BYTES_PER_UNIT;
      if (most > bytes.length) {
        const more = new Uint8Array(Math.max(most, bytes.length * 2));
        more.set(bytes);
        bytes = more;
      }
      end += encoder.encodeInto(text, bytes.subarray(end)).written;
      ends.add(end);
    },
    text: (at) => decoder.decode(bytesAt(at)),
    bytes: bytesAt,
    isEqual: (at, other, otherAt) => Buffer.compare(bytesAt(at), other.bytes(otherAt)) === 0,
  };
}

export type Numbers = { add(value: number): void; at(index: number): number };

const FIRST_NUMBERS = 1024;

/** A column that grows. */
export function createNumbers(Kind: Int32ArrayConstructor | Float64ArrayConstructor): Numbers {
  let values = new Kind(FIRST_NUMBERS);
  let size = 0;
  return {
    add(value) {
      if (size === values.length) {
        const more = new Kind(size * 2);
        more.set(values);
        values = more;
      }
      values[size++] = value;
    },
    at: (index) => values[index] ?? 0,
  };
}
