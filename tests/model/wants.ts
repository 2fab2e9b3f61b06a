// The paths that resources asked for in the course of a history: a receipt may have fixed one of them at any moment
// since the first order of the resource was placed.

import type { World } from "../../lib/simulator/state.ts";
import { backendPath, everyResource, mountPointOf, wantedPath } from "./paths.ts";

type Wish = {
  paths: string[];
  backendPaths: Set<string>;
  /** By rows as a run may still remember them. */
  remembered: readonly string[];
  /** What the template made of it since the present step began, whether it asked for that or not. */
  places: string[];
  /** A project that was read before it changed, with a slug that was read after that, or the other way round. */
  mixed: Set<string>;
  sinceStep: number;
  sinceOrder: number | null;
};

export class Wants {
  readonly #wishes = new Map<string, Wish>();

  /** Looks at the world; called whenever it may have changed. */
  note(world: World): void {
    for (const resource of everyResource(world)) {
      const wish = this.#of(resource.uuid);
      const path = wantedPath(world, resource);
      if (path !== null && wish.paths.at(-1) !== path) wish.paths.push(path);
      const place = mountPointOf(world, { ...resource, backendId: "" });
      if (wish.places.at(-1) !== place) {
        for (const other of wish.places) for (const one of mixtures(other, place)) wish.mixed.add(one);
        wish.places.push(place);
      }
      const absolute = backendPath(resource);
      if (absolute !== null) wish.backendPaths.add(absolute);
    }
  }

  beginStep(): void {
    for (const wish of this.#wishes.values()) {
      wish.sinceStep = Math.max(0, wish.paths.length - 1);
      wish.places = wish.places.slice(-1);
    }
  }

  noteOrder(resource: string): void {
    const wish = this.#of(resource);
    wish.sinceOrder ??= Math.max(0, wish.paths.length - 1);
  }

  /** What the row asked for as the present run may remember it. */
  remember(resource: string, paths: readonly string[]): void {
    this.#of(resource).remembered = paths;
  }

  /** Since the present step began, or since the first order, whose receipt may remember. */
  possible(resource: string): string[] {
    const { paths, mixed, remembered, sinceStep, sinceOrder } = this.#of(resource);
    return [...paths.slice(Math.min(sinceStep, sinceOrder ?? sinceStep)), ...mixed, ...remembered];
  }

  inStep(resource: string): string[] {
    const { paths, remembered, sinceStep } = this.#of(resource);
    return [...paths.slice(sinceStep), ...remembered];
  }

  /** Every absolute backend id that it ever had. */
  backendPaths(resource: string): ReadonlySet<string> {
    return this.#of(resource).backendPaths;
  }

  hasOrders(resource: string): boolean {
    return this.#of(resource).sinceOrder !== null;
  }

  #of(resource: string): Wish {
    const wish = this.#wishes.get(resource) ?? {
      paths: [],
      backendPaths: new Set(),
      remembered: [],
      places: [],
      mixed: new Set(),
      sinceStep: 0,
      sinceOrder: null,
    };
    this.#wishes.set(resource, wish);
    return wish;
  }
}

/** Of two paths that the template made: the project of one with the slug of the other. */
function mixtures(a: string, b: string): string[] {
  const [first, second] = [a.split("/"), b.split("/")];
  if (first.length !== TEMPLATE_PARTS || second.length !== TEMPLATE_PARTS) return [];
  const mix = (one: string[], other: string[]) => [...one.slice(0, -1), ...other.slice(-1)].join("/");
  return [mix(first, second), mix(second, first)];
}

/** `/{storage_system}/store/{tenant}/{customer}/{project}` */
const TEMPLATE_PARTS = 6;
