// Rows of the list with all their columns, of which those that cost the server queries are read only where they may
// have changed: where a row is new, or its `modified` is not the one that came with what is remembered. The memory is
// checked against the server as it goes along (lib/memory/schedule.ts); one row that changed without moving its
// `modified`, and nothing of the memory is used in this run (docs/contract.md, "Sync").

import { isTable } from "../json.ts";
import { type Memory, type MemorySubject, openMemory } from "../memory/file.ts";
import { type RememberedRow, rememberRow, withRemembered } from "../memory/row.ts";
import { type Check, LONGEST_TRUST, planCheck, WHOLE } from "../memory/schedule.ts";
import type { Temporary } from "../output/durable.ts";
import { plural } from "../report/summary.ts";
import { addNotice, type Job } from "../run/job.ts";
import { plainStorageFields } from "../storage/form.ts";
import { ReadAgain, type Span } from "../waldur/page-source.ts";
import type { ListPart } from "../waldur/pages.ts";
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
  complete(part: ListPart): Promise<readonly unknown[]>;
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
  /** Uses nothing that is remembered. */
  isFull: boolean;
  /** A file of the state directory; null where nothing may be written. */
  createFile: (() => Temporary) | null;
};

type Row = Readonly<Record<string, unknown>>;

export function createWholeRows(context: WholeRowsContext): WholeRows {
  const { job, survey, query } = context;
  const { all, free, costly, widest } = survey.columns;
  const subject = { offering: job.config.uuid, apiUrl: job.config.apiUrl, columns: costly };
  const memory = context.isFull ? null : openOrReport(context, subject);
  const writer = createTolerantWriter(job, subject, context.createFile);
  const since = memory?.ages.writtenAt ?? null;
  const costlyRows = createCostlyRows({ job, query, fields: all, since });
  const foreignRows = createCostlyRows({ job, query, fields: widest, since: null });
  let isUsable = memory !== null;
  let check: Check = WHOLE;
  let now = 0;
  let moved = 0;

  const isWhole = ({ number, size }: Span) => check.isWhole || check.has((number - 1) * size, number * size);
  const recall = (row: unknown): RememberedRow | null =>
    memory === null || !isUsable || !isTable(row) ? null : memory.find(String(row.uuid));
  const isCurrent = ({ modified, checkedAt }: RememberedRow, row: Row) =>
    modified === row.modified && checkedAt <= now && now - checkedAt <= LONGEST_TRUST;

  /** Puts what is remembered into the rows, and reads the others anew; whether each is as the server gave it now. */
  const fill = async (rows: unknown[], known: readonly (RememberedRow | null)[], part: ListPart) => {
    const isRead = rows.map(() => true);
    const wanted: number[] = [];
    for (const [n, row] of rows.entries()) {
      const found = known[n];
      if (!isTable(row) || unreadFault(row) !== null) continue;
      if (found && isCurrent(found, row)) {
        rows[n] = withRemembered(row, found, costly);
        isRead[n] = false;
      } else wanted.push(n);
    }
    await costlyRows.fetchAgain(rows, wanted, part);
    return isRead;
  };
  /** Rows of projects that the list of projects lacks are asked for the names themselves, where rows have them. */
  const completeProjects = async (rows: unknown[], part: ListPart): Promise<void> => {
    const foreign = await survey.rowsWithoutNames(rows);
    if (foreign.length > 0) await foreignRows.fetchAgain(rows, foreign, part);
  };
  const checkRow = (row: Row, before: Row): void => {
    if (!isUsable) return;
    const likeness = compareRows(row, before, survey);
    if (likeness === "project") moved++;
    if (likeness !== "different") return;
    isUsable = false;
    addNotice(job, unmarked(String(before.uuid)));
    // Where everything is read anyway, nothing wrong was taken from the memory.
    if (!check.isWhole)
      throw new ReadAgain(`resource ${String(before.uuid)} changed without a new "modified"`);
  };
  const toRemember = (row: unknown): RememberedRow | null => {
    if (!isTable(row) || unreadFault(row) !== null) return null;
    const attributes = plainStorageFields(row.attributes);
    return attributes === undefined ? null : rememberRow({ ...row, attributes }, costly, now);
  };

  return {
    begin() {
      now = Math.floor(job.now().getTime() / 1000);
      check = memory !== null && isUsable ? planCheck(memory.ages, now) : WHOLE;
      memory?.rewind();
      costlyRows.begin();
      writer.restart();
      moved = 0;
    },
    fieldsOf: (span) => (isWhole(span) ? all : free),
    async complete(part) {
      const known = part.rows.map(recall);
      const rows = [...part.rows];
      const isRead = isWhole(part) ? null : await fill(rows, known, part);
      await completeProjects(rows, part);
      const pairs: [row: Row, before: Row][] = [];
      for (const [n, row] of rows.entries()) {
        const found = known[n];
        if (!found || isRead?.[n] === false || !isTable(row) || row.modified !== found.modified) continue;
        if (unreadFault(row) === null) pairs.push([row, withRemembered(row, found, costly)]);
      }
      await survey.knowGids(rows);
      // Also of projects that resources have left: what they gave there is compared.
      await survey.knowGids(pairs.map(([, before]) => before));
      for (const [row, before] of pairs) checkRow(row, before);
      const remembered = rows.map((row, n) => (isRead?.[n] === false ? (known[n] ?? null) : toRemember(row)));
      writer.add(remembered, part.pageSize);
      return rows;
    },
    remember() {
      if (moved > 0)
        job.log.info(`${plural(moved, "resource")} in another project than cached`, {
          offering: job.config.uuid,
        });
      writer.publish({ writtenAt: now, owed: check.owed });
    },
    discard() {
      writer.discard();
      memory?.close();
    },
  };
}

function openOrReport({ job, directory }: WholeRowsContext, subject: MemorySubject): Memory | null {
  const opened = openMemory(directory, subject);
  if (!("why" in opened)) return opened;
  if (opened.why !== null) {
    const what = "every column of every row is read, because the row cache cannot be used";
    job.log.info(`${what}: ${opened.why}`, { offering: job.config.uuid });
  }
  return null;
}
