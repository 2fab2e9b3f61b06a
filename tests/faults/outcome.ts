// What must hold of an output directory and of Waldur after whatever befell a run. Each complaint is a sentence; no
// complaint means that there are no problems.

import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "pathe";
import { listHistory } from "../../lib/history/reader.ts";
import { parseOrderFileName } from "../../lib/output/names.ts";
import { LATEST_NAME } from "../../lib/output/retention.ts";
import { isDirectory } from "../../lib/storage/text.ts";
import type { Stage } from "../stage.ts";

const PUBLIC_NAME =
  /^(?:\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-(?:all|(?:create|update|terminate)_[0-9a-f]{32})|latest-all)\.json$/;

/** What may be in the state directory between two runs that succeeded. */
export const STATE_NAME =
  /^(?:lock-(?:sync|orders|claims)|overlap-(?:sync|orders)|snapshot\.json|acks-rejected\.json|claims|history-(?:sync|orders|claims)(?:\.1)?\.jsonl|failed-orders\.json|problems-(?:sync|orders)\.json|good-(?:sync|orders)-[0-9a-f]{32}|rows-[0-9a-f]{32}|failed-(?:sync|orders)-[0-9a-f]{32}\.json|receipts-expired|receipts\/closed\/[0-9a-f]{32}\.json)$/;

/** At any moment, be it in the middle of a run that was killed. */
export function complaintsAnyTime(stage: Stage): string[] {
  return [
    ...stage.files().flatMap((name) => complaintsOfFile(stage, name)),
    ...stage.world.orders.flatMap((order) => complaintsOfOrder(stage, order)),
    ...stage
      .requestsOf("POST")
      .filter(({ path }) => path.includes("set_state_erred") && !isFailed(stage, path.split("/").at(-3)))
      .map(({ path }) => `${path} was sent`),
  ];
}

/** The provisioner has answered that the order failed, wherever the ack is by now. */
export function isFailed(stage: Stage, order = ""): boolean {
  const acks = stage.everything().filter((path) => path.startsWith("acks/") && path.includes(`/${order}`));
  return acks.some((path) => stage.readText(path).includes('"result":"erred"'));
}

/** After a run that went to its end: every order is done, or erred as was answered, and nothing is left over. */
export function complaintsWhenDone(stage: Stage): string[] {
  const open = stage.world.orders.filter(
    ({ uuid, state }) => state !== (isFailed(stage, uuid) ? "erred" : "done"),
  );
  const leftovers = stage
    .everything()
    .filter((path) => path.startsWith("."))
    .map((path) => path.slice(path.indexOf("/") + 1))
    .filter((path) => !STATE_NAME.test(path));
  return [
    ...complaintsAnyTime(stage),
    ...open.map(({ uuid, state }) => `order ${uuid} is ${state}`),
    ...leftovers.map((path) => `${path} is left over`),
  ];
}

/** Every POST that arrived and every file that is there is in the history, whatever was killed in between. */
export function complaintsOfHistory(stage: Stage): string[] {
  const entries = listHistory([stage.out]);
  const arrived = stage.requestsOf("POST").map(({ path }) => path.split("/").at(-2) ?? "");
  const sent = entries.flatMap(({ event, call }) => (event === "sent" ? (call ?? []) : []));
  const published = entries.flatMap(({ event, file }) => (event === "published" ? (file ?? []) : []));
  const files = stage.files().filter((name) => name !== LATEST_NAME);
  return [
    ...new Set(arrived).values().flatMap((call) => {
      const lacking = countOf(arrived, call) - countOf(sent, call);
      return lacking > 0 ? [`the history lacks ${lacking} times ${call}`] : [];
    }),
    ...files
      .filter((name) => countOf(published, name) < 1)
      .map((name) => `the history lacks that ${name} was published`),
    ...published
      .filter(
        (name) =>
          parseOrderFileName(name) !== null && !(files.includes(name) && countOf(published, name) === 1),
      )
      .map((name) => `the history says that ${name} was published`),
  ];
}

function countOf(all: readonly string[], one: string): number {
  return all.filter((other) => other === one).length;
}

export function complaintsOfFile(stage: Stage, name: string): string[] {
  if (!PUBLIC_NAME.test(name)) return [`${name} is no name for readers`];
  const path = join(stage.out, name);
  if (lstatSync(path).isSymbolicLink() && !stage.files().includes(readlinkSync(path))) {
    return [`${name} leads nowhere`];
  }
  return isWhole(stage, name) ? [] : [`${name} is not whole`];
}

/** A document that ends as documents do, and parses. */
export function isWhole(stage: Stage, name: string): boolean {
  const text = readFileSync(join(stage.out, name), "utf8");
  try {
    const { status, code, result } = stage.read(name);
    return text.endsWith("\n}\n") && status === "success" && code === 200 && hasEntries(name, result);
  } catch {
    return false;
  }
}

function hasEntries(name: string, { storageResources }: { storageResources: readonly unknown[] }): boolean {
  if (parseOrderFileName(name) === null) return storageResources.length >= 0;
  return storageResources.filter((entry) => !isDirectory(entry)).length === 1;
}

function complaintsOfOrder(stage: Stage, { uuid, state }: { uuid: string; state: string }): string[] {
  const names = orderFiles(stage, uuid);
  const complaints = names.length > 1 ? [`order ${uuid} has ${names.length} files`] : [];
  if (state === "erred" && !isFailed(stage, uuid)) complaints.push(`order ${uuid} erred`);
  if (state === "done" && names.length === 0) complaints.push(`order ${uuid} is done without a file`);
  for (const name of names.filter((name) => isWhole(stage, name))) {
    const { order } = stage.read(name).meta;
    if (order?.uuid !== uuid) complaints.push(`${name} is the document of another order`);
    if (state === "pending-provider") complaints.push(`${name} is published of an order not accepted`);
  }
  return complaints;
}

/** Public names of an order's files. */
export function orderFiles(stage: Stage, uuid: string): string[] {
  return stage.files().filter((name) => parseOrderFileName(name)?.uuid === uuid);
}
