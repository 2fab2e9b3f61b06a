// The page in the browser, built once from its data, without requests and without HTML made of text.

import type { PageData } from "../data.ts";
import { el, moment, name, stamp } from "./dom.ts";
import { createModel, EVERYTHING, type Model } from "./model.ts";
import { amount, count, type Measure, plain, short } from "./numbers.ts";
import { ordersCard, problemsCard, runsOf } from "./orders.ts";
import { createPicture } from "./picture.ts";
import { createTable } from "./table.ts";
import { changesCard } from "./whatchanged.ts";

const now = Date.now();
const data: PageData = JSON.parse(document.getElementById("data")?.textContent ?? "{}");
const model = createModel(data);
const table = createTable(model);
const picture = createPicture(model, (scope, resource) => {
  if (resource === null) table.show({ scope, text: "", which: "all" });
  else table.reveal(resource);
});
const shown = { model, now, reveal: table.reveal };
document.title = `Storage: ${data.offerings.map((offering) => offering.name).join(", ")}`;
document
  .getElementById("app")
  ?.replaceWith(
    el("a", { class: "skip", href: "#search" }, "Skip to search"),
    el("header", {}, ...headOf()),
    el(
      "main",
      {},
      figuresOf(model),
      picture.element,
      changesCard(model, { showChanged: () => showChanged(), reveal: table.reveal }),
      table.element,
      el("div", { class: "pair" }, ordersCard(shown), problemsCard(shown)),
    ),
    el(
      "footer",
      {},
      `waldur-cscs-storage ${data.program}, made ${stamp(data.at)}. Space in TB (10¹² bytes), as in the quotas.`,
    ),
  );
document.documentElement.dataset.ready = String(Math.round(performance.now()));

function showChanged(): void {
  picture.show(EVERYTHING);
  table.show({ which: "changed", text: "", scope: EVERYTHING });
  table.element.scrollIntoView({ block: "start" });
  table.element.querySelector<HTMLElement>("#which")?.focus({ preventScroll: true });
}

function headOf(): HTMLElement[] {
  const [snapshot] = data.snapshots;
  const names = data.offerings.map((offering) => name(offering.name));
  const title = el("h1", {}, ...names.flatMap((one, at) => (at === 0 ? [one] : [", ", one])));
  if (snapshot === undefined)
    return [title, el("p", {}, "There is no snapshot yet: the first run of sync creates one.")];
  const lines = data.snapshots.map(({ date, file, note, passedOver }) =>
    el(
      "p",
      {},
      "Snapshot of ",
      el("strong", {}, stamp(date)),
      ", ",
      moment(date, now),
      el("span", { class: "soft" }, ` · ${file}`),
      passedOver > 0 ? ` · ${count(passedOver, "entry", "entries")} not shown` : null,
      note === null ? null : el("span", { class: "bad" }, ` · ${note}`),
    ),
  );
  return [title, ...lines];
}

function figuresOf({ rows, size, isGone, amountOf }: Model): HTMLElement {
  const sum = (measure: Measure, limit: "soft" | "hard") => {
    let total = 0;
    for (let row = 0; row < size; row++) {
      const value = amountOf(row, measure, limit);
      if (!isGone(row) && !Number.isNaN(value)) total += value;
    }
    return total;
  };
  const there = rows.change.reduce((total, _, row) => total + (isGone(row) ? 0 : 1), 0);
  const orders = data.offerings.flatMap((offering) => offering.orders).filter(({ ended }) => ended === null);
  const oldest = orders
    .map(({ since }) => since)
    .filter((since) => since !== null)
    .sort()[0];
  const problems = data.offerings.reduce((total, offering) => total + offering.problems.length, 0);
  const [space, inodes] = [sum("space", "hard"), sum("inodes", "hard")];
  return el(
    "section",
    { class: "figures", "aria-label": "Summary" },
    figure(
      "Resources",
      el("span", { id: "count" }, plain(there)),
      `${plain(data.tenants.length)} tenants, ${plain(data.projects.length)} projects`,
    ),
    figure(
      "Space, hard",
      el("span", { id: "space", title: amount(space, "space") }, amount(space, "space")),
      `soft ${amount(sum("space", "soft"), "space")}`,
    ),
    figure(
      "Inodes, hard",
      el("span", { id: "inodes", title: amount(inodes, "inodes") }, short(inodes, "inodes")),
      amount(inodes, "inodes"),
    ),
    figure(
      "Open orders",
      plain(orders.length),
      oldest === undefined ? "none waiting" : el("span", {}, "oldest ", moment(oldest, now)),
    ),
    figure(
      "Problems",
      el("span", { class: problems > 0 ? "bad" : null }, plain(problems)),
      problems > 0 ? "see below" : "none",
    ),
    figure(
      "Last successful runs",
      el("span", { class: "runs" }, ...data.offerings.flatMap((offering) => runsOf(offering, now))),
      null,
    ),
  );
}

function figure(title: string, value: HTMLElement | string, below: HTMLElement | string | null): HTMLElement {
  return el(
    "div",
    { class: "figure" },
    el("h2", {}, title),
    el("p", { class: "value" }, value),
    below === null ? null : el("p", { class: "soft" }, below),
  );
}
