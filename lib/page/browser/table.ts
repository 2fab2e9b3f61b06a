// Every resource, to be searched and sorted: a page of rows at a time, so that a hundred thousand are as quick as ten.

import { button, el, name } from "./dom.ts";
import { createFinder, type Query, type Sorting, type SortKey, type Which } from "./find.ts";
import { EVERYTHING, type Model, type Scope } from "./model.ts";
import { amount, count, plain, short } from "./numbers.ts";
import { rowOf } from "./row.ts";

const ROWS_A_PAGE = 50;
const WAIT_MS = 120;

const COLUMNS: readonly { key: SortKey; title: string; isNumber?: true }[] = [
  { key: "path", title: "Path" },
  { key: "tenant", title: "Tenant" },
  { key: "project", title: "Project" },
  { key: "system", title: "System" },
  { key: "status", title: "Status" },
  { key: "space", title: "Space", isNumber: true },
  { key: "inodes", title: "Inodes", isNumber: true },
  { key: "change", title: "Change" },
];

export type Table = {
  element: HTMLElement;
  /** Shows what is in that part; null keeps the part that is shown. */
  show(changes: Partial<Query>): void;
  /** Shows one resource, with all that is known of it. */
  reveal(row: number): void;
};

export function createTable(model: Model): Table {
  const finder = createFinder(model);
  const query: Query = { text: "", which: "all", scope: EVERYTHING };
  const sorting: Sorting = { by: "space", isDown: true };
  let found = new Int32Array(0);
  let first = 0;
  let opened = -1;

  const search = el("input", {
    type: "search",
    id: "search",
    placeholder: "path, tenant, project, system or uuid",
    autocomplete: "off",
    spellcheck: "false",
    "aria-keyshortcuts": "/",
  });
  const which = el(
    "select",
    { id: "which" },
    ...(["all", "changed", "new", "gone"] as const).map((value) =>
      el("option", { value }, value === "all" ? "all" : value),
    ),
  );
  const part = el("span", { class: "part-shown" });
  const summary = el("p", { class: "found", role: "status" });
  const body = el("tbody");
  const heads = COLUMNS.map((column) => headOf(column, () => sortBy(column)));
  const pager = el("div", { class: "pager" });

  const update = () => {
    found = finder.find(query);
    finder.sort(found, sorting);
    first = 0;
    draw();
  };
  const sortBy = ({ key, isNumber }: (typeof COLUMNS)[number]) => {
    const isSame = sorting.by === key;
    Object.assign(sorting, {
      by: key,
      isDown: isSame ? !sorting.isDown : isNumber === true || key === "change",
    });
    finder.sort(found, sorting);
    first = 0;
    draw();
  };
  const goTo = (row: number, id: string) => {
    first = row;
    draw();
    // The button that was pressed is another one now.
    const pressed = pager.querySelector<HTMLButtonElement>(`#${id}`);
    (pressed?.disabled === true
      ? pager.querySelector<HTMLButtonElement>("button:enabled")
      : pressed
    )?.focus();
  };
  const draw = () => {
    for (const [at, column] of COLUMNS.entries()) {
      const isSorted = sorting.by === column.key;
      heads[at]?.setAttribute("aria-sort", isSorted ? (sorting.isDown ? "descending" : "ascending") : "none");
    }
    const shown = [...found.subarray(first, first + ROWS_A_PAGE)];
    body.replaceChildren(
      ...shown.flatMap((row) =>
        rowOf(model, row, { isOpen: row === opened, columns: COLUMNS.length, toggle }),
      ),
    );
    const last = first + shown.length;
    const all = count(found.length, "resource");
    summary.replaceChildren(
      found.length === 0
        ? "Nothing found."
        : `${plain(first + 1)}–${plain(last)} of ${all}, ${sumOf(model, found)}`,
    );
    const end = Math.max(0, Math.floor((found.length - 1) / ROWS_A_PAGE) * ROWS_A_PAGE);
    pager.replaceChildren(
      ...(
        [
          ["first", "First", 0],
          ["back", "Previous", Math.max(0, first - ROWS_A_PAGE)],
          ["next", "Next", Math.min(end, first + ROWS_A_PAGE)],
          ["last", "Last", end],
        ] as const
      ).map(([id, text, to]) => button({ id, disabled: to === first }, () => goTo(to, id), text)),
    );
    part.replaceChildren(...partShown(model, query.scope, () => show({ scope: EVERYTHING })));
  };
  const toggle = (row: number) => {
    opened = opened === row ? -1 : row;
    draw();
    body.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus();
  };
  const show = (changes: Partial<Query>) => {
    Object.assign(query, changes);
    search.value = query.text;
    which.value = query.which;
    update();
  };

  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      query.text = search.value;
      update();
    }, WAIT_MS);
  });
  which.addEventListener("change", () => {
    const value = (["all", "changed", "new", "gone"] as const).find((one) => one === which.value);
    show({ which: value ?? "all" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    search.focus();
  });
  update();

  const element = el(
    "section",
    { class: "card", "aria-labelledby": "table-title", id: "resources" },
    el("h2", { id: "table-title" }, "Resources"),
    el(
      "div",
      { class: "bar search", role: "search" },
      el("label", { for: "search" }, "Search"),
      search,
      el("label", { for: "which" }, "Show"),
      which,
      part,
    ),
    summary,
    el(
      "table",
      { class: "rows" },
      el("caption", { class: "hidden" }, "Resources"),
      el("thead", {}, el("tr", {}, ...heads)),
      body,
    ),
    pager,
  );
  return {
    ...{ element, show },
    reveal(row) {
      opened = row;
      const isGone: Which = model.isGone(row) ? "gone" : "all";
      show({ text: model.uuid(row), which: isGone, scope: EVERYTHING });
      element.scrollIntoView({ block: "start" });
      body.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus({ preventScroll: true });
    },
  };
}

function headOf({ title, isNumber }: (typeof COLUMNS)[number], sort: () => void): HTMLElement {
  return el(
    "th",
    { scope: "col", class: isNumber === true ? "number" : null },
    button({ class: "sort" }, sort, title),
  );
}

function partShown(model: Model, { tenant, project, system }: Scope, clear: () => void): Node[] {
  const names = [
    tenant < 0 ? null : model.nameOf("tenant", tenant),
    project < 0 ? null : model.nameOf("project", project),
    system < 0 ? null : model.nameOf("system", system),
  ].filter((one) => one !== null);
  if (names.length === 0) return [];
  return [
    button(
      { class: "chip", "aria-label": `Show all again, not only ${names.join(", ")}` },
      clear,
      name(names.join(" › ")),
      " ×",
    ),
  ];
}

/** Of what is found and still there. */
function sumOf(model: Model, found: Int32Array): string {
  const sums = { space: 0, inodes: 0 };
  for (const row of found) {
    if (model.isGone(row)) continue;
    for (const measure of ["space", "inodes"] as const) {
      const value = model.amountOf(row, measure, "hard");
      if (!Number.isNaN(value)) sums[measure] += value;
    }
  }
  return `${amount(sums.space, "space")}, ${short(sums.inodes, "inodes")} inodes (hard)`;
}
