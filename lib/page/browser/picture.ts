// Quotas: a treemap whose tiles are buttons, and the same as a ranked list beside it.

import { button, el, name } from "./dom.ts";
import { EVERYTHING, type Group, type Limit, levelBelow, type Model, type Scope, scopeOf } from "./model.ts";
import { difference, type Measure, short } from "./numbers.ts";
import { listOf } from "./ranks.ts";
import { moveIn, tilesOf } from "./tiles.ts";
import { deltaOf, hasBefore, type View, WORDS } from "./view.ts";

export type Picture = { element: HTMLElement; view: View; show(scope: Scope): void };

/** @param onScope is called when another part of the whole is looked at, or a resource is chosen */
export function createPicture(
  model: Model,
  onScope: (scope: Scope, resource: number | null) => void,
): Picture {
  const view: View = { scope: EVERYTHING, measure: "space", limit: "hard" };
  const trail = el("nav", { class: "trail", "aria-label": "Selected part" });
  const map = el("div", { class: "map", role: "group" });
  const list = el("div", { class: "ranks" });
  const redraw = () => draw({ model, view, map, list, trail, enter });
  const enter = (scope: Scope, resource: number | null = null) => {
    if (resource === null) view.scope = scope;
    redraw();
    onScope(view.scope, resource);
  };
  map.addEventListener("keydown", (event) => moveIn(map, event, () => enter(parentOf(view.scope))));
  new ResizeObserver(redraw).observe(map);
  const choice = (title: string, values: readonly (Measure | Limit)[], act: (value: string) => void) =>
    choiceOf(title, values, (value) => {
      act(value);
      redraw();
    });
  const element = el(
    "section",
    { class: "card picture", "aria-labelledby": "picture-title" },
    el(
      "div",
      { class: "bar" },
      el("h2", { id: "picture-title" }, "Quotas"),
      choice("Measure", ["space", "inodes"], (value) => {
        view.measure = value === "inodes" ? "inodes" : "space";
      }),
      choice("Quota", ["hard", "soft"], (value) => {
        view.limit = value === "soft" ? "soft" : "hard";
      }),
    ),
    trail,
    el("div", { class: "split" }, map, list),
  );
  return {
    ...{ element, view },
    show(scope) {
      view.scope = scope;
      redraw();
    },
  };
}

function parentOf(scope: Scope): Scope {
  if (scope.system >= 0) return { ...scope, system: -1 };
  return scope.project >= 0 ? { ...EVERYTHING, tenant: scope.tenant } : EVERYTHING;
}

function choiceOf(title: string, values: readonly string[], act: (value: string) => void): HTMLElement {
  const group = el("fieldset", { class: "choice" }, el("legend", { class: "hidden" }, title));
  for (const [at, value] of values.entries()) {
    const input = el("input", { type: "radio", name: title, value, checked: at === 0 });
    input.addEventListener("change", () => act(value));
    group.append(el("label", {}, input, el("span", {}, value)));
  }
  return group;
}

type Drawing = {
  model: Model;
  view: View;
  map: HTMLElement;
  list: HTMLElement;
  trail: HTMLElement;
  enter: (scope: Scope, resource?: number | null) => void;
};

function draw(drawing: Drawing): void {
  const { model, view, map, list, trail, enter } = drawing;
  const level = levelBelow(view.scope, model.data.systems.length);
  const groups = model.groups(level, view.scope, view);
  const total = groups.reduce((sum, group) => sum + group.amount, 0);
  trail.replaceChildren(...trailOf(drawing, total, groups));
  const isFocused = map.contains(document.activeElement);
  map.setAttribute(
    "aria-label",
    `${WORDS[level][1]} by ${view.limit} quota of ${view.measure}; arrow keys move, Enter opens, Escape goes back`,
  );
  const open = (id: number) =>
    level === "resource" ? enter(view.scope, id) : enter(scopeOf(view.scope, level, id));
  const shown = { model, view, level, groups, total, open };
  map.replaceChildren(...tilesOf(shown, { width: map.clientWidth, height: map.clientHeight }));
  if (isFocused) map.querySelector<HTMLElement>("button")?.focus();
  list.replaceChildren(listOf(shown));
}

function trailOf(
  { model, view: { scope, measure }, enter }: Drawing,
  total: number,
  groups: readonly Group[],
): Node[] {
  const parts: [string, Scope][] = [["All tenants", EVERYTHING]];
  if (scope.tenant >= 0)
    parts.push([model.nameOf("tenant", scope.tenant), { ...EVERYTHING, tenant: scope.tenant }]);
  if (scope.project >= 0) parts.push([model.nameOf("project", scope.project), { ...scope, system: -1 }]);
  if (scope.system >= 0) parts.push([model.nameOf("system", scope.system), scope]);
  const nodes: Node[] = parts.map(([text, to], at) =>
    at === parts.length - 1
      ? el("span", { class: "crumb", "aria-current": "true" }, name(text))
      : button({ class: "crumb link" }, () => enter(to), name(text)),
  );
  const change = difference(total - groups.reduce((sum, { before }) => sum + before, 0), measure);
  nodes.push(
    el(
      "strong",
      { class: "total" },
      short(total, measure),
      hasBefore(model) && change !== "" ? deltaOf(change) : null,
    ),
  );
  return nodes;
}
