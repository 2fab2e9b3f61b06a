// Asking for some rows of a page once more, with other columns: each alone where they are few, the whole page where that
// costs the server less.

import type { Job } from "../run/job.ts";
import type { Part } from "../waldur/page-source.ts";
import { fetchListedRow, fetchPageAgain } from "../waldur/resource-rows.ts";
import type { Query } from "../waldur/send.ts";
import { parseUuid } from "../waldur/wire.ts";

/**
 * What a server of 2024 takes, as measured on one of two cores: 45 to 55 ms for a resource alone with the two costly
 * columns, 1.9 to 2.1 s for 300 of a list (docs/waldur.md, "Lists").
 */
const DETAIL_MS = 50;
const LISTED_ROW_MS = 2000 / 300;

type Asking = { job: Job; query: Query; part: Part; fields: readonly string[] };

/** Replaces the wanted ones of these rows by rows of one answer each. */
export async function fetchRowsAgain(
  rows: unknown[],
  wanted: readonly number[],
  asking: Asking,
): Promise<void> {
  const { job, query, part, fields } = asking;
  if (wanted.length === 0) return;
  const isByPage = wanted.length * DETAIL_MS > rows.length * LISTED_ROW_MS;
  const listed = isByPage
    ? await fetchPageAgain(job.reader, { ...query, field: fields }, part)
    : new Map<string, unknown>();
  const { parallelRequests } = job.config.settings;
  for (let at = 0; at < wanted.length; at += parallelRequests) {
    const some = wanted.slice(at, at + parallelRequests);
    await Promise.all(
      some.map(async (n) => {
        const uuid = parseUuid(rows[n], "a resource");
        rows[n] = listed.get(uuid) ?? (await fetchListedRow(job.reader, uuid, fields));
      }),
    );
  }
}
