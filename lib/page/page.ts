// What the page shows, gathered: resources of the newest snapshots with what changed since the ones before, and what
// the state knows of runs, orders and problems. Sends no requests to Waldur.

import type { OfferingConfig } from "../config/config.ts";
import { createValues, type Values } from "../documents/entries.ts";
import { readDocument } from "../documents/read.ts";
import { AppError, DocumentError } from "../errors.ts";
import { tableOf } from "../json.ts";
import { uuidKey } from "../key-set.ts";
import { snapshotsNewestFirst } from "../output/files.ts";
import type { ProblemStatus, Status } from "../status/report.ts";
import { statusOf } from "../status/status.ts";
import { type Comparison, compareRows } from "./changes.ts";
import type { OfferingFacts, OrderFacts, SnapshotFacts } from "./data.ts";
import { createNames, type Names, shorten } from "./names.ts";
import { recentOrders } from "./recent.ts";
import { createRows, type Rows } from "./rows.ts";

export type Page = {
  program: string;
  at: string;
  offerings: OfferingFacts[];
  snapshots: SnapshotFacts[];
  names: Names;
  values: Values;
  /** One for each output directory with a snapshot; the rows of the page are theirs, one after the other. */
  parts: Comparison[];
};

export type PageOptions = { offerings: readonly OfferingConfig[]; version: string; now: Date };

/**
 * @throws DocumentError for a newest snapshot that is not whole, UsageError for one that cannot be read. The one before
 * is ignored then, and the page says so.
 */
export async function collectPage(options: PageOptions): Promise<Page> {
  const names = createNames();
  const values = createValues();
  const directories = new Set(options.offerings.map(({ settings }) => settings.outputDirectory));
  const snapshots: SnapshotFacts[] = [];
  const parts: Comparison[] = [];
  for (const directory of directories) {
    const read = readPair(directory, { names, values });
    if (read === null) continue;
    snapshots.push(read.facts);
    parts.push(read.part);
  }
  const status = await statusOf({ ...options, readerFor: null, isPassive: async () => false });
  const rowOf = rowFinder(parts);
  return {
    ...{ program: options.version, at: options.now.toISOString(), snapshots, names, values, parts },
    offerings: status.offerings.map((offering) => offeringFacts(offering, { now: options.now, rowOf })),
  };
}

type Lists = { names: Names; values: Values };

function readPair(directory: string, lists: Lists): { facts: SnapshotFacts; part: Comparison } | null {
  const [newest, before] = snapshotsNewestFirst(directory);
  if (newest === undefined) return null;
  const old = before === undefined ? null : readBefore(before, lists);
  const next = readRows(newest, lists);
  const { offering, date, rows } = next;
  const comparedWith = old !== null && "rows" in old ? old : null;
  return {
    facts: {
      ...{ offering, date, file: nameOf(newest), entries: rows.size, passedOver: rows.passedOver },
      before: comparedWith === null ? null : { file: nameOf(before ?? ""), date: comparedWith.date },
      note: old !== null && "note" in old ? old.note : null,
    },
    part: compareRows(rows, comparedWith?.rows ?? null),
  };
}

type ReadRows = { rows: Rows; offering: string; date: string | null };

/** Retention may have removed it, or a full disk truncated it: the page says so, and shows the rest. */
function readBefore(path: string, lists: Lists): ReadRows | { note: string } {
  try {
    return readRows(path, lists);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { note: `nothing to compare with: ${error.message.replaceAll(path, nameOf(path))}` };
  }
}

function readRows(path: string, { names, values }: Lists): ReadRows {
  const rows = createRows(names, values);
  const document = readDocument(path);
  for (const { value } of document.entries) rows.add(value);
  const frame = tableOf(document.frame());
  if (!Array.isArray(tableOf(frame.result).storageResources)) {
    throw new DocumentError(`${path} is not a document of storage resources`, {
      entry: 0,
      hint: "it is named like a snapshot: move it away, or run sync again",
    });
  }
  const meta = tableOf(frame.meta);
  const { uuid } = tableOf(meta.offering);
  return {
    rows,
    offering: typeof uuid === "string" ? uuid : "",
    date: typeof meta.date === "string" ? meta.date : null,
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The number of a resource's row on the page, those that are gone too. */
function rowFinder(parts: readonly Comparison[]): (resource: string) => number | null {
  return (resource) => {
    let first = 0;
    for (const { rows, old, gone, changes } of parts) {
      const key = uuidKey(resource);
      const row = rows.find(key);
      if (row >= 0) return first + row;
      const goneAt = old === null ? -1 : gone.indexOf(old.find(key));
      if (goneAt >= 0) return first + rows.size + goneAt;
      first += changes.length;
    }
    return null;
  };
}

type Around = { now: Date; rowOf: (resource: string) => number | null };

function offeringFacts(status: Status["offerings"][number], { now, rowOf }: Around): OfferingFacts {
  const { uuid, name, directory, runs, orders, problems } = status;
  const withRow = <Facts extends Pick<OrderFacts, "resource">>(facts: Facts) => ({
    ...facts,
    row: facts.resource === null ? null : rowOf(facts.resource),
  });
  const open = orders.map(({ state: _state, resourceName: _name, project: _project, ...order }) => ({
    ...order,
    ended: null,
  }));
  return {
    ...{ uuid, name },
    runs: runs.map(({ mode, lastGood, isLate, failed }) => ({ mode, lastGood, isLate, failed })),
    orders: [...open, ...recentOrders(directory, { offering: uuid, now })].map(withRow),
    problems: problems.map(shortProblem),
  };
}

const LONGEST_MESSAGE = 2000;

function shortProblem(problem: ProblemStatus): ProblemStatus {
  const { message, resourceName, project } = problem;
  return {
    ...problem,
    message: shorten(message, LONGEST_MESSAGE),
    resourceName: resourceName === null ? null : shorten(resourceName),
    project: project === null ? null : shorten(project),
  };
}
