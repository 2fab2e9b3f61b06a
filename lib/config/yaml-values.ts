// The values of a YAML tree in one pass over it: aliases and merge keys are followed, and every value keeps its place.
// Refused is what could be read in two ways or without end: a key that is there twice, an alias that contains itself or
// explodes. The parser's own checks take quadratic time for both, or give no place. No problem quotes the source.

import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { plainValue } from "./two-readings.ts";

/** Where a value stands: the offset of its key or list dash, its own, and whether it has a name for aliases (`&…`). */
export type Place = { key: number; value: number; isAnchored: boolean };

/** A map of the file, without a prototype: `constructor` and `__proto__` are keys like any other. */
export type YamlMap = Readonly<Record<string, unknown>>;

export type TreeProblem = { offset: number; message: string; hint?: string };

export type Values = {
  root: unknown;
  problems: TreeProblem[];
  /** The places of what a map or list holds. */
  places: WeakMap<object, ReadonlyMap<string | number, Place>>;
};

/** An alias may stand for this many values, itself containing aliases; more is an alias bomb. */
const MAX_ALIAS_VALUES = 100_000;

export function isYamlMap(value: unknown): value is YamlMap {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A key with a value. */
export function isGiven(map: unknown, key: string): boolean {
  return isYamlMap(map) && Object.hasOwn(map, key) && map[key] !== null;
}

type Reading = { value: unknown; weight: number; start: number };
type Reader = Values & { anchors: Map<string, Reading | null>; isNamed: (key: string) => boolean };

/** Reads the tree. `isNamed` says which keys may be repeated in a message; another one may be a secret. */
export function readValues(root: Node, isNamed: (key: string) => boolean): Values {
  const reader: Reader = { root: null, problems: [], places: new WeakMap(), anchors: new Map(), isNamed };
  return { root: read(root, reader).value, problems: reader.problems, places: reader.places };
}

function read(node: Node | null, reader: Reader): Reading {
  if (node === null) return { value: null, weight: 1, start: 0 };
  if (isAlias(node)) return readAlias(node.source, startOf(node), reader);
  // An alias inside of it would contain itself.
  if (node.anchor !== undefined) reader.anchors.set(node.anchor, null);
  const { value, weight } = readContents(node, reader);
  const reading = { value, weight, start: startOf(node) };
  if (node.anchor !== undefined) reader.anchors.set(node.anchor, reading);
  return reading;
}

function readContents(node: Node, reader: Reader): Omit<Reading, "start"> {
  if (isMap(node)) return readMap(node, reader);
  if (isSeq(node)) return readList(node.items, reader);
  return { value: isScalar(node) ? scalarValue(node) : null, weight: 1 };
}

function scalarValue({ type, value, source }: Scalar): unknown {
  return type === "PLAIN" && source !== undefined ? plainValue(value, source) : value;
}

function readAlias(anchor: string, offset: number, { anchors, problems }: Reader): Reading {
  const target = anchors.get(anchor);
  if (target && target.weight <= MAX_ALIAS_VALUES) return target;
  const problem =
    target === undefined
      ? "has no anchor (`&…`) before it"
      : target === null
        ? "contains itself"
        : `stands for more than ${MAX_ALIAS_VALUES} values`;
  problems.push({ offset, message: `this alias (\`*…\`) ${problem}` });
  return { value: null, weight: 1, start: offset };
}

function readList(items: readonly unknown[], reader: Reader): Omit<Reading, "start"> {
  const places = new Map<number, Place>();
  const value: unknown[] = [];
  let weight = 1;
  for (const [index, item] of items.entries()) {
    const node = isNode(item) ? item : null;
    const entry = read(node, reader);
    weight += entry.weight;
    places.set(index, placeOf(node, entry, node === null ? 0 : startOf(node)));
    value.push(entry.value);
  }
  reader.places.set(value, places);
  return { value, weight };
}

type Open = { value: Record<string, unknown>; places: Map<string, Place>; reader: Reader };

/** Own keys first, then those of merged maps in their order, as the YAML merge key says. */
function readMap(node: YAMLMap, reader: Reader): Omit<Reading, "start"> {
  const open: Open = { value: Object.create(null), places: new Map(), reader };
  const merges: { offset: number; value: unknown }[] = [];
  let weight = 1;
  for (const pair of node.items) {
    const offset = isNode(pair.key) ? startOf(pair.key) : 0;
    if (isNode(pair.key) && !isAlias(pair.key)) read(pair.key, reader);
    const valueNode = isNode(pair.value) ? pair.value : null;
    const entry = read(valueNode, reader);
    weight += entry.weight + 1;
    if (isMergeKey(pair.key)) merges.push({ offset, value: entry.value });
    else addEntry(pair, { open, entry, place: placeOf(valueNode, entry, offset) });
  }
  for (const { offset, value } of merges) merge(value, offset, open);
  reader.places.set(open.value, open.places);
  return { value: open.value, weight };
}

function addEntry({ key }: Pair, { open, entry, place }: { open: Open; entry: Reading; place: Place }): void {
  const { value, places, reader } = open;
  const text = isScalar(key) ? (key.source ?? String(key.value)) : null;
  const problem = (message: string) => reader.problems.push({ offset: place.key, message });
  if (text === null) problem("a key must be plain text");
  else if (places.has(text))
    problem(`${reader.isNamed(text) ? `the key ${text}` : "this key"} is there twice`);
  else {
    value[text] = entry.value;
    places.set(text, place);
  }
}

function merge(merged: unknown, offset: number, { value, places, reader }: Open): void {
  for (const map of Array.isArray(merged) ? merged : [merged]) {
    if (!isYamlMap(map)) {
      reader.problems.push({ offset, message: "`<<` needs a map" });
      return;
    }
    for (const [key, place] of reader.places.get(map) ?? []) {
      if (places.has(String(key))) continue;
      value[key] = map[key];
      places.set(String(key), place);
    }
  }
}

/** A key without a value is at its own place. */
function placeOf(node: Node | null, { value, start }: Reading, key: number): Place {
  const isAnchored = node !== null && !isAlias(node) && node.anchor !== undefined;
  return { key, value: value === null ? key : start, isAnchored };
}

/** The parser marks an unquoted `<<` by a symbol. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol";
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
