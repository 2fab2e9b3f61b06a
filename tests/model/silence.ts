// What runs of `sync` must make of rows that changed behind `modified`, beside what their snapshots may hold
// (permitted.ts): whoever was published as it was before, and is right again, is reported; nobody else is; and rows
// that a run remembers are asked for once (docs/contract.md, "Sync").

import { EXIT } from "../../lib/errors.ts";
import type { Report } from "../../lib/report/report.ts";
import type { SimResource } from "../../lib/simulator/model.ts";
import type { Arrival, Ran } from "../stage.ts";
import { type Entry, fits, projectIn, valuesOfResource } from "./expected.ts";
import type { Run } from "./history.ts";
import { listedRows } from "./permitted.ts";
import type { Late } from "./remembered.ts";
import type { Site } from "./site.ts";

export function isFullRun({ runs }: Run): boolean {
  return runs.some((line) => line.includes("--full"));
}

/** A row that a run may still take for another one. */
export type Unseen = { row: SimResource; older: readonly SimResource[] };

export function unseenRows(site: Site): Unseen[] {
  return listedRows(site)
    .map((row) => ({ row, older: site.seen.remembered.olderOf(row, site.seen.now) }))
    .filter(({ older }) => older.length > 0);
}

/** Whom reports name: none that never changed silently. */
export function complaintsOfNotices(site: Site, ended: readonly Ran[]): string[] {
  return ended
    .flatMap(noticedIn)
    .filter((resource) => !site.seen.remembered.wasSilent(resource))
    .map((resource) => `SILENCE: ${resource} is reported to have changed silently, and never did`);
}

/** Resources that the report says to have changed without a new `modified`. */
export function noticedIn({ stdout }: Ran): string[] {
  const { notices = [] } = reportIn(stdout);
  return notices.flatMap(({ code, resource }) => (code === "modified-unmoved" ? [resource ?? ""] : []));
}

function reportIn(stdout: string): Partial<Report> {
  try {
    return JSON.parse(stdout);
  } catch {
    // It was killed, or says so in another complaint.
    return {};
  }
}

type Asked = Pick<Arrival, "path" | "query">;

/** What is known before a run of `sync` without a fault, and after it. */
export type CalmSync = {
  unseen: readonly Unseen[];
  ran: Ran;
  requests: readonly Asked[];
  /** Of the snapshot that it published; null where it published none. */
  entries: readonly Entry[] | null;
};

export function complaintsOfCalmSync(site: Site, run: Run, calm: CalmSync): string[] {
  const { silence } = site.seen;
  const { unseen, entries } = calm;
  const isFull = isFullRun(run);
  const complaints = isFull
    ? []
    : [...complaintsOfReport(site, calm), ...complaintsOfAsking(site, calm.requests)];
  noteOutcomes(site, calm, isFull);
  const isThrough = calm.ran.code === EXIT.ok || calm.ran.code === EXIT.problems;
  const isKept = reportIn(calm.ran.stdout).offerings?.some(({ outcome }) => outcome !== "skipped") === true;
  for (const { row } of unseen.filter((one) => isSeen(entries ?? [], one))) site.seen.remembered.settle(row);
  silence.late = entries === null ? new Map() : lateIn(entries, unseen);
  const rows = listedRows(site).map(({ uuid, modified }) => [uuid, modified] as const);
  silence.settled = isThrough && isKept ? new Map(rows) : null;
  return complaints;
}

/** Its entry can only come from the row as it is now. */
function isSeen(entries: readonly Entry[], { row, older }: Unseen): boolean {
  const entry = entries.find(({ id }) => id === row.uuid);
  const isOf = (one: SimResource) => {
    const values = valuesOfResource(one);
    return entry !== undefined && values !== null && fits(entry, values) && entry.project === projectIn(one);
  };
  return isOf(row) && !older.some(isOf);
}

/** Entries that are as the row was, in what can only come from its attributes. */
function lateIn(entries: readonly Entry[], unseen: readonly Unseen[]): Map<string, Late> {
  return new Map(
    unseen.flatMap(({ row, older }) => {
      const { uuid, modified } = row;
      const permission = entries.find(({ id }) => id === uuid)?.permission ?? "";
      const isOld = older.some((one) => valuesOfResource(one)?.permission === permission);
      const isLate =
        isOld && valuesOfResource(row) !== null && valuesOfResource(row)?.permission !== permission;
      return isLate ? [[uuid, { modified, permission }] as const] : [];
    }),
  );
}

/** Whoever was late in the last snapshot, and is not in this one, was found out; the first one is reported. */
function complaintsOfReport(site: Site, { ran, entries }: CalmSync): string[] {
  if (entries === null || noticedIn(ran).length > 0) return [];
  return [...site.seen.silence.late].flatMap(([uuid, { modified, permission }]) => {
    const row = listedRows(site).find((one) => one.uuid === uuid);
    const entry = entries.find(({ id }) => id === uuid);
    const isFound = entry !== undefined && entry.permission !== permission && row?.modified === modified;
    return isFound ? [`SILENCE: ${uuid} changed silently, was found out, and is not reported`] : [];
  });
}

const COSTLY = "field=attributes";

function isLean(query: string): boolean {
  return query.includes("field=modified") && !query.includes(COSTLY);
}

/** Where each row is remembered, each page is asked for once in a try: with all columns, or without the costly ones. */
function complaintsOfAsking(site: Site, requests: readonly Asked[]): string[] {
  if (!isSettled(site)) return [];
  const ofRows = requests.filter(({ path }) => path.startsWith("marketplace-provider-resources/"));
  const pages = new Set<string>();
  let isLean = false;
  return ofRows.flatMap(({ path, query }) => {
    const [, page = ""] = /(?:^|&)page=(\d+)/.exec(query) ?? [];
    const isCostly = query.includes(COSTLY);
    if (query.includes("state=Terminated")) {
      isLean = false;
      pages.clear();
    } else if (page !== "" && query.includes("field=modified") && !pages.has(page)) {
      isLean ||= !isCostly;
      pages.add(page);
    } else if (isLean && isCostly)
      return [`SILENCE: ${path} is asked for costly columns once more, though each row is remembered`];
    return [];
  });
}

/** Each row is remembered as it is, and on the page where it was: pages have ages, not rows. */
function isSettled(site: Site): boolean {
  const { settled } = site.seen.silence;
  const rows = listedRows(site);
  if (settled === null || rows.some((row) => settled.get(row.uuid) !== row.modified)) return false;
  return site.setup.pageSize === null || settled.size === rows.length;
}

function noteOutcomes({ seen }: Site, { unseen, ran, requests, entries }: CalmSync, isFull: boolean): void {
  const isNoticed = noticedIn(ran).length > 0;
  const isByPage = requests.some(({ query }) => query.includes("&page=") && isLean(query));
  if (isNoticed && isByPage) seen.outcomes.add("a run finds a silent change by the page");
  if (isNoticed) seen.outcomes.add("a run finds a silent change");
  if (isNoticed && unseen.length > 1) seen.outcomes.add("a run finds one of several silent changes");
  if (entries === null || unseen.length === 0) return;
  const isLate = lateIn(entries, unseen).size > 0 || isInOldProject(entries, unseen);
  if (isLate) seen.outcomes.add("a silent change is published late");
  if (isFull) seen.outcomes.add("--full reads what changed silently");
}

function isInOldProject(entries: readonly Entry[], unseen: readonly Unseen[]): boolean {
  return unseen.some(({ row, older }) => {
    const project = entries.find(({ id }) => id === row.uuid)?.project ?? "";
    return project !== projectIn(row) && older.some((one) => projectIn(one) === project);
  });
}

export const SILENT_SCENES = [
  "a silent change is published late",
  "a run finds a silent change",
  "a run finds a silent change by the page",
  "a run finds one of several silent changes",
  "--full reads what changed silently",
];
