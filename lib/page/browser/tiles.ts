// The tiles of the picture. HTML boxes and no SVG, because a box cuts a long name, keeps its direction to itself, and
// is a button that the keyboard reaches.

import { button, el, name } from "./dom.ts";
import { type Box, squarify } from "./layout.ts";
import { type Group, levelBelow, scopeOf } from "./model.ts";
import { amount, count, difference, percent, short } from "./numbers.ts";
import { colour, deltaOf, hasBefore, type Shown, WORDS } from "./view.ts";

/** Tiles that are smaller, in square pixels, are one, of the others, where there are many. */
const SMALLEST_TILE = 150;
const FEWEST_TILES = 60;
const MOST_TILES = 300;
const MOST_PARTS = 400;
/** Pixels: smaller tiles have no name, no parts. */
const ROOM = { name: [40, 22], parts: [70, 80], part: 9, letter: 7, line: 20, margin: 14 } as const;
/** Above the parts. */
const HEAD = 44;

type Size = { width: number; height: number };

export function tilesOf(shown: Shown, size: Size): HTMLElement[] {
  const { model, view, level } = shown;
  const groups = tiledOf(shown, size);
  if (groups.length === 0)
    return [el("p", { class: "empty" }, `No ${view.limit} quota of ${view.measure} here.`)];
  const boxes = squarify(
    groups.map((group) => group.amount),
    { x: 0, y: 0, ...size },
  );
  const [first] = groups;
  const below = levelBelow(scopeOf(view.scope, level, first?.id ?? 0), model.data.systems.length);
  const parts =
    level === "resource" ? new Map<number, number[]>() : model.parts({ of: level, below }, view.scope, view);
  return groups.map((group, rank) => {
    const box = boxes[rank] ?? { x: 0, y: 0, width: 0, height: 0 };
    const tile = tileOf(shown, { group, rank, box });
    if (parts.has(group.id) && fits(box, ROOM.parts))
      tile.prepend(...partsOf(parts.get(group.id) ?? [], box));
    return tile;
  });
}

/** Those with an amount; the small ones are one. */
function tiledOf({ groups, total }: Shown, { width, height }: Size): Group[] {
  const some = groups.filter((group) => group.amount > 0);
  const least = (total * SMALLEST_TILE) / Math.max(1, width * height);
  const large = some.filter((group) => group.amount >= least).length;
  return withOthers(some, Math.min(MOST_TILES, Math.max(FEWEST_TILES, large + 1)));
}

type Tile = { group: Group; rank: number; box: Box };

function tileOf(shown: Shown, { group, rank, box }: Tile): HTMLElement {
  const { model, view, level, total, open } = shown;
  const isOthers = group.id < 0;
  const title = isOthers ? `${count(-group.id, ...WORDS[level])} more` : model.nameOf(level, group.id);
  const change = hasBefore(model) ? difference(group.amount - group.before, view.measure) : "";
  const held = amount(group.amount, view.measure);
  const share = percent(group.amount / total);
  const tile = button(
    {
      class: isOthers ? "tile others" : "tile",
      tabindex: rank === 0 ? 0 : -1,
      "aria-label": `${title}, ${held}, ${share}${change === "" ? "" : `, ${change} since the previous snapshot`}`,
      "aria-disabled": isOthers,
      title: `${title}\n${held} · ${share}`,
    },
    () => (isOthers ? undefined : open(group.id)),
  );
  if (!isOthers) tile.style.background = colour(rank);
  place(tile, box);
  if (fits(box, ROOM.name)) tile.append(name(title, { class: "name" }));
  const size = short(group.amount, view.measure);
  if (fits(box, [widthOf(size), 2 * ROOM.line])) {
    const hasRoom = change !== "" && fits(box, [widthOf(`${size}   ${change}`), 0]);
    tile.append(el("span", { class: "amount" }, size, hasRoom ? deltaOf(change) : null));
  }
  return tile;
}

function fits(box: Size, [width, height]: readonly [number, number]): boolean {
  return box.width >= width && box.height >= height;
}

function widthOf(text: string): number {
  return text.length * ROOM.letter + ROOM.margin;
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

function place(element: HTMLElement, { x, y, width, height }: Box): void {
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

/** Arrows go through the tiles from the largest to the smallest. */
export function moveIn(map: HTMLElement, event: KeyboardEvent, goBack: () => void): void {
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
