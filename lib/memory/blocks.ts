// The bytes of the memory, in blocks whose digest is chained: a file that was cut or damaged anywhere is known before a
// line of it is used.

import { readSync } from "node:fs";

const BLOCK_BYTES = 65_536;

/** Of everything before the last line, which holds it. */
export type Digest = bigint;

/** Gathers text into blocks. */
export function createBlockWriter(write: (bytes: Uint8Array) => void) {
  const block = Buffer.alloc(BLOCK_BYTES);
  let used = 0;
  let written = 0;
  let digest: Digest = 0n;
  const flush = (): void => {
    digest = Bun.hash.xxHash64(block.subarray(0, used), digest);
    write(block.subarray(0, used));
    written += used;
    used = 0;
  };
  return {
    add(text: string): void {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) {
        const taken = bytes.copy(block, used, at);
        used += taken;
        at += taken;
        if (used === BLOCK_BYTES) flush();
      }
    },
    /** Bytes so far. */
    get size(): number {
      return written + used;
    },
    /** The digest of everything, which is written now. */
    finish(): Digest {
      if (used > 0) flush();
      return digest;
    },
  };
}

/** Of the first bytes of a file; null when there are fewer. */
export function digestOf(fd: number, end: number): Digest | null {
  const block = Buffer.alloc(BLOCK_BYTES);
  let digest: Digest = 0n;
  for (let at = 0; at < end; at += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, end - at);
    if (readAt(fd, block.subarray(0, length), at) < length) return null;
    digest = Bun.hash.xxHash64(block.subarray(0, length), digest);
  }
  return digest;
}

/** Fills the buffer from there on; fewer bytes at the end of the file. */
export function readAt(fd: number, buffer: Uint8Array, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const count = readSync(fd, buffer, done, buffer.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
