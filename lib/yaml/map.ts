// The types of values of a configuration file, and of places in it.

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

/** A key without a value, or with nothing but spaces. */
export function isBlank(map: YamlMap, key: string): boolean {
  const value = map[key] ?? null;
  return value === null || (typeof value === "string" && value.trim() === "");
}

/**
 * An unquoted value that YAML 1.1 and 1.2 read differently. The Python programs that read the same file use 1.1, where
 * `no` is false and 0755 is 493, so each key decides what such a value may mean.
 */
export class TwoReadings {
  /** The flag that YAML 1.1 reads from a word such as `no`; null for a number. */
  readonly flag: boolean | null;

  constructor(flag: boolean | null) {
    this.flag = flag;
  }
}

const FLAG = /^(?:(yes|Yes|YES|on|On|ON)|no|No|NO|off|Off|OFF)$/;
/** Octal to one version and decimal or a word to the other: 0755, 0o755, 0x1ff. */
const NUMBER = /^[-+]?0[0-9ox]/;

/** The value of an unquoted scalar. */
export function plainValue(value: unknown, source: string): unknown {
  const flag = FLAG.exec(source);
  if (flag) return new TwoReadings(flag[1] !== undefined);
  return typeof value === "number" && NUMBER.test(source) ? new TwoReadings(null) : value;
}
