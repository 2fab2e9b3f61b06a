// One resource in the table, and all that is known of it when its path is chosen.

import { button, el, name } from "./dom.ts";
import { BITS, type Model } from "./model.ts";
import { amount, difference, short } from "./numbers.ts";
import { waitsText } from "./orders.ts";
import { deltaOf } from "./view.ts";

type Row = { isOpen: boolean; columns: number; toggle: (row: number) => void };

export function rowOf(model: Model, row: number, { isOpen, columns, toggle }: Row): HTMLElement[] {
  const cell = (title: string, content: Node | string, kind?: string) =>
    el("td", { "data-title": title, class: kind }, content);
  const space = model.amountOf(row, "space", "hard");
  const inodes = model.amountOf(row, "inodes", "hard");
  const path = button(
    { class: "path", "aria-expanded": String(isOpen), "data-row": row },
    () => toggle(row),
    name(model.path(row) || "(no path)"),
  );
  const line = el(
    "tr",
    { class: model.isGone(row) ? "gone" : null },
    el("th", { scope: "row" }, path),
    cell("Tenant", name(model.tenant(row))),
    cell("Project", name(model.project(row))),
    cell("System", name(model.system(row))),
    cell("Status", statusOf(model, row)),
    cell("Space", amount(space, "space"), "number"),
    cell("Inodes", short(inodes, "inodes"), "number"),
    cell("Change", changeOf(model, row)),
  );
  return isOpen
    ? [line, el("tr", { class: "detail" }, el("td", { colspan: columns }, detailOf(model, row)))]
    : [line];
}

function statusOf(model: Model, row: number): HTMLElement {
  const status = String(model.value("status", row) ?? "unknown");
  return el("span", { class: `status ${["active", "error"].includes(status) ? status : "busy"}` }, status);
}

function changeOf(model: Model, row: number): HTMLElement {
  const bits = model.rows.change[row] ?? 0;
  const shown = el("span", { class: "change" });
  const has = (bit: number) => (bits & bit) !== 0;
  if (has(BITS.new)) shown.append(el("b", {}, "new"));
  if (has(BITS.gone)) shown.append(el("b", {}, "gone"));
  if (has(BITS.quotas)) {
    const old = model.before.get(row)?.[4] ?? Number.NaN;
    const text = difference(model.amountOf(row, "space", "hard") - (old ?? 0), "space");
    shown.append(text === "" ? "quotas" : deltaOf(text));
  }
  for (const what of ["path", "status", "permission", "gid"] as const)
    if (has(BITS[what])) shown.append(` ${what === "gid" ? "GID" : what}`);
  return shown;
}

function detailOf(model: Model, row: number): HTMLElement {
  const facts: [string, Node | string][] = [
    ["UUID", el("code", {}, model.uuid(row))],
    [
      "Space",
      `soft ${amount(model.amountOf(row, "space", "soft"), "space")}, hard ${amount(model.amountOf(row, "space", "hard"), "space")}`,
    ],
    [
      "Inodes",
      `soft ${amount(model.amountOf(row, "inodes", "soft"), "inodes")}, hard ${amount(model.amountOf(row, "inodes", "hard"), "inodes")}`,
    ],
    ["Data type", name(String(model.value("type", row) ?? "none"))],
    ["Permission", name(String(model.value("permission", row) ?? "none"))],
    ["GID", name(String(model.value("gid", row) ?? "none"))],
  ];
  const old = model.before.get(row);
  if (old !== undefined) {
    const before = (at: number, measure: "space" | "inodes") => amount(old[at] ?? Number.NaN, measure);
    facts.push([
      "Before",
      `space soft ${before(3, "space")}, hard ${before(4, "space")}; inodes soft ${before(5, "inodes")}, hard ${before(6, "inodes")}`,
    ]);
  }
  for (const { orders, problems } of model.data.offerings) {
    for (const order of orders)
      if (order.row === row)
        facts.push([
          `Order, ${order.type}`,
          name(order.waits === null ? `${order.ended}` : waitsText(order.waits)),
        ]);
    for (const problem of problems)
      if (problem.resource === model.uuid(row))
        facts.push(["Problem", name(`${problem.code}: ${problem.message}`)]);
  }
  return el(
    "dl",
    {},
    ...facts.map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value))),
  );
}
