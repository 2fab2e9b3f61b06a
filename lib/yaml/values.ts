// The values of a YAML tree, in one pass: aliases and merge keys are followed, and the place of every value is kept.
// Refuses what could be read in two ways or without end: a key that appears twice, an alias that contains itself or
// explodes. The parser's own checks for both take quadratic time or give no place. No problem quotes the source.

import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { isYamlMap, type Place, plainValue } from "./map.ts";

export type TreeProblem = { offset: number; message: string; hint?: string };

export type Values = {
  root: unknown;
  problems: TreeProblem[];
  /** The places of what a map or list holds. */
  places: WeakMap<object, ReadonlyMap<string | number, Place>>;
};

/** An alias with more values, those of aliases in it included, is an alias bomb. */
const MAX_ALIAS_VALUES = 100_000;

/** `weight` counts the values in it, with those that aliases represent. */
type Entry = { value: unknown; weight: number; start: number };

/** Reads the tree. `isNamed` says which keys may be repeated in a message; another one may be a secret. */
export function readValues(tree: Node, isNamed: (key: string) => boolean): Values {
  const problems: TreeProblem[] = [];
  const places: Values["places"] = new WeakMap();
  /** null while the value is being read: an alias to it would contain itself. */
  const anchors = new Map<string, Entry | null>();
  const report = (offset: number, message: string, hint?: string) =>
    problems.push({ offset, message, ...(hint !== undefined && { hint }) });

  const read = (node: unknown): Entry => {
    if (!isNode(node)) return { value: null, weight: 1, start: 0 };
    const start = startOf(node);
    if (isAlias(node)) return readAlias(node.source, start);
    if (node.anchor !== undefined) anchors.set(node.anchor, null);
    const entry = { start, ...readContents(node) };
    if (node.anchor !== undefined) anchors.set(node.anchor, entry);
    return entry;
  };

  const readContents = (node: Node) => {
    if (isMap(node)) return readMap(node);
    if (isSeq(node)) return readList(node.items);
    if (!isScalar(node)) return { value: null, weight: 1 };
    const isPlain = node.type === "PLAIN" && node.source !== undefined;
    return { value: isPlain ? plainValue(node.value, node.source ?? "") : node.value, weight: 1 };
  };

  const readAlias = (anchor: string, start: number): Entry => {
    const target = anchors.get(anchor);
    if (target && target.weight <= MAX_ALIAS_VALUES) return target;
    if (target === undefined) report(start, "this alias (`*…`) has no anchor (`&…`) above it");
    else if (target === null) report(start, "this alias (`*…`) contains itself");
    else report(start, `this alias (\`*…\`) stands for more than ${MAX_ALIAS_VALUES} values`);
    return { value: null, weight: 1, start };
  };

  const readList = (items: readonly unknown[]) => {
    const entries = items.map(read);
    const value = entries.map((entry) => entry.value);
    const at = items.map((item, index): [number, Place] => [
      index,
      placeOf(item, entries[index], startOf(item)),
    ]);
    places.set(value, new Map(at));
    return { value, weight: entries.reduce((sum, { weight }) => sum + weight, 1) };
  };

  /** Own keys first, then those of merged maps in their order, as the YAML merge key says. */
  const readMap = ({ items }: YAMLMap) => {
    const value: Record<string, unknown> = Object.create(null);
    const own = new Map<string, Place>();
    const merges: { offset: number; merged: unknown }[] = [];
    let weight = 1;
    for (const pair of items) {
      const offset = startOf(pair.key);
      if (!isAlias(pair.key)) read(pair.key);
      const entry = read(pair.value);
      weight += entry.weight + 1;
      const key = isMergeKey(pair) ? null : keyOf(pair, offset, own);
      if (isMergeKey(pair)) merges.push({ offset, merged: entry.value });
      if (key === null) continue;
      value[key] = entry.value;
      own.set(key, placeOf(pair.value, entry, offset));
    }
    for (const { offset, merged } of merges) {
      for (const map of Array.isArray(merged) ? merged : [merged]) {
        if (!isYamlMap(map)) report(offset, "`<<` needs a map");
        else
          for (const [key, place] of places.get(map) ?? []) {
            if (own.has(String(key))) continue;
            value[key] = map[key];
            own.set(String(key), place);
          }
      }
    }
    places.set(value, own);
    return { value, weight };
  };

  const keyOf = ({ key }: Pair, offset: number, own: ReadonlyMap<string, Place>): string | null => {
    const text = isScalar(key) ? (key.source ?? String(key.value)) : null;
    if (text === null) report(offset, "a key must be plain text");
    else if (!own.has(text)) return text;
    else
      report(
        offset,
        `${isNamed(text) ? `the key ${text}` : "this key"} appears twice`,
        "remove one of the two",
      );
    return null;
  };

  return { root: read(tree).value, problems, places };
}

/** A key without a value is at its own place. */
function placeOf(node: unknown, entry: Entry | undefined, key: number): Place {
  const isAnchored = isNode(node) && !isAlias(node) && node.anchor !== undefined;
  return { key, value: entry === undefined || entry.value === null ? key : entry.start, isAnchored };
}

/** The parser marks an unquoted `<<` by a symbol. */
function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
