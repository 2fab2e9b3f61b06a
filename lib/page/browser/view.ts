// What the picture and the list beside it have in common: what is looked at, and how it is named and coloured.

import { el } from "./dom.ts";
import type { Group, Level, Limit, Model, Scope } from "./model.ts";
import type { Measure } from "./numbers.ts";

export type View = { scope: Scope; measure: Measure; limit: Limit };

/** The groups of a level, the largest first, and what opens one of them. */
export type Shown = {
  model: Model;
  view: View;
  level: Level;
  groups: readonly Group[];
  total: number;
  open: (id: number) => void;
};

export const WORDS: Readonly<Record<Level, [string, string]>> = {
  tenant: ["tenant", "tenants"],
  project: ["project", "projects"],
  system: ["system", "systems"],
  resource: ["resource", "resources"],
};

export function deltaOf(text: string): HTMLElement {
  return el("span", { class: text.startsWith("+") ? "delta up" : "delta down" }, text);
}

/** Nothing grew or shrank where there is nothing to compare with. */
export function hasBefore(model: Model): boolean {
  return model.data.snapshots.some(({ before }) => before !== null);
}

const COLOURS = 8;

/** By rank; the list and the picture have the same. */
export function colour(rank: number): string {
  return `var(--c${rank < COLOURS ? rank : "-rest"})`;
}
