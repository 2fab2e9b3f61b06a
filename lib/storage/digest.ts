// What makes two documents the same: everything but the date.

import { withoutDate } from "./text.ts";

/**
 * SHA-256 in hex of a document's text without its date line.
 * @param chunks the text, cut anywhere behind its first lines, where the date stands
 */
export function documentDigest(chunks: Iterable<string>): string {
  const hash = new Bun.CryptoHasher("sha256");
  let isHead = true;
  for (const chunk of chunks) {
    hash.update(isHead ? withoutDate(chunk) : chunk);
    isHead = false;
  }
  return hash.digest("hex");
}
