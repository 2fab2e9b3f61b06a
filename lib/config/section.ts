// A map of the configuration file, read key by key: aliases and merge keys are followed, and whatever a reader objects
// to is recorded at its place. A value that could not be read is its fallback; the caller throws once all is read.

import { isMap, isNode, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { Findings, Place } from "./findings.ts";
import type { YamlTree } from "./yaml.ts";
import { isMergeKey, keyText, startOf } from "./yaml-nodes.ts";

/** A value of the file. `offset` is that of the value, `keyOffset` that of its key. */
export type Spot = Place & { node: Node | null; keyOffset: number };

/** What a reader made of a value. */
export type Reading<T> = { value: T } | { problem: string; hint?: string };
export type Reader<T> = (spot: Spot) => Reading<T>;

export type Section = Place & {
  /** Every key with its value, also those that a merge brought. */
  entries: ReadonlyMap<string, Spot>;
  /** The value of a key; undefined when it is missing or null. */
  spot(key: string): Spot | undefined;
  /** The value as the reader takes it; the fallback when it is missing, null or wrong. */
  read<T, F>(key: string, reader: Reader<T>, fallback: F): T | F;
  /** The same for a key that must be there. */
  need<T, F>(key: string, reader: Reader<T>, fallback: F): T | F;
};

export type Source = { tree: YamlTree; findings: Findings };

/** The map at this place, or null with an error when there is something else. */
export function openSection(spot: Spot, { tree, findings }: Source): Section | null {
  const node = spot.node;
  if (!isMap(node)) {
    findings.error(spot, "must be a map of keys and values");
    return null;
  }
  const entries = new Map<string, Spot>();
  collectEntries(node, { tree, path: spot.path, entries });
  return { ...createSection(entries, findings, spot), path: spot.path, offset: spot.offset };
}

/** What a missing map stands for: every key has its default. */
export function emptySection(place: Place, findings: Findings): Section {
  return { ...createSection(new Map(), findings, place), path: place.path, offset: place.offset };
}

/** The place of a key's value; of its section when it is missing or null. */
export function placeOf(section: Section, key: string): Place {
  return section.spot(key) ?? placeOfMissing(key, section, section.entries);
}

function createSection(entries: ReadonlyMap<string, Spot>, findings: Findings, at: Place) {
  const spot = (key: string) => {
    const found = entries.get(key);
    return found === undefined || isNull(found) ? undefined : found;
  };
  const read = <T, F>(key: string, reader: Reader<T>, fallback: F): T | F => {
    const found = spot(key);
    if (found === undefined) return fallback;
    const reading = reader(found);
    if ("value" in reading) return reading.value;
    findings.error(found, reading.problem, reading.hint);
    return fallback;
  };
  const need = <T, F>(key: string, reader: Reader<T>, fallback: F): T | F => {
    if (spot(key) === undefined) findings.error(placeOfMissing(key, at, entries), "is missing");
    return read(key, reader, fallback);
  };
  return { entries, spot, read, need };
}

/** A key without a value is at its own place, a missing one where its map begins. */
function placeOfMissing(key: string, at: Place, entries: ReadonlyMap<string, Spot>): Place {
  return { path: joinPath(at.path, key), offset: entries.get(key)?.keyOffset ?? at.offset };
}

/** Own keys first, then those of merged maps in their order, as the YAML merge key says. */
function collectEntries(
  map: YAMLMap,
  context: { tree: YamlTree; path: string; entries: Map<string, Spot> },
): void {
  const { tree, path, entries } = context;
  for (const { key, value } of map.items) {
    const text = keyText(key);
    if (isMergeKey(key) || text === null || entries.has(text)) continue;
    const keyOffset = isNode(key) ? startOf(key) : 0;
    entries.set(text, spotOf(value, { tree, path: joinPath(path, text), keyOffset }));
  }
  for (const { key, value } of map.items) {
    if (!isMergeKey(key)) continue;
    for (const merged of mergedMaps(value, tree)) collectEntries(merged, context);
  }
}

function mergedMaps(value: unknown, tree: YamlTree): YAMLMap[] {
  const target = isNode(value) ? tree.resolve(value) : null;
  const candidates = isSeq(target) ? target.items : [target];
  return candidates.map((item) => (isNode(item) ? tree.resolve(item) : null)).filter((item) => isMap(item));
}

/** The items of a list, or null when there is something else. */
export function itemsOf(spot: Spot, tree: YamlTree): Spot[] | null {
  if (!isSeq(spot.node)) return null;
  return spot.node.items.map((item, index) =>
    spotOf(item, {
      tree,
      path: `${spot.path}[${index}]`,
      keyOffset: isNode(item) ? startOf(item) : spot.offset,
    }),
  );
}

function spotOf(
  value: unknown,
  { tree, path, keyOffset }: { tree: YamlTree; path: string; keyOffset: number },
): Spot {
  const node = isNode(value) ? tree.resolve(value) : null;
  return { path, node, keyOffset, offset: node === null || isNull({ node }) ? keyOffset : startOf(node) };
}

/** A key without a value. */
export function isNull({ node }: { node: Node | null }): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
