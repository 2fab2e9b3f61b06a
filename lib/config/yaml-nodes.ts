// Small questions to the nodes of a YAML tree.

import { isScalar, type Node } from "yaml";

/** The parser marks an unquoted `<<` by a symbol. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

/** A key as it is written, so that `1` and `no` are text like any other; null for a map or list as a key. */
export function keyText(key: unknown): string | null {
  return isScalar(key) ? (key.source ?? String(key.value)) : null;
}

/** The offset of the first character of a node. */
export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
