// Reading a list to its end, or failing: Waldur pages without a cursor, so a row that leaves a filtered list while it
// is read hides another one. A list counts as complete only when every page gave the same count (or a growing one),
// every page had the rows that the count asks for, and the uuids are distinct and as many (docs/waldur.md, "Lists").
// Rows too large to be read stand in it by their outline.

import { createCollector } from "../collect.ts";
import { AnswerError, RetryLaterError } from "../errors.ts";
import { createKeySet, uuidKey } from "../key-set.ts";
import type { Answer } from "./answer.ts";
import type { Reader } from "./client.ts";
import { ListMoved, type ListRequest, type Part, pageSource, ReadAgain } from "./page-source.ts";
import type { Query } from "./send.ts";
import { parseRows, parseUuid } from "./wire.ts";

/** Waldur clamps larger page sizes to this one. */
export const PAGE_SIZE = 300;
const TRIES = 3;
const MOST_AGAIN = 20;
/** A longer list is refused: each row costs memory until the end, and a server may promise any number. */
export const MOST_ROWS = 2_000_000;

/** Rows of the list in its order; a list without rows is one such part. */
export type ListPart = Part & {
  /** Rows so far, with these. */
  seen: number;
  /** Rows of the whole list. */
  count: number;
  /** Rows of a page of the list; fewer than were asked for where the server gives smaller ones. */
  pageSize: number;
};

/** The server gives smaller pages than the parts that were asked for, so that these do not adjoin. */
class Clamped extends ListMoved {
  readonly size: number;

  constructor({ number, size, rows }: Part) {
    super(`page ${number} has ${rows.length} rows instead of ${size}`);
    this.size = rows.length;
  }
}

/**
 * Reads the whole list, and again from the start when it moved, three times at most, or when its rows ask for that,
 * twenty times at most.
 * @param readParts reads all of one try to the end, and begins with nothing of an earlier one; the list is known to be
 * complete when the parts end. Throws `ListMoved` when there is other evidence that the list moved.
 * @returns what the try that counts returned
 * @throws RetryLaterError when the list keeps moving; AnswerError when the answers are unusable
 */
export async function readList<T>(
  reader: Reader,
  request: ListRequest,
  readParts: (parts: AsyncIterable<ListPart>) => Promise<T>,
): Promise<T> {
  let asked = PAGE_SIZE;
  let moved = 0;
  for (let again = 0; ; ) {
    try {
      return await readParts(partsOf(reader, request, asked));
    } catch (error) {
      if (!(error instanceof ListMoved)) throw error;
      if (error instanceof ReadAgain ? ++again >= MOST_AGAIN : ++moved >= TRIES)
        throw stillMoving(error, request);
      if (error instanceof Clamped) asked = error.size;
      reader.note?.(
        `the ${request.what} list changed while it was read (${error.message}); reading it again`,
      );
    }
  }
}

function stillMoving(cause: ListMoved, request: ListRequest): RetryLaterError {
  return new RetryLaterError(
    `the ${request.what} list changed each of the ${cause instanceof ReadAgain ? MOST_AGAIN : TRIES} times it was read (last: ${cause.message})`,
    { code: "moving", cause, hint: "nothing was published; the next run reads it again" },
  );
}

async function* partsOf(reader: Reader, request: ListRequest, asked: number): AsyncGenerator<ListPart> {
  const uuids = createKeySet();
  const stop = new AbortController();
  const pages = pageSource(reader, request, { asked, stop: stop.signal });
  const counts = trackCount(request);
  const collect = createCollector(PACE);
  let pageSize = asked;
  let isInParts = false;
  /** Rows that the server is known to give at once. */
  let room = 0;
  try {
    for (let number = 1; number === 1 || (number - 1) * pageSize < counts.now(); number++) {
      for await (const part of pages.read({ number, size: pageSize }, counts.now)) {
        const { rows } = part;
        const count = counts.take(countOf(part.answer, request));
        if (number === 1 && part.number === 1) uuids.clear(count);
        const isPage = part.size === pageSize;
        if (isPage && number === 1 && rows.length < count) pageSize = smallerPage(rows.length, request);
        // The fields of the pages that follow were chosen for where these would begin.
        if (pageSize < asked && request.fieldsOf !== undefined) throw new Clamped(part);
        isInParts ||= !isPage;
        expectRows(part, {
          mayBeClamped: isInParts && rows.length >= room,
          size: isPage ? pageSize : part.size,
          count,
        });
        room = Math.max(room, rows.length);
        pages.askUpTo(Math.ceil(count / pageSize));
        // The next request leaves only when this turn ends, and it is to travel while these rows are mapped.
        await new Promise((resolve) => setImmediate(resolve));
        addUuids(rows, uuids, request.what);
        yield { ...part, seen: uuids.size(), count, pageSize };
        collect(part.answer.length);
      }
    }
  } finally {
    stop.abort(new ListMoved("aborted"));
  }
  if (uuids.size() !== counts.now())
    throw new ListMoved(`${uuids.size()} different rows where the count is ${counts.now()}`);
}

/** In characters of answers, a page or so: after two pages a list of 100 000 takes 4 % less and has 5 MB more. */
const PACE = 256 * 1024;

/** What the pages said of the whole list so far. */
type Counts = { now(): number; take(given: number): number };

/** Rows that may be added while a list is read: as many again, and some more for a short one. */
const MOST_GROWTH = { times: 2, rows: 1000 };

/** A count may grow while the list is read, but not without end: then so would the list. */
function trackCount({ path, most: limit = MOST_ROWS }: ListRequest): Counts {
  let count = 0;
  let most = limit;
  return {
    now: () => count,
    take(given) {
      if (given < count) throw new ListMoved(`the count fell from ${count} to ${given}`);
      if (given > most) throw tooLong(path, given, { most, limit });
      if (count === 0) most = Math.min(most, given * MOST_GROWTH.times + MOST_GROWTH.rows);
      count = given;
      return count;
    },
  };
}

function tooLong(path: string, given: number, { most, limit }: { most: number; limit: number }): AnswerError {
  const why =
    most === limit
      ? `has a count of ${given} rows, and at most ${limit} are read`
      : `grows while it is read, to ${given} rows by now`;
  return new AnswerError(`the list of GET ${path} ${why}`, {
    hint: "check waldur_api_url, and any proxy in front of Waldur",
  });
}

function countOf(answer: Answer, request: ListRequest): number {
  if (answer.count !== null) return answer.count;
  throw new AnswerError(
    `GET ${request.path} came without X-Result-Count, so the list cannot be proved complete`,
    {
      hint: "a proxy in front of Waldur may strip the header; let it pass",
    },
  );
}

/** A server may clamp pages lower than it does today; the rows of a full first page show it. */
function smallerPage(rows: number, request: ListRequest): number {
  if (rows > 0) return rows;
  throw new AnswerError(`GET ${request.path} gave no rows where its count promises some`, {
    hint: "nothing was published; if this persists, check for a cache in front of Waldur, and Waldur's log",
  });
}

type Expected = { mayBeClamped: boolean; size: number; count: number };

function expectRows(part: Part, { mayBeClamped, size, count }: Expected): void {
  const rows = part.rows.length;
  const expected = Math.min(size, count - (part.number - 1) * size);
  if (mayBeClamped && rows > 0 && rows < expected) throw new Clamped(part);
  if (rows !== expected) throw new ListMoved(`page ${part.number} has ${rows} rows instead of ${expected}`);
}

function addUuids(rows: readonly unknown[], uuids: ReturnType<typeof createKeySet>, what: string): void {
  for (const row of rows) {
    const uuid = parseUuid(row, `a ${what}`);
    if (uuids.add(uuidKey(uuid)) < 0) throw new ListMoved(`${what} ${uuid} was listed twice`);
  }
}

/** How many rows a filtered list has, without reading them. */
export async function countList(
  reader: Reader,
  { path, query, what }: { path: string; query: Query; what: string },
): Promise<number> {
  const answer = await reader.get(path, { ...query, field: "uuid", page_size: 1 });
  parseRows(answer.body, path);
  return countOf(answer, { path, query, what, parallel: 1 });
}
