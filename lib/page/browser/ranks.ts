// The largest groups as a table, with bars: the same as the picture, for people who prefer numbers or use a screen
// reader.

import { button, el, name } from "./dom.ts";
import { count, difference, percent, short } from "./numbers.ts";
import { colour, deltaOf, hasBefore, type Shown, WORDS } from "./view.ts";

const MOST_LISTED = 10;

export function listOf({ model, view, level, groups, total, open }: Shown): HTMLElement {
  const { measure } = view;
  const shown = groups.slice(0, MOST_LISTED);
  const largest = Math.max(...shown.map((group) => group.amount), 0);
  const rows = shown.map((group, at) => {
    const bar = el("span", { class: "fill" });
    bar.style.background = colour(at);
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
