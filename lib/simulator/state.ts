// The state of a simulated Waldur, and what a test may do to it behind the server's back. Everything found here is
// plain data: setting a field is allowed and shows in the next answer.

import type { Generation, Project, SimOrder, SimResource } from "./model.ts";
import type { Rows } from "./rows.ts";
import type { Background } from "./seed.ts";

export type World = Background & {
  generation: Generation;
  seed: number;
  /** Rows of a page at most, however many are asked for. */
  largestPage: number;
  rows: Rows;
  /** Oldest first. */
  orders: SimOrder[];
  /** Now, as Waldur writes it. */
  stamp(): string;
  /** The resource, to be read or changed. Throws when there is none. */
  resource(uuid: string): SimResource;
  /** Every resource of the main offering; a walk over the whole world. */
  resources(): SimResource[];
  /** The order, to be read or changed. Throws when there is none. */
  order(uuid: string): SimOrder;
  /** A new resource, in OK and with a slug made from its name unless given otherwise. */
  addResource(partial?: Partial<Omit<SimResource, "index">>): SimResource;
  /**
   * A new order as if a consumer had placed it, pending with the provider; a Create order brings its resource along.
   */
  addOrder(order: NewOrder): SimOrder;
  /** Sets nothing but the state of the order. */
  setOrderState(uuid: string, state: string): void;
  /** What a consumer's DELETE does: the order is gone, the resource of a Create order stays `Creating` for ever. */
  deleteOrder(uuid: string): void;
  /** Sets a resource to Terminated. */
  terminate(uuid: string): void;
  /** Moves `modified`, as any write does. */
  touch(thing: { modified: string }): void;
};

export type NewOrder = {
  type: SimOrder["type"];
  /** The resource or its uuid; a Create order without one makes its own. */
  resource?: SimResource | string;
  /** Name of the resource that a Create order makes. */
  name?: string;
  limits?: unknown;
  attributes?: unknown;
  state?: string;
  project?: Project | null;
  created?: string;
} & Partial<Omit<SimOrder, "type" | "limits" | "attributes" | "state" | "project" | "created">>;
