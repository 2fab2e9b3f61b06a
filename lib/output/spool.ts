// What is held until something else is written before it: in a file of the state directory, so that memory does not
// grow with it, or, for a run that changes nothing, in memory. The file has a temporary name and is removed with the
// run; if the run was killed, by the next one.

import type { Output } from "./directory.ts";
import { createTemporary, type Temporary } from "./durable.ts";

export type Spool = {
  empty(): void;
  write(bytes: Uint8Array): void;
  /** What was written, in pieces that the next one may overwrite. */
  chunks(): Iterable<Uint8Array>;
};

/** Makes the file when it is first asked for. */
export function fileSpool(output: Output): { spool(): Spool /** Never throws. */; discard(): void } {
  let temporary: Temporary | null = null;
  return {
    spool() {
      temporary = createTemporary(output, "state");
      return { empty: temporary.truncate, write: temporary.write, chunks: temporary.chunks };
    },
    discard: () => temporary?.discard(),
  };
}

export function memorySpool(): Spool {
  let parts: Uint8Array[] = [];
  return {
    empty() {
      parts = [];
    },
    write: (bytes) => void parts.push(bytes.slice()),
    chunks: () => parts,
  };
}

const ZEROS = new Uint8Array(65_536);

/** Gives as many bytes back, and not these: enough for a caller that counts them. */
export function sizeSpool(): Spool {
  let size = 0;
  return {
    empty() {
      size = 0;
    },
    write(bytes) {
      size += bytes.length;
    },
    *chunks() {
      for (let left = size; left > 0; left -= ZEROS.length)
        yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
    },
  };
}
