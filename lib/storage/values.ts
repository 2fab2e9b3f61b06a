// Looking into JSON of unknown shape without trusting it.

/** The field of an object's own; null and absent are both undefined: they say nothing. */
export function fieldOf(table: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(table, name) ? (table[name] ?? undefined) : undefined;
}

/** The same for what people type: a text of blanks says nothing either. */
export function givenOf(table: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = fieldOf(table, name);
  return typeof value === "string" && value.trim() === "" ? undefined : value;
}

/** Whether objects and lists in it lie more than so many levels deep. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  // The values of a list of millions, which a server may send, would take seconds to gather.
  const values: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return levels === 0 || values.some((one) => isDeeper(one, levels - 1));
}

/** Names that programs give a meaning of their own; a reader of a document may trip over them. */
const HOOKS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype", "toJSON"]);

/** The value without fields of these names, at any depth; the very same value where there is none. */
export function withoutHooks(value: unknown): unknown {
  return hasHooks(value) ? copied(value) : value;
}

function hasHooks(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(hasHooks);
  return Object.entries(value).some(([name, field]) => HOOKS.has(name) || hasHooks(field));
}

function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  const kept = Object.entries(value).filter(([name]) => !HOOKS.has(name));
  return Object.fromEntries(kept.map(([name, field]) => [name, copied(field)]));
}

/** A number, or a text that is one in decimal notation; undefined for everything else, booleans too. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : undefined;
}

const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i;
