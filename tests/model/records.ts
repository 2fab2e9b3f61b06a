// What the program's history must say: every POST that arrived at the simulator and every file that was seen in the
// directory, whatever was killed in between. Only a POST that a killed run was about to send may be there without
// having arrived.

import { type HistoryEntry, listHistory } from "../../lib/history/reader.ts";
import type { Arrival } from "../stage.ts";
import { isLitter } from "./litter.ts";
import type { Site } from "./site.ts";

/** What happened since the state directory was lost last. */
export class Records {
  /** Number of the first request since then. */
  from = 0;
  kills = 0;
  /** Names of files in the order in which they came, some more than once. */
  readonly published: string[] = [];
  /** Files that others took away, before the program could look at them again. */
  readonly taken = new Set<string>();

  begin(from: number): void {
    this.from = from;
    this.kills = 0;
    this.published.length = 0;
    this.taken.clear();
  }
}

export function complaintsOfRecords(site: Site): string[] {
  const { stage, seen } = site;
  const entries = listHistory([stage.out]);
  const posts = stage.simulator.requests.slice(seen.records.from).filter(({ method }) => method === "POST");
  return [
    ...complaintsOfPosts(entries, posts, seen.records.kills),
    ...complaintsOfFiles(site, entries),
    ...complaintsOfRemovals(site, entries),
  ];
}

function complaintsOfPosts(
  entries: readonly HistoryEntry[],
  posts: readonly Arrival[],
  kills: number,
): string[] {
  const sent = entries.filter(({ event }) => event === "sent");
  const arrived = posts.map(({ path }) => nameOf(path));
  const missing = without(arrived, sent.map(sentName));
  const surplus = without(sent.map(sentName), arrived);
  const uncertain = sent.filter(({ error }) => error === "unknown").map(sentName);
  const invented = without(surplus, uncertain);
  const answers = posts.map(({ path, status }) => `${nameOf(path)} ${status}`);
  const said = sent.flatMap((entry) => (entry.status === null ? [] : [`${sentName(entry)} ${entry.status}`]));
  return [
    ...missing.map((name) => `RECORDS: ${name} was sent, and the history lacks it`),
    ...invented.map((name) => `RECORDS: the history has ${name}, which never arrived`),
    ...without(said, answers).map((answer) => `RECORDS: the history says ${answer}, and Waldur did not`),
    ...(uncertain.length > kills
      ? [`RECORDS: ${uncertain.length} POSTs without an end after ${kills} kills`]
      : []),
  ];
}

function complaintsOfFiles({ seen }: Site, entries: readonly HistoryEntry[]): string[] {
  const { published, taken } = seen.records;
  const said = namesOf(entries, "published");
  return [
    ...without(published, said)
      .filter((name) => !taken.has(name))
      .map((name) => `RECORDS: ${name} was published, and the history lacks it`),
    ...without(said, published).map((name) => `RECORDS: the history has ${name}, which was not published`),
  ];
}

/** Whoever takes a file away by hand is not the program. */
function complaintsOfRemovals({ stage, seen }: Site, entries: readonly HistoryEntry[]): string[] {
  const there = new Set(stage.files());
  const gone = new Set(
    seen.records.published.filter((name) => !there.has(name) && !seen.records.taken.has(name)),
  );
  const removed = namesOf(entries, "removed");
  const known = new Set([...seen.watched.keys()].filter((name) => !isLitter(name)));
  return [
    ...without([...gone], removed).map((name) => `RECORDS: ${name} was removed, and the history lacks it`),
    ...removed
      .filter((name) => !known.has(name))
      .map((name) => `RECORDS: the history says that ${name} was removed, which never was there`),
  ];
}

function namesOf(entries: readonly HistoryEntry[], event: HistoryEntry["event"]): string[] {
  return entries.flatMap((entry) => (entry.event === event ? (entry.file ?? []) : []));
}

/** The action and whom it is about. */
function nameOf(path: string): string {
  const [uuid, action] = path.split("/").slice(-3);
  return `${action} ${uuid}`;
}

function sentName({ call, order, resource }: HistoryEntry): string {
  return `${call} ${call === "set_backend_id" ? resource : order}`;
}

/** Of the first those that the second has not, each as often as it is missing. */
function without(first: readonly string[], second: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of second) left.set(one, (left.get(one) ?? 0) + 1);
  return first.filter((one) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count <= 0;
  });
}
