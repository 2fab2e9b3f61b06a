// What makes two documents the same: everything but the date.

import { withoutDate } from "./text.ts";

/**
 * SHA-256 in hex of a document's text without its date line.
 * @param chunks the text, cut anywhere behind its first lines, where the date stands
 */
export function documentDigest(chunks: Iterable<string>): string {
  const read = digestAlong(chunks);
  for (const _ of read.chunks);
  return read.sha256();
}

/** The same chunks, for another reader; and the digest of those that were taken. */
export function digestAlong(chunks: Iterable<string>): { chunks: Iterable<string>; sha256(): string } {
  const hash = new Bun.CryptoHasher("sha256");
  return { chunks: hashed(chunks, hash), sha256: () => hash.digest("hex") };
}

function* hashed(chunks: Iterable<string>, hash: Bun.CryptoHasher): Iterable<string> {
  let isHead = true;
  for (const chunk of chunks) {
    hash.update(isHead ? withoutDate(chunk) : chunk);
    isHead = false;
    yield chunk;
  }
}
