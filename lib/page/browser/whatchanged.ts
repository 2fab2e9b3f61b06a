// What changed since the previous snapshot: how much, and where most.

import { button, el, name, stamp } from "./dom.ts";
import { BITS, EVERYTHING, type Model } from "./model.ts";
import { count, difference, type Measure } from "./numbers.ts";

const MOST_SHOWN = 8;

type Actions = { showChanged: () => void; reveal: (row: number) => void };

export function changesCard(model: Model, { showChanged, reveal }: Actions): HTMLElement {
  const { data, rows } = model;
  const dates = data.snapshots.flatMap(({ before }) => (before === null ? [] : [stamp(before.date)]));
  const title = el("h2", { id: "changes-title" }, "What changed");
  const card = (...children: (Node | null)[]) =>
    el("section", { class: "card changes", "aria-labelledby": "changes-title" }, title, ...children);
  if (dates.length === 0)
    return card(el("p", { class: "empty" }, "There is no previous snapshot to compare with."));
  const number = (test: (bits: number) => boolean) => rows.change.filter(test).length;
  const [added, gone] = [
    number((bits) => (bits & BITS.new) !== 0),
    number((bits) => (bits & BITS.gone) !== 0),
  ];
  const changed = number((bits) => bits !== 0) - added - gone;
  const since = el(
    "p",
    {},
    `Since ${dates.join(" and ")}: `,
    el("b", {}, `${added} new, ${gone} gone, ${changed} changed`),
  );
  if (added + gone + changed === 0) return card(since);
  since.append(" ", button({ class: "more" }, showChanged, "Show them in the table"));
  return card(
    since,
    el("div", { class: "pair" }, moversOf(model, "space"), moversOf(model, "inodes")),
    largestOf(model, reveal),
  );
}

/** Projects that gained or lost most, as bars to the right and to the left. */
function moversOf(model: Model, measure: Measure): HTMLElement {
  const moved = model
    .groups("project", EVERYTHING, { measure, limit: "hard" })
    .map(({ id, amount, before }) => ({ id, change: amount - before }))
    .filter(({ change }) => Math.abs(change) > 5e-10)
    .sort((one, other) => Math.abs(other.change) - Math.abs(one.change));
  const total = moved.reduce((sum, { change }) => sum + change, 0);
  const most = Math.abs(moved[0]?.change ?? 0);
  const lines = moved.slice(0, MOST_SHOWN).map(({ id, change }) => {
    const bar = el("span", { class: change > 0 ? "move up" : "move down" });
    bar.style.width = `${(50 * Math.abs(change)) / most}%`;
    const tenant = model.nameOf("tenant", model.tenantOf(id));
    return el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        name(model.nameOf("project", id)),
        el("span", { class: "soft" }, name(tenant)),
      ),
      el("td", { class: "moves", "aria-hidden": "true" }, bar),
      el("td", { class: "number" }, difference(change, measure)),
    );
  });
  const text = difference(total, measure);
  return el(
    "div",
    {},
    el(
      "h3",
      {},
      `${measure === "space" ? "Space" : "Inodes"} by project `,
      el("span", { class: "soft" }, text === "" ? "±0" : `${text} in total`),
    ),
    lines.length === 0
      ? el("p", { class: "empty" }, "No project gained or lost any.")
      : el("table", { class: "movers" }, el("tbody", {}, ...lines)),
    moved.length > MOST_SHOWN
      ? el("p", { class: "soft" }, `and ${count(moved.length - MOST_SHOWN, "project")} more`)
      : null,
  );
}

/** Resources that are gone are in no sum: they are listed, as far as there is room. */
function largestOf(model: Model, reveal: (row: number) => void): HTMLElement | null {
  const gone: number[] = [];
  for (let row = 0; row < model.size && gone.length < MOST_SHOWN; row++)
    if (model.isGone(row)) gone.push(row);
  if (gone.length === 0) return null;
  return el(
    "p",
    { class: "goners" },
    "Gone: ",
    ...gone.flatMap((row, at) => [
      at === 0 ? null : ", ",
      button({ class: "link" }, () => reveal(row), name(model.path(row))),
    ]),
  );
}
