// Asking for rows once more, with all columns: each alone where they are few, the whole page where that costs the
// server less, and, where they become many, those that changed since the last run in one list.

import { AnswerError, RetryLaterError } from "../errors.ts";
import { isTable } from "../json.ts";
import type { Job } from "../run/job.ts";
import { type ListPart, PAGE_SIZE } from "../waldur/pages.ts";
import { fetchListedRow, fetchPageAgain } from "../waldur/resource-rows.ts";
import type { Query } from "../waldur/send.ts";
import { parseUuid } from "../waldur/wire.ts";

/**
 * What a server of 2024 takes, as measured on one of two cores: 45 to 55 ms for a resource alone with the two costly
 * columns, 1.9 to 2.1 s for 300 of a list (docs/waldur.md, "Lists").
 */
const DETAIL_MS = 50;
const LISTED_ROW_MS = 2000 / 300;

/** From so many resources that were asked for alone on, a list of what changed since the last run is tried. */
const ALONE_BEFORE_LIST = 10;

export type CostlyRows = {
  /** A try of the list begins. */
  begin(): void;
  /** Replaces the wanted ones of these rows by rows of one answer each. */
  fetchAgain(rows: unknown[], wanted: readonly number[], part: ListPart): Promise<void>;
};

type Asking = {
  job: Job;
  query: Query;
  fields: readonly string[];
  /** When the memory was written, in seconds; null where there is none. */
  since: number | null;
};

export function createCostlyRows({ job, query, fields, since }: Asking): CostlyRows {
  const { reader } = job;
  /** What changed since the last run; null until it is asked for. */
  let recent: ReadonlyMap<string, unknown> | null = null;
  let alone = 0;
  const isRecent = (listed: unknown, row: unknown) =>
    isTable(listed) && isTable(row) && listed.modified !== undefined && listed.modified === row.modified;
  const learnRecent = async (): Promise<void> => {
    if (since === null || recent !== null || alone < ALONE_BEFORE_LIST) return;
    recent = await fetchRecent(job, { ...query, field: fields }, since);
  };
  /** Removes from `left` those that the page has now. */
  const takeFromPage = async (rows: unknown[], left: number[], part: ListPart): Promise<void> => {
    const again = await fetchPageAgain(reader, { ...query, field: fields }, part);
    for (const n of left.splice(0)) {
      const listed = again.get(parseUuid(rows[n], "a resource"));
      if (listed === undefined) left.push(n);
      else rows[n] = listed;
    }
  };
  return {
    begin() {
      recent = null;
      alone = 0;
    },
    async fetchAgain(rows, wanted, part) {
      const left: number[] = [];
      for (const n of wanted) {
        const listed = recent?.get(parseUuid(rows[n], "a resource"));
        if (isRecent(listed, rows[n])) rows[n] = listed;
        else left.push(n);
      }
      if (left.length * DETAIL_MS > rows.length * LISTED_ROW_MS) await takeFromPage(rows, left, part);
      alone += left.length;
      try {
        await inParallel(left, job.config.settings.parallelRequests, async (n) => {
          rows[n] = await fetchListedRow(reader, parseUuid(rows[n], "a resource"), fields);
        });
      } catch (error) {
        if (!isOutOfOrder(error)) throw error;
        // The list works, or this would not be asked for: one row alone that does not must not stop it.
        await takeFromPage(rows, left, part);
        if (left.length > 0) throw error;
      }
      if (part.seen < part.count) await learnRecent();
    },
  };
}

async function inParallel(
  numbers: readonly number[],
  parallel: number,
  act: (n: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < numbers.length; at += parallel)
    await Promise.all(numbers.slice(at, at + parallel).map(act));
}

/** Not answered as it should be, again and again; a server that asks for a pause is not asked more. */
function isOutOfOrder(error: unknown): error is RetryLaterError {
  return error instanceof RetryLaterError && error.code === "unavailable" && error.status !== 429;
}

const HOUR_S = 3600;

/**
 * Servers of 2024 take a day alone, which begins at their midnight; a row that is not in the list is asked for alone.
 */
async function fetchRecent(job: Job, query: Query, since: number): Promise<ReadonlyMap<string, unknown>> {
  const modified = new Date((since - HOUR_S) * 1000).toISOString().slice(0, 10);
  try {
    // It is kept, so its first page is the only one.
    return await fetchPageAgain(job.reader, { ...query, modified }, { number: 1, size: PAGE_SIZE });
  } catch (error) {
    if (!(error instanceof AnswerError || isOutOfOrder(error))) throw error;
    job.reader.note?.(`what changed since ${modified} cannot be listed (${error.message})`);
    return new Map();
  }
}
