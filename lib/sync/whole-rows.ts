// Rows of the list with all their columns, of which those that cost the server queries are read only where they may
// have changed: where a row is new, or its `modified` is not the one that came with what is remembered. The memory is
// checked against the server as it goes along (lib/memory/schedule.ts); one row that changed without moving its
// `modified`, and nothing of the memory is believed in this run (docs/contract.md, "Sync").

import { isTable } from "../json.ts";
import { openMemory } from "../memory/file.ts";
import { type RememberedRow, rememberRow, withRemembered } from "../memory/row.ts";
import { type Check, LONGEST_TRUST, planCheck, WHOLE } from "../memory/schedule.ts";
import type { Temporary } from "../output/durable.ts";
import { plural } from "../report/summary.ts";
import { addNotice, type Job } from "../run/job.ts";
import { plainStorageFields } from "../storage/form.ts";
import { type Part, ReadAgain, type Span } from "../waldur/page-source.ts";
import type { Query } from "../waldur/send.ts";
import { unreadFault } from "../waldur/wire.ts";
import { createCostlyRows } from "./costly-rows.ts";
import { unmarked } from "./findings.ts";
import { compareRows } from "./same-entry.ts";
import type { Survey } from "./survey.ts";
import { createTolerantWriter } from "./tolerant-writer.ts";

export type WholeRows = {
  /** A try of the list begins. */
  begin(): void;
  /** What the list is asked for, by the place of the rows in it. */
  fieldsOf(span: Span): readonly string[];
  /** The rows with all their columns. */
  complete(part: Part): Promise<readonly unknown[]>;
  /** The snapshot of the rows is published, or was the last one: the next run may know of them. */
  remember(): void;
  discard(): void;
};

export type WholeRowsContext = {
  job: Job;
  survey: Survey;
  directory: string;
  /** Where the list is asked for, without fields. */
  query: Query;
  /** Believes nothing. */
  isFull: boolean;
  /** A file of the state directory; null where nothing may be written. */
  createFile: (() => Temporary) | null;
};

export function createWholeRows(context: WholeRowsContext): WholeRows {
  const { job, survey, query } = context;
  const { all, free, costly } = survey.columns;
  const offering = { offering: job.config.uuid };
  const subject = { offering: job.config.uuid, apiUrl: job.config.apiUrl, columns: costly };
  const opened = context.isFull ? null : openMemory(context.directory, subject);
  const memory = opened === null || "why" in opened ? null : opened;
  const writer = createTolerantWriter(job, subject, context.createFile);
  const since = memory?.ages.writtenAt ?? null;
  const costlyRows = createCostlyRows({ job, query, fields: all, since });
  const strangersRows = createCostlyRows({ job, query, fields: survey.columns.widest, since: null });
  let isBelieved = memory !== null;
  let check: Check = WHOLE;
  let now = 0;
  let moved = 0;

  if (opened !== null && "why" in opened && opened.why !== null)
    job.log.info(
      `every column of every row is read, because what is remembered cannot be used: ${opened.why}`,
      offering,
    );

  const isWhole = ({ number, size }: Span) => check.isWhole || check.has((number - 1) * size, number * size);
  const isCurrent = ({ checkedAt }: RememberedRow) => checkedAt <= now && now - checkedAt <= LONGEST_TRUST;
  /** A row that was just read with all its columns, beside what was remembered of it. */
  const checkRow = (row: unknown, known: RememberedRow | null): void => {
    if (known === null || !isTable(row) || row.modified !== known.modified || unreadFault(row) !== null)
      return;
    const likeness = compareRows(row, withRemembered(row, known, costly), survey);
    if (likeness === "project") moved++;
    if (likeness !== "different") return;
    isBelieved = false;
    addNotice(job, unmarked(known.uuid));
    throw new ReadAgain(`resource ${known.uuid} changed without a new "modified"`);
  };
  const recall = (row: unknown): RememberedRow | null =>
    memory === null || check.isWhole || !isTable(row) ? null : memory.find(String(row.uuid));

  return {
    begin() {
      now = Math.floor(job.now().getTime() / 1000);
      check = memory !== null && isBelieved ? planCheck(memory.ages, now) : WHOLE;
      memory?.rewind();
      costlyRows.begin();
      writer.restart();
      moved = 0;
    },
    fieldsOf: (span) => (isWhole(span) ? all : free),
    async complete(part) {
      const known = part.rows.map(recall);
      const rows: unknown[] = [...part.rows];
      const isRead = rows.map(() => true);
      if (!isWhole(part)) {
        const wanted: number[] = [];
        for (const [n, row] of rows.entries()) {
          const found = known[n];
          if (!isTable(row) || unreadFault(row) !== null) continue;
          if (found && found.modified === row.modified && isCurrent(found)) {
            rows[n] = withRemembered(row, found, costly);
            isRead[n] = false;
          } else wanted.push(n);
        }
        await costlyRows.fetchAgain(rows, wanted, part);
      }
      await completeProjects(rows, part);
      // Also of projects that resources have left: what they gave there is compared.
      const before = known.flatMap((one, n) =>
        one !== null && isRead[n] === true ? [withRemembered(Object(rows[n]), one, costly)] : [],
      );
      await survey.knowGids([...rows, ...before]);
      for (const [n, row] of rows.entries()) {
        if (isRead[n] === true) checkRow(row, known[n] ?? null);
        writer.add(isRead[n] === true ? remembered(row) : (known[n] ?? null));
      }
      return rows;
    },
    remember() {
      if (moved > 0)
        job.log.info(`${plural(moved, "resource")} in another project than remembered`, offering);
      writer.publish({ writtenAt: now, owed: check.owed });
    },
    discard() {
      writer.discard();
      memory?.close();
    },
  };

  function remembered(row: unknown): RememberedRow | null {
    if (!isTable(row) || unreadFault(row) !== null) return null;
    const attributes = plainStorageFields(row.attributes);
    return attributes === undefined ? null : rememberRow({ ...row, attributes }, costly, now);
  }

  /** Rows of projects that the list of projects lacks are asked for the names themselves, where rows have them. */
  async function completeProjects(rows: unknown[], part: Part): Promise<void> {
    const strangers = await survey.strangersAmong(rows);
    if (strangers.length > 0) await strangersRows.fetchAgain(rows, strangers, part);
  }
}
