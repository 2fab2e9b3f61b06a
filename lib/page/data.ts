// What the page carries for the browser: the columns of its resources, and what the state knows of runs, orders and
// problems. Types alone, which both sides share.

import type { ProblemStatus, RunStatus } from "../status/report.ts";

/** Bits of the column `change`: what became of a resource since the previous snapshot. */
export const CHANGE = { new: 1, gone: 2, quotas: 4, path: 8, status: 16, permission: 32, gid: 64 } as const;

/** Names and numbers by row. Names are those of a list: equal ones are there once. */
export type Columns = {
  /** 32 hex digits for each row, joined. */
  uuid: string;
  folder: number[];
  leaf: string[];
  project: number[];
  system: number[];
  status: number[];
  type: number[];
  permission: number[];
  gid: number[];
  change: number[];
  /** Space in TB, inodes as a number; null where there is no such quota. */
  softSpace: (number | null)[];
  hardSpace: (number | null)[];
  softInodes: (number | null)[];
  hardInodes: (number | null)[];
};

/** Row, its project and system, soft and hard space, soft and hard inodes: as in the previous snapshot. */
export type Before = [number, number, number, ...(number | null)[]];

export type Named = { name: string; key: string };

export type SnapshotFacts = {
  offering: string;
  file: string;
  date: string | null;
  entries: number;
  /** Entries that are not shown: without the uuid of a resource, of an unknown target, or for one that was there. */
  passedOver: number;
  /** null where there is none to compare with. */
  before: { file: string; date: string | null } | null;
  /** Why the one before could not be read. */
  note: string | null;
};

export type OrderFacts = {
  uuid: string;
  type: string;
  /** The state that it ended in; null while it is open. */
  ended: string | null;
  /** When its file got its name, and for what ended when it did. */
  since: string | null;
  resource: string | null;
  /** Of the resource in the columns; null where no snapshot has it. */
  row: number | null;
  path: string | null;
  file: string | null;
  /** Why it is not through, of an open one. */
  waits: { for: string; detail: string } | null;
};

export type OfferingFacts = {
  uuid: string;
  name: string;
  runs: Pick<RunStatus, "mode" | "lastGood" | "isLate" | "failed">[];
  orders: OrderFacts[];
  problems: ProblemStatus[];
};

export type PageData = {
  version: 1;
  program: string;
  /** When the page was made. */
  at: string;
  offerings: OfferingFacts[];
  snapshots: SnapshotFacts[];
  tenants: Named[];
  projects: (Named & { tenant: number })[];
  systems: Named[];
  folders: string[];
  /** What `status`, `type`, `permission` and `gid` are numbers of. */
  values: (string | number | boolean | null)[];
  before: Before[];
  rows: Columns;
};
