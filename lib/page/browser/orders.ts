// Orders and problems, as the state of the runs knows them.

import type { OfferingFacts, OrderFacts } from "../data.ts";
import { button, el, moment, name } from "./dom.ts";
import type { Model } from "./model.ts";
import { count } from "./numbers.ts";

const MOST_SHOWN = 20;

export function waitsText({ for: reason, detail }: { for: string; detail: string }): string {
  return detail === "" ? reason : detail;
}

type Shown = { model: Model; now: number; reveal: (row: number) => void };

export function ordersCard({ model, now, reveal }: Shown): HTMLElement {
  const orders = model.data.offerings.flatMap((offering) => offering.orders);
  const open = orders.filter(({ ended }) => ended === null);
  const recent = orders.filter(({ ended }) => ended !== null);
  return el(
    "section",
    { class: "card", id: "orders", "aria-labelledby": "orders-title" },
    el("h2", { id: "orders-title" }, "Orders"),
    listOf("Open", open, { model, now, reveal }),
    listOf("Ended in the last seven days", recent, { model, now, reveal }),
  );
}

function listOf(title: string, orders: readonly OrderFacts[], shown: Shown): HTMLElement {
  const head = el("h3", {}, `${title} `, el("span", { class: "soft" }, String(orders.length)));
  if (orders.length === 0) return el("div", {}, head, el("p", { class: "empty" }, "None."));
  return el(
    "div",
    {},
    head,
    growing(orders, (order) => orderOf(order, shown)),
  );
}

function orderOf(order: OrderFacts, { model, now, reveal }: Shown): HTMLElement {
  const { row } = order;
  const what = name(order.path ?? order.resource ?? order.uuid);
  const reason = order.waits === null ? order.ended : waitsText(order.waits);
  const isBad = order.waits?.for === "problem" || order.ended === "erred";
  return el(
    "li",
    {},
    el("span", { class: "kind" }, order.type),
    row === null
      ? el("span", { class: "what" }, what)
      : button({ class: "link what" }, () => reveal(row), what),
    el("span", { class: "age" }, moment(order.since, now)),
    el("span", { class: isBad ? "why bad" : "why" }, name(reason ?? "")),
    row === null
      ? null
      : el("span", { class: "soft of" }, name(`${model.project(row)}, ${model.tenant(row)}`)),
  );
}

export function problemsCard({ model, now }: Shown): HTMLElement {
  const problems = model.data.offerings.flatMap((offering) => offering.problems);
  return el(
    "section",
    { class: "card", id: "problems", "aria-labelledby": "problems-title" },
    el("h2", { id: "problems-title" }, "Problems "),
    problems.length === 0
      ? el("p", { class: "empty" }, "None.")
      : growing(problems, (problem) =>
          el(
            "li",
            {},
            el("span", { class: "kind" }, problem.code),
            el(
              "span",
              { class: "what" },
              name(problem.message),
              problem.count > 1 ? ` (${count(problem.count, "time")})` : null,
            ),
            el("span", { class: "age" }, moment(problem.since, now)),
            problem.hint === null ? null : el("span", { class: "why" }, name(problem.hint)),
            el(
              "span",
              { class: "soft of" },
              name([problem.resourceName, problem.project].filter((one) => one !== null).join(", ")),
            ),
          ),
        ),
  );
}

/** The first ones, and a button for the others. */
function growing<Item>(items: readonly Item[], make: (item: Item) => HTMLElement): HTMLElement {
  const list = el("ul", { class: "list" }, ...items.slice(0, MOST_SHOWN).map(make));
  const rest = items.slice(MOST_SHOWN);
  if (rest.length === 0) return list;
  const more = button(
    { class: "more" },
    () => more.replaceWith(el("ul", { class: "list" }, ...rest.map(make))),
    `Show ${rest.length} more`,
  );
  return el("div", {}, list, more);
}

/** When each mode ran well last. */
export function runsOf({ runs }: Pick<OfferingFacts, "runs">, now: number): HTMLElement[] {
  return runs.map(({ mode, lastGood, isLate, failed }) =>
    el(
      "span",
      { class: isLate || failed !== null ? "run bad" : "run", title: failed?.message },
      `${mode} `,
      moment(lastGood, now),
      failed === null ? null : `, failed (${failed.exitCode})`,
    ),
  );
}
