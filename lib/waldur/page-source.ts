// The pages of a list, asked for ahead, and in parts where one is too large to be read at once: the same rows with a
// smaller page size, down to a single row, of which then only the outline is read. So a row of any size is in the
// way of no other one.

import { AnswerError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { LARGEST_BODY_BYTES, TooLarge } from "./body.ts";
import type { Reader } from "./client.ts";
import type { Query } from "./send.ts";
import { parseRows, unreadRow } from "./wire.ts";

export type ListRequest = {
  path: string;
  query: Query;
  /** What the rows are, for messages: `resource`, `order`. */
  what: string;
  /** Fields to ask for of these rows, where it depends on the rows. */
  fieldsOf?: (span: Span) => readonly string[];
  /** Requests in flight at once; results stay in order. */
  parallel: number;
  /** Fields to ask for of a row that is too large to be read whole; `uuid` where absent. */
  outline?: readonly string[];
  /** A list that promises more rows is refused; `MOST_ROWS` where absent. */
  most?: number;
};

/** The list changed while it was read; reading it again may help. */
export class ListMoved extends Error {}

/** The list did not change, but what its rows say of each other needs another reading. */
export class ReadAgain extends ListMoved {}

/** Page `number` of pages of `size` rows, counted from 1. */
export type Span = { number: number; size: number };

export type Part = Span & {
  rows: readonly unknown[];
  answer: Answer;
};

export type PageSource = {
  /**
   * The rows of a page, in one part or several; those beyond the count, which may grow meanwhile, are not asked for.
   */
  read(page: Span, count: () => number): AsyncGenerator<Part>;
  /** Keeps `parallel` requests in flight, up to the last page that is known. */
  askUpTo(last: number): void;
};

/** The pages of one reading of a list, which are asked for with a size of `asked`. */
export function pageSource(
  reader: Reader,
  request: ListRequest,
  { asked, stop }: { asked: number; stop: AbortSignal },
): PageSource {
  const inFlight = new Map<number, Promise<Answer>>();
  const limitBytes = pageLimitBytes(request.parallel);
  let taken = 0;
  const ask = (number: number): Promise<Answer> => {
    const present = inFlight.get(number);
    if (present !== undefined) return present;
    const answer = fetchRows(reader, request, { number, size: asked, stop, limitBytes });
    // Pages asked for ahead may fail while an earlier one is being read; the error is seen where they are taken.
    answer.catch(() => undefined);
    inFlight.set(number, answer);
    return answer;
  };
  const take = (number: number): Promise<Answer> => {
    taken = number;
    const answer = ask(number);
    inFlight.delete(number);
    return answer;
  };
  async function* readParts(span: Span, count: () => number, fetched: Promise<Answer>): AsyncGenerator<Part> {
    const answer = await fetched.catch((error: unknown) => {
      if (error instanceof TooLarge) return error;
      throw error;
    });
    if (!(answer instanceof TooLarge)) {
      yield { ...span, answer, rows: parseRows(answer.body, request.path) };
    } else if (span.size === 1) {
      yield await readOutline(reader, request, { ...span, stop, why: answer.what });
    } else {
      const times = smallestFactor(span.size);
      const size = span.size / times;
      for (let number = (span.number - 1) * times + 1; number <= span.number * times; number++) {
        if (number > 1 && (number - 1) * size >= count()) return;
        const next = fetchRows(reader, request, {
          number,
          size,
          stop,
          limitBytes: limitFor(size, limitBytes),
        });
        yield* readParts({ number, size }, count, next);
      }
    }
  }
  return {
    read: (page, count) => readParts(page, count, take(page.number)),
    askUpTo(last) {
      for (let ahead = 1; ahead <= request.parallel && taken + ahead <= last; ahead++) ask(taken + ahead);
    },
  };
}

/** Pages that are asked for at once share the memory of two. */
function pageLimitBytes(parallel: number): number {
  return Math.floor((2 * LARGEST_BODY_BYTES) / (parallel + 1));
}

/** A row that is read alone may be as large as any answer, however many pages are asked for at once. */
function limitFor(size: number, limitBytes: number): number {
  return size === 1 ? LARGEST_BODY_BYTES : limitBytes;
}

/** Waldur knows pages alone, so that parts of equal size are all that can be asked for: 300 is 2 × 2 × 3 × 5 × 5. */
function smallestFactor(size: number): number {
  for (let factor = 2; factor * factor <= size; factor++) if (size % factor === 0) return factor;
  return size;
}

type Fetching = Span & { stop: AbortSignal; limitBytes: number };

async function fetchRows(
  reader: Reader,
  request: ListRequest,
  { number, size, ...bounds }: Fetching,
): Promise<Answer> {
  const field = request.fieldsOf?.({ number, size });
  const query = { ...request.query, ...(field && { field }), page: number, page_size: size };
  try {
    return await reader.get(request.path, query, bounds);
  } catch (error) {
    if (error instanceof AnswerError && error.code === "not-found" && number > 1) {
      throw new ListMoved(`page ${number} is gone`);
    }
    throw error;
  }
}

/** What can be known of a row that is too large alone. */
async function readOutline(
  reader: Reader,
  request: ListRequest,
  { number, size, stop, why }: Span & { stop: AbortSignal; why: string },
): Promise<Part> {
  const { fieldsOf: _fieldsOf, ...rest } = request;
  const query = { ...request.query, field: request.outline ?? "uuid" };
  const answer = await fetchRows(
    reader,
    { ...rest, query },
    { number, size, stop, limitBytes: LARGEST_BODY_BYTES },
  );
  const rows = parseRows(answer.body, request.path).map((row) => unreadRow(row, why));
  return { number, size, answer, rows };
}
