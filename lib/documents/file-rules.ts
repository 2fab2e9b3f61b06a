// What the name of a published file, its head and its entries have to do with each other: a file of an order has the
// entry of that order and its name, a snapshot has neither (docs/contract.md, "The document").

import { isTable } from "../json.ts";
import { isSnapshotName, parseOrderFileName } from "../output/names.ts";
import type { Fault } from "./finding.ts";

/** What of an entry the kind of its file decides. */
export type EntryFacts = {
  number: number;
  status: unknown;
  hasPermission: boolean;
  /** It has quotas of before and after a change. */
  isChange: boolean;
  /** The quotas after the change are those of the entry. */
  isConsistent: boolean;
  /** Something that only the file of an order may have. */
  isOfOrder: boolean;
};

export function factsOf(entry: Readonly<Record<string, unknown>>, number: number): EntryFacts {
  const { status, permission, quotas, newQuotas } = entry;
  const [hasOld, hasNew] = [Object.hasOwn(entry, "oldQuotas"), Object.hasOwn(entry, "newQuotas")];
  const hasPermission = permission !== null;
  return {
    ...{ number, status, hasPermission },
    isChange: hasOld && hasNew,
    isConsistent: !hasNew || JSON.stringify(newQuotas) === JSON.stringify(quotas),
    isOfOrder: hasOld || hasNew || !hasPermission,
  };
}

export type Seen = {
  /** Of entries. */
  count: number;
  /** The first entry, and the first ones with something that only the file of an order may have. */
  facts: readonly EntryFacts[];
};

/** @param name of the file, without its directory */
export function* rulesOfFile(name: string, frame: unknown, { count, facts }: Seen): Generator<Fault> {
  const meta = isTable(frame) && isTable(frame.meta) ? frame.meta : {};
  const order = isTable(meta.order) ? meta.order : null;
  yield* rulesOfName(name, meta, order);
  if (order === null) {
    for (const { number, isOfOrder } of facts) {
      if (!isOfOrder) continue;
      const message = "has what only an order file may have: no permission, oldQuotas or newQuotas";
      yield { code: "order", entry: number, field: "", message };
      return;
    }
    return;
  }
  if (count !== 1)
    yield { code: "order", entry: null, field: "result.storageResources", message: onlyOne(count) };
  yield* rulesOfOrder(order.type, facts);
}

function onlyOne(count: number): string {
  return `has ${count} entries, but an order file has one`;
}

const STATUS_OF: ReadonlyMap<unknown, string> = new Map([
  ["create", "pending"],
  ["update", "updating"],
  ["terminate", "removing"],
]);

function* rulesOfOrder(type: unknown, [first]: readonly EntryFacts[]): Generator<Fault> {
  const status = STATUS_OF.get(type);
  if (first === undefined || status === undefined) return;
  const of = (field: string, message: string): Fault => ({
    code: "order",
    entry: first.number,
    field,
    message,
  });
  if (first.status !== status)
    yield of("status", `is ${JSON.stringify(first.status)}, but that of a ${type} order is ${status}`);
  if (!first.hasPermission && type !== "terminate")
    yield of("permission", "is null, which is allowed only in the file of a terminate order");
  const isUpdate = type === "update";
  if (isUpdate && !first.isChange) yield of("", "lacks the oldQuotas and newQuotas of an update");
  if (isUpdate && !first.isConsistent) yield of("newQuotas", "differ from quotas");
  if (!isUpdate && first.isChange) yield of("", `has oldQuotas and newQuotas, which a ${type} does not have`);
}

type Table = Readonly<Record<string, unknown>>;

function* rulesOfName(name: string, meta: Table, order: Table | null): Generator<Fault> {
  const fault = (field: string, message: string): Fault => ({ code: "name", entry: null, field, message });
  const parts = parseOrderFileName(name);
  const minute = minuteOf(meta.date);
  if (parts !== null) {
    if (order === null) {
      yield fault("meta.order", "is missing, but the file is named like an order file");
      return;
    }
    if (order.type !== parts.type)
      yield fault(
        "meta.order.type",
        `is ${JSON.stringify(order.type)}, but ${parts.type} in the name of the file`,
      );
    if (order.uuid !== parts.uuid)
      yield fault(
        "meta.order.uuid",
        `is ${JSON.stringify(order.uuid)}, but ${parts.uuid} in the name of the file`,
      );
    // The name has the minute of the claim, the date is that of the text; a clock that was set back makes it a warning.
    if (minute !== null && minute < parts.stamp)
      yield {
        ...fault("meta.date", `is earlier than ${parts.stamp}, in the name of the file`),
        level: "warning",
      };
  } else if (isSnapshotName(name) || name === LATEST) {
    if (order !== null) yield fault("meta.order", "is there, but the file is named like a snapshot");
    const stamp = name.slice(0, STAMP_LENGTH);
    if (name !== LATEST && minute !== null && minute !== stamp)
      yield fault("meta.date", `is not of the minute ${stamp}, in the name of the file`);
  }
}

const LATEST = "latest-all.json";
const STAMP_LENGTH = "2026-01-31-23-59".length;

/** As names have it; null for what is not a date. */
function minuteOf(date: unknown): string | null {
  if (typeof date !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(date)) return null;
  return date.slice(0, STAMP_LENGTH).replace(/[T:]/g, "-");
}
