// Drawing an object field by field, and `field=`: asked names that exist are kept in the order of the server, unknown
// ones are left out without a word, and when none is left the whole object comes.

import type { Exchange } from "./exchange.ts";
import type { Generation, Wire } from "./model.ts";

/** What a field needs beside the object itself. */
export type Context = {
  exchange: Exchange;
  /** `https://host/api/`. */
  base: string;
};

/** A field by its wire name. undefined: the key is absent. `only`: servers of one generation have it. */
export type Field<T> = {
  name: string;
  value: (thing: T, context: Context) => unknown;
  only?: Generation;
};

export function field<T>(name: string, value: Field<T>["value"], only?: Generation): Field<T> {
  return only === undefined ? { name, value } : { name, value, only };
}

/** Fields whose value is always the same. */
export function constants<T>(values: Readonly<Record<string, unknown>>): Field<T>[] {
  return Object.entries(values).map(([name, value]) => field(name, () => value));
}

/** A function that draws objects for one request; `wire` of an object has the last word. */
export function painter<T extends { wire?: Wire }>(
  fields: readonly Field<T>[],
  exchange: Exchange,
): (thing: T) => Record<string, unknown> {
  const context = { exchange, base: `${exchange.origin}/api/` };
  const asked = new Set(exchange.query.getAll("field"));
  const mine = fields.filter(({ only }) => only === undefined || only === exchange.world.generation);
  const wanted = mine.filter(({ name }) => asked.has(name));
  const chosen = wanted.length === 0 ? mine : wanted;
  return (thing) => {
    const drawn: Record<string, unknown> = {};
    for (const { name, value } of chosen) {
      const one = value(thing, context);
      if (one !== undefined) drawn[name] = one;
    }
    return thing.wire === undefined
      ? drawn
      : overwrite(drawn, thing.wire, wanted.length === 0 ? null : asked);
  };
}

function overwrite(drawn: Record<string, unknown>, wire: Wire, asked: ReadonlySet<string> | null) {
  for (const name in wire) {
    if (asked !== null && !asked.has(name)) continue;
    if (wire[name] === undefined) delete drawn[name];
    else drawn[name] = wire[name];
  }
  return drawn;
}
