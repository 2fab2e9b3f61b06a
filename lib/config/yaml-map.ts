// The maps that a configuration file consists of, and the words for places in it.

/** Keys of maps and indexes of lists, from the top of the file. */
export type Path = readonly (string | number)[];

/** Where a value stands: the offset of its key or list item, its own, and whether it has a name for aliases (`&…`). */
export type Place = { key: number; value: number; isAnchored: boolean };

/** A map of the file. It has no prototype: `constructor` and `__proto__` are keys like any other. */
export type YamlMap = Readonly<Record<string, unknown>>;

export type Places = {
  /** Of the value; of the innermost map or list around it when it is missing. */
  placeOf(path: Path): Place;
  positionOf(offset: number): { line: number; column: number };
};

export function isYamlMap(value: unknown): value is YamlMap {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A key with a value. */
export function isGiven(map: unknown, key: string): boolean {
  return isYamlMap(map) && Object.hasOwn(map, key) && map[key] !== null;
}
