// Who holds how much: a treemap whose tiles are buttons, and the same as a ranked list beside it. HTML boxes and no SVG,
// because a box cuts a long name, keeps its direction to itself, and can be reached by the keyboard.

import { button, el, name } from "./dom.ts";
import { squarify } from "./layout.ts";
import {
  EVERYTHING,
  type Group,
  type Level,
  type Limit,
  levelBelow,
  type Model,
  type Scope,
  scopeOf,
} from "./model.ts";
import { amount, count, difference, type Measure, percent, short } from "./numbers.ts";

/** Tiles that are smaller, in square pixels, are one, of the others. */
const SMALLEST_TILE = 150;
const MOST_TILES = 300;
const MOST_PARTS = 400;
const MOST_LISTED = 10;
const COLOURS = 8;
/** Pixels: smaller tiles have no name, no parts. */
const ROOM = { name: [40, 22], parts: [70, 80], part: 9, letter: 7, line: 20, margin: 14 } as const;
const HEAD = 44;

export type View = { scope: Scope; measure: Measure; limit: Limit };

const WORDS: Readonly<Record<Level, [string, string]>> = {
  tenant: ["tenant", "tenants"],
  project: ["project", "projects"],
  system: ["system", "systems"],
  resource: ["resource", "resources"],
};

export type Picture = { element: HTMLElement; view: View; show(scope: Scope): void };

/** @param onScope is called when another part of the whole is looked at, or a resource is chosen */
export function createPicture(
  model: Model,
  onScope: (scope: Scope, resource: number | null) => void,
): Picture {
  const view: View = { scope: EVERYTHING, measure: "space", limit: "hard" };
  const trail = el("nav", { class: "trail", "aria-label": "Part that is shown" });
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
      el("h2", { id: "picture-title" }, "Who holds how much"),
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

export function parentOf(scope: Scope): Scope {
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
  map.replaceChildren(...tilesOf(drawing, level, groups));
  if (isFocused) map.querySelector<HTMLElement>("button")?.focus();
  const open = (id: number) =>
    level === "resource" ? enter(view.scope, id) : enter(scopeOf(view.scope, level, id));
  list.replaceChildren(listOf({ model, view, level, groups, total, open }));
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
  const hasBefore = model.data.snapshots.some(({ before }) => before !== null);
  nodes.push(
    el(
      "strong",
      { class: "total" },
      short(total, measure),
      hasBefore && change !== "" ? deltaOf(change) : null,
    ),
  );
  return nodes;
}

export function deltaOf(text: string): HTMLElement {
  return el("span", { class: text.startsWith("+") ? "delta up" : "delta down" }, text);
}

function tilesOf(drawing: Drawing, level: Level, all: readonly Group[]): HTMLElement[] {
  const { map, view, model } = drawing;
  const [width, height] = [map.clientWidth, map.clientHeight];
  const total = all.reduce((sum, group) => sum + group.amount, 0);
  const least = (total * SMALLEST_TILE) / Math.max(1, width * height);
  const large = all.filter(({ amount }) => amount > 0 && amount >= least).length;
  const groups = withOthers(
    all.filter(({ amount }) => amount > 0),
    Math.min(MOST_TILES, large + 1),
  );
  if (groups.length === 0)
    return [el("p", { class: "empty" }, `No ${view.limit} quota of ${view.measure} here.`)];
  const boxes = squarify(
    groups.map((group) => group.amount),
    { x: 0, y: 0, width, height },
  );
  const [first] = groups;
  const below = levelBelow(scopeOf(view.scope, level, first?.id ?? 0), model.data.systems.length);
  const parts =
    level === "resource" ? new Map<number, number[]>() : model.parts({ of: level, below }, view.scope, view);
  return groups.map((group, at) => {
    const box = boxes[at] ?? { x: 0, y: 0, width: 0, height: 0 };
    const isOthers = group.id < 0;
    const title = isOthers ? `${count(-group.id, ...WORDS[level])} more` : model.nameOf(level, group.id);
    const change = difference(group.amount - group.before, view.measure);
    const size = short(group.amount, view.measure);
    const open = () => {
      if (level === "resource") drawing.enter(view.scope, group.id);
      else drawing.enter(scopeOf(view.scope, level, group.id));
    };
    const tile = button(
      {
        class: `tile ${isOthers ? "others" : colour(at)}`,
        tabindex: at === 0 ? 0 : -1,
        "aria-label": `${title}, ${amount(group.amount, view.measure)}, ${percent(group.amount / total)}${change === "" || !hasBefore(model) ? "" : `, ${change} since the snapshot before`}`,
        "aria-disabled": isOthers,
        title: `${title}\n${amount(group.amount, view.measure)} · ${percent(group.amount / total)}`,
      },
      () => (isOthers ? undefined : open()),
    );
    place(tile, box);
    const fits = ([w, h]: readonly [number, number]) => box.width >= w && box.height >= h;
    if (!isOthers && level !== "resource" && fits(ROOM.parts))
      tile.append(...partsOf(parts.get(group.id) ?? [], box));
    if (fits(ROOM.name)) tile.append(name(title, { class: "name" }));
    const widthOf = (text: string) => text.length * ROOM.letter + ROOM.margin;
    if (fits([widthOf(size), 2 * ROOM.line])) {
      const hasRoom =
        change !== "" && hasBefore(model) && fits([widthOf(`${size}  ${change}`) + ROOM.margin, 0]);
      tile.append(el("span", { class: "amount" }, size, hasRoom ? deltaOf(change) : null));
    }
    return tile;
  });
}

function hasBefore(model: Model): boolean {
  return model.data.snapshots.some(({ before }) => before !== null);
}

/** The parts of a group, as lines in its tile; the small ones leave their place free. */
function partsOf(amounts: readonly number[], box: { width: number; height: number }): HTMLElement[] {
  const area = { x: 4, y: HEAD, width: box.width - 8, height: box.height - HEAD - 4 };
  if (amounts.length < 2 || area.height < 20) return [];
  const rest = amounts.slice(MOST_PARTS).reduce((sum, one) => sum + one, 0);
  return squarify([...amounts.slice(0, MOST_PARTS), ...(rest > 0 ? [rest] : [])], area)
    .slice(0, MOST_PARTS)
    .filter(({ width, height }) => width >= ROOM.part && height >= ROOM.part)
    .map((part) => {
      const shown = el("span", { class: "part", "aria-hidden": "true" });
      place(shown, part);
      return shown;
    });
}

function place(
  element: HTMLElement,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): void {
  const { style } = element;
  style.left = `${x.toFixed(1)}px`;
  style.top = `${y.toFixed(1)}px`;
  style.width = `${Math.max(0, width - 2).toFixed(1)}px`;
  style.height = `${Math.max(0, height - 2).toFixed(1)}px`;
}

/** The smallest ones as one, whose id is minus their number; it comes last whatever its size. */
function withOthers(groups: readonly Group[], most: number): Group[] {
  if (groups.length <= most) return [...groups];
  const rest = groups.slice(most - 1);
  const sum = (of: (group: Group) => number) => rest.reduce((total, group) => total + of(group), 0);
  const others = {
    id: -rest.length,
    amount: sum(({ amount }) => amount),
    before: sum(({ before }) => before),
    resources: sum(({ resources }) => resources),
  };
  return [...groups.slice(0, most - 1), others];
}

function colour(rank: number): string {
  return rank < COLOURS ? `c${rank}` : "c-rest";
}

type Listing = {
  model: Model;
  view: View;
  level: Level;
  groups: readonly Group[];
  total: number;
  open: (id: number) => void;
};

function listOf({ model, view, level, groups, total, open }: Listing): HTMLElement {
  const { measure } = view;
  const shown = groups.slice(0, MOST_LISTED);
  const largest = Math.max(...shown.map((group) => group.amount), 0);
  const rows = shown.map((group, at) => {
    const bar = el("span", { class: `fill ${colour(at)}` });
    bar.style.width = `${largest > 0 ? (100 * group.amount) / largest : 0}%`;
    const change = difference(group.amount - group.before, measure);
    return el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        button({ class: "link" }, () => open(group.id), name(model.nameOf(level, group.id) || "(no path)")),
        el("span", { class: "track", "aria-hidden": "true" }, bar),
      ),
      el("td", {}, short(group.amount, measure)),
      el("td", { class: "soft share" }, total > 0 ? percent(group.amount / total) : ""),
      el("td", {}, change === "" || !hasBefore(model) ? "" : deltaOf(change)),
    );
  });
  const rest = groups.length - shown.length;
  const head = (text: string) => el("th", { scope: "col" }, text);
  return el(
    "table",
    {},
    el("caption", { class: "hidden" }, `The largest ${WORDS[level][1]}`),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        head(WORDS[level][0]),
        head(measure),
        el("th", { scope: "col", class: "share" }, "share"),
        head("change"),
      ),
    ),
    el("tbody", {}, ...rows),
    rest > 0
      ? el(
          "tfoot",
          {},
          el("tr", {}, el("td", { colspan: 4, class: "soft" }, `and ${count(rest, ...WORDS[level])} more`)),
        )
      : null,
  );
}

/** Arrows go through the tiles from the largest to the smallest. */
function moveIn(map: HTMLElement, event: KeyboardEvent, goBack: () => void): void {
  const tiles = [...map.querySelectorAll<HTMLElement>("button")];
  const at = tiles.findIndex((tile) => tile.matches(":focus"));
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: tiles.length - 1,
  };
  const to = steps[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const next = tiles[Math.min(Math.max(to, 0), tiles.length - 1)];
    for (const tile of tiles) tile.tabIndex = tile === next ? 0 : -1;
    next?.focus();
  } else if (event.key === "Escape" || event.key === "Backspace") {
    event.preventDefault();
    goBack();
  }
}
