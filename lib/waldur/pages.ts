// Reading a list to its end, or failing: Waldur pages without a cursor, so a row that leaves a filtered list while it
// is read hides another one. A list counts as complete only when every page told the same count (or a growing one),
// every page had the rows that the count asks for, and the uuids are distinct and as many (docs/waldur.md, "Lists").

import { AnswerError, RetryLaterError } from "../errors.ts";
import { createKeySet, uuidKey } from "../key-set.ts";
import type { Answer, Query, Reader } from "./client.ts";
import { parseRows, parseUuid } from "./wire.ts";

/** Waldur clamps larger page sizes to this one. */
export const PAGE_SIZE = 300;
const TRIES = 3;
/** Memory is not set aside on the word of a server for more rows than this. */
export const MOST_EXPECTED = 2_000_000;

export type ListRequest = {
  path: string;
  query: Query;
  /** What the rows are, for messages: `resource`, `order`. */
  what: string;
  /** Requests in flight at once; results stay in order. */
  parallel: number;
};

export type ListVisitor = {
  /** A try begins; whatever an earlier one gave must be forgotten. */
  begin(): Promise<void> | void;
  /** Whatever must be asked for before these rows can be taken. */
  beforePage?(rows: readonly unknown[]): Promise<void>;
  page(rows: readonly unknown[], progress: { seen: number; count: number }): void;
  /** After the last page; throws `ListMoved` when there is other evidence that the list moved. */
  end?(count: number): Promise<void> | void;
};

/** The list changed while it was read; reading it again may help. */
export class ListMoved extends Error {}

/**
 * Reads the whole list, page by page, and again from the start when it moved, three times at most.
 * @returns the number of rows
 * @throws RetryLaterError when the list keeps moving; AnswerError when the answers are unusable
 */
export async function readList(reader: Reader, request: ListRequest, visitor: ListVisitor): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await visitor.begin();
      const count = await readOnce(reader, request, visitor);
      await visitor.end?.(count);
      return count;
    } catch (error) {
      if (!(error instanceof ListMoved)) throw error;
      if (tries >= TRIES) throw stillMoving(error, request);
    }
  }
}

function stillMoving(cause: ListMoved, request: ListRequest): RetryLaterError {
  return new RetryLaterError(
    `the ${request.what} list changed each of the ${TRIES} times it was read (last: ${cause.message})`,
    { code: "moving", cause, hint: "nothing was published; the next run reads it again" },
  );
}

async function readOnce(reader: Reader, request: ListRequest, visitor: ListVisitor): Promise<number> {
  const uuids = createKeySet();
  const stop = new AbortController();
  const pages = pageWindow(reader, request, stop.signal);
  let count = 0;
  let pageSize = PAGE_SIZE;
  try {
    for (let number = 1; number === 1 || (number - 1) * pageSize < count; number++) {
      const answer = await pages.take(number);
      const rows = parseRows(answer.body, request.path);
      const told = countOf(answer, request);
      if (told < count) throw new ListMoved(`the count fell from ${count} to ${told}`);
      count = told;
      if (number === 1) uuids.clear(Math.min(count, MOST_EXPECTED));
      if (number === 1 && rows.length < count) pageSize = smallerPage(rows.length, request);
      expectRows(rows.length, Math.min(pageSize, count - (number - 1) * pageSize), number);
      pages.askUpTo(Math.ceil(count / pageSize));
      // The next request leaves only when this turn ends, and it is to travel while these rows are mapped.
      await new Promise((resolve) => setImmediate(resolve));
      addUuids(rows, uuids, request.what);
      await visitor.beforePage?.(rows);
      visitor.page(rows, { seen: uuids.size(), count });
    }
  } finally {
    stop.abort(new ListMoved("given up"));
  }
  if (uuids.size() !== count)
    throw new ListMoved(`${uuids.size()} different rows where the count is ${count}`);
  return count;
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

/** A server may clamp pages lower than it does today; the rows of a full first page tell. */
function smallerPage(rows: number, request: ListRequest): number {
  if (rows > 0) return rows;
  throw new AnswerError(`GET ${request.path} gave no rows where its count promises some`);
}

function expectRows(rows: number, expected: number, number: number): void {
  if (rows !== expected) throw new ListMoved(`page ${number} has ${rows} rows instead of ${expected}`);
}

function addUuids(rows: readonly unknown[], uuids: ReturnType<typeof createKeySet>, what: string): void {
  for (const row of rows) {
    const uuid = parseUuid(row, `a ${what}`);
    if (uuids.add(uuidKey(uuid)) < 0) throw new ListMoved(`${what} ${uuid} was listed twice`);
  }
}

type PageWindow = {
  /** The answer for a page; asks for it when nobody has. */
  take(number: number): Promise<Answer>;
  /** Keeps `parallel` requests in flight, up to the last page that is known. */
  askUpTo(last: number): void;
};

function pageWindow(reader: Reader, request: ListRequest, stop: AbortSignal): PageWindow {
  const asked = new Map<number, Promise<Answer>>();
  let taken = 0;
  const ask = (number: number): Promise<Answer> => {
    const present = asked.get(number);
    if (present !== undefined) return present;
    const answer = fetchPage(reader, request, number, stop);
    // Pages asked for ahead may fail while an earlier one is being read; whoever takes them sees the error.
    answer.catch(() => undefined);
    asked.set(number, answer);
    return answer;
  };
  return {
    async take(number) {
      taken = number;
      const answer = await ask(number);
      asked.delete(number);
      return answer;
    },
    askUpTo(last) {
      for (let ahead = 1; ahead <= request.parallel && taken + ahead <= last; ahead++) ask(taken + ahead);
    },
  };
}

async function fetchPage(
  reader: Reader,
  request: ListRequest,
  number: number,
  stop: AbortSignal,
): Promise<Answer> {
  try {
    return await reader.get(request.path, { ...request.query, page: number, page_size: PAGE_SIZE }, stop);
  } catch (error) {
    if (error instanceof AnswerError && error.code === "not-found" && number > 1) {
      throw new ListMoved(`page ${number} is gone`);
    }
    throw error;
  }
}

/** How many rows a filtered list has, without reading them. */
export async function countList(reader: Reader, path: string, query: Query, what: string): Promise<number> {
  const answer = await reader.get(path, { ...query, field: "uuid", page_size: 1 });
  parseRows(answer.body, path);
  return countOf(answer, { path, query, what, parallel: 1 });
}
