// Pages of lists, as Waldur cuts them: ten rows unless asked otherwise, never more than a limit, a bare JSON array, the
// count of the whole list in a header, and links whose parameters come back sorted by name.

import { type Answer, detail, json } from "./answers.ts";
import type { Exchange } from "./exchange.ts";

const DEFAULT_SIZE = 10;

/** Anything that can be counted and cut. */
export type Countable<T> = { count: number; slice(from: number, to: number): readonly T[] };

/** One page, each row drawn by `view`; or 404 when there is no such page. */
export function page<T>(exchange: Exchange, list: Countable<T>, view: (row: T) => unknown): Answer {
  const size = pageSize(exchange.query.get("page_size"), exchange.world.largestPage);
  const last = Math.max(1, Math.ceil(list.count / size));
  const number = pageNumber(exchange.query.get("page"), last);
  if (number === undefined) return detail(404, "Invalid page.");
  const rows = list.slice((number - 1) * size, number * size).map(view);
  const answer = json(200, rows, {
    "X-Result-Count": String(list.count),
    Link: links(exchange, number, last),
  });
  return { ...answer, rows: rows.length };
}

/** The same for rows that are in memory. */
export function pageOf<T>(exchange: Exchange, rows: readonly T[], view: (row: T) => unknown): Answer {
  return page(exchange, { count: rows.length, slice: (from, to) => rows.slice(from, to) }, view);
}

function pageSize(text: string | null, largest: number): number {
  const asked = text !== null && /^\d+$/.test(text) ? Number(text) : 0;
  return Math.min(asked === 0 ? DEFAULT_SIZE : asked, largest);
}

function pageNumber(text: string | null, last: number): number | undefined {
  if (text === null || text === "") return 1;
  if (text === "last") return last;
  const asked = /^\d+$/.test(text) ? Number(text) : 0;
  return asked >= 1 && asked <= last ? asked : undefined;
}

function links(exchange: Exchange, number: number, last: number): string {
  const link = (target: number, rel: string) => `<${linkUrl(exchange, target)}>; rel="${rel}"`;
  return [
    link(1, "first"),
    ...(number > 1 ? [link(number - 1, "prev")] : []),
    ...(number < last ? [link(number + 1, "next")] : []),
    link(last, "last"),
  ].join(", ");
}

/** A link to the first page carries no `page`. */
function linkUrl({ origin, path, query }: Exchange, target: number): string {
  const parameters = new URLSearchParams(query);
  if (target === 1) parameters.delete("page");
  else parameters.set("page", String(target));
  parameters.sort();
  const text = parameters.toString();
  return `${origin}/api/${path}${text === "" ? "" : `?${text}`}`;
}
