// A list of rows that can be changed between two requests and spoilt on its way, paged as Waldur pages: for what
// the simulator's own lists do not do on request.

import type { Answer } from "../../lib/waldur/answer.ts";
import type { Reader } from "../../lib/waldur/client.ts";
import { readList } from "../../lib/waldur/pages.ts";
import type { Query } from "../../lib/waldur/send.ts";
import { unreadFault } from "../../lib/waldur/wire.ts";
import { clientFor } from "./connection.ts";

/** What a page says before it is sent; a test may change any of it. */
export type Page = { status: number; type: string; count: string | null; rows: unknown };

export type ListServer = {
  url: string;
  /** uuids, in order. */
  rows: string[];
  /** Most rows that a page has. */
  clamp: number;
  /** What comes with a row when it is asked for as a whole; `raw:` and JSON represents that JSON. */
  pad: (uuid: string) => unknown;
  /** Called before a page is cut; `nth` counts the requests from 0, `attempt` the readings of the whole list from 1. */
  before: (page: number, nth: number, attempt: number) => Promise<void> | void;
  /** Called with each page before it is sent. */
  spoil: (page: Page, number: number, nth: number) => void;
  /** Numbers of the pages asked for. */
  asked: number[];
  /** Most requests that were in flight at once. */
  mostAtOnce: () => number;
  /** Requests that the client gave up. */
  givenUp: () => number;
  stop(): Promise<void>;
};

/** The uuid of the nth row. */
export function rowId(n: number): string {
  return n.toString(16).padStart(32, "0");
}

export function rowIds(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => rowId(from + n));
}

/** Starts a list of `size` rows. */
export function startList(size: number, clamp = 300): ListServer {
  let inFlight = 0;
  let most = 0;
  let givenUp = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    async fetch(request) {
      const query = new URL(request.url).searchParams;
      const number = Number(query.get("page") ?? 1);
      request.signal.addEventListener("abort", () => givenUp++, { once: true });
      most = Math.max(most, ++inFlight);
      try {
        const nth = list.asked.push(number) - 1;
        await list.before(number, nth, Number(query.get("attempt")));
        const page = cut(list, number, Number(query.get("page_size") ?? 10));
        if (!query.has("field")) pad(page, list);
        list.spoil(page, number, nth);
        return respond(page);
      } finally {
        inFlight--;
      }
    },
  });
  const list: ListServer = {
    url: `http://127.0.0.1:${server.port}/api/`,
    rows: rowIds(0, size),
    clamp,
    pad: () => undefined,
    before: () => undefined,
    spoil: () => undefined,
    asked: [],
    mostAtOnce: () => most,
    givenUp: () => givenUp,
    stop: () => server.stop(true),
  };
  return list;
}

function cut({ rows, clamp }: ListServer, number: number, asked: number): Page {
  const size = Math.min(asked, clamp);
  const count = String(rows.length);
  const last = Math.max(1, Math.ceil(rows.length / size));
  const type = "application/json";
  if (number > last) return { status: 404, type, count: null, rows: { detail: "Invalid page." } };
  const some = rows.slice((number - 1) * size, number * size);
  return { status: 200, type, count, rows: some.map((uuid) => ({ uuid })) };
}

function pad(page: Page, list: ListServer): void {
  if (!Array.isArray(page.rows)) return;
  page.rows = page.rows.map((row) => {
    const attributes = list.pad(uuidOf(row));
    return attributes === undefined ? row : { ...row, attributes };
  });
}

function respond({ status, type, count, rows }: Page): Response {
  return new Response(JSON.stringify(rows).replace(/"raw:([^"]*)"/g, "$1"), {
    status,
    headers: { "Content-Type": type, ...(count === null ? {} : { "X-Result-Count": count }) },
  });
}

export type ReadOptions = {
  /** A try begins, or is at its end. */
  begin?: () => Promise<void> | void;
  end?: (count: number) => Promise<void> | void;
  parallel?: number;
  retries?: number;
  /** Sees each page that is asked for, at the moment it is. */
  onAsk?: (query: Query) => void;
  onPage?: (progress: { seen: number; count: number }) => void;
};

/**
 * Reads the list with the real client; `rows` are the uuids of the try that counted, `unread` those too large to read.
 */
export async function read(
  url: string,
  { parallel = 1, retries = 0, onAsk, onPage, begin, end }: ReadOptions = {},
): Promise<{ rows: string[]; unread: string[]; count: number; tries: number }> {
  const client = clientFor(url, { retries });
  let tries = 0;
  const reader: Reader = {
    get(path, query, bounds): Promise<Answer> {
      onAsk?.(query ?? {});
      return client.get(path, { ...query, attempt: tries }, bounds);
    },
  };
  const request = { path: "things/", query: { colour: "red" }, what: "thing", parallel };
  return readList(reader, request, async (parts) => {
    tries++;
    const rows: string[] = [];
    const unread: string[] = [];
    let count = 0;
    await begin?.();
    for await (const part of parts) {
      for (const row of part.rows) {
        rows.push(uuidOf(row));
        const fault = unreadFault(row)?.fault;
        if (fault !== undefined) unread.push(`${uuidOf(row)} ${fault.field} ${fault.message}`);
      }
      ({ count } = part);
      onPage?.(part);
    }
    await end?.(count);
    return { rows, unread, count, tries };
  });
}

function uuidOf(row: unknown): string {
  if (typeof row === "object" && row !== null && "uuid" in row && typeof row.uuid === "string")
    return row.uuid;
  throw new Error(`no row: ${JSON.stringify(row)}`);
}
