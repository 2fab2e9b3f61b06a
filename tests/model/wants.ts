// The paths that resources asked for in the course of a history: a receipt may have fixed one of them at any moment
// since the first order of the resource was placed.

import type { World } from "../../lib/simulator/state.ts";
import { backendPath, everyResource, wantedPath } from "./paths.ts";

type Wish = {
  paths: string[];
  backendPaths: Set<string>;
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
      if (path !== null && wish.paths.at(-1) !== path) {
        for (const other of wish.paths.slice(wish.sinceStep))
          for (const one of mixtures(other, path)) wish.mixed.add(one);
        wish.paths.push(path);
      }
      const absolute = backendPath(resource);
      if (absolute !== null) wish.backendPaths.add(absolute);
    }
  }

  beginStep(): void {
    for (const wish of this.#wishes.values()) wish.sinceStep = Math.max(0, wish.paths.length - 1);
  }

  noteOrder(resource: string): void {
    const wish = this.#of(resource);
    wish.sinceOrder ??= Math.max(0, wish.paths.length - 1);
  }

  /** Since the present step began, or since the first order, whose receipt may remember. */
  possible(resource: string): string[] {
    const { paths, mixed, sinceStep, sinceOrder } = this.#of(resource);
    return [...paths.slice(Math.min(sinceStep, sinceOrder ?? sinceStep)), ...mixed];
  }

  inStep(resource: string): string[] {
    const { paths, sinceStep } = this.#of(resource);
    return paths.slice(sinceStep);
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
