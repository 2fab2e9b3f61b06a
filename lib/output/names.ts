// The names of the published files. Nothing from a server enters a name but an order type from a fixed list and a
// checked uuid (docs/contract.md, "Publishing"); anything else is a bug of the caller, so these errors are plain ones.

import type { OrderType } from "../storage/document.ts";
import { isPlainUuid } from "../uuid.ts";

export type OrderFileParts = { stamp: string; type: OrderType; uuid: string };

export const ORDER_TYPES: readonly OrderType[] = ["create", "update", "terminate"];
const STAMP = /^\d{4}-\d{2}-\d{2}-\d{2}-\d{2}$/;
const SNAPSHOT_NAME = /^\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-all\.json$/;
const ORDER_FILE_NAME = /^(\d{4}-\d{2}-\d{2}-\d{2}-\d{2})-([a-z]+)_([0-9a-f]{32})\.json$/;

/** The minute as file names carry it, `2026-11-25-07-49`; a null timezone means the one of the process. */
export function minuteStamp(at: Date, timezone: string | null): string {
  const { year, month, day, hour, minute } = clockParts(at, timezone);
  return `${year}-${month}-${day}-${hour}-${minute}`;
}

/** RFC 3339 in whole seconds with the offset of the zone, `+00:00` for UTC. */
export function dateWithOffset(at: Date, timezone: string | null): string {
  const { year, month, day, hour, minute, second, offset } = clockParts(at, timezone);
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
}

/** `2026-11-25-07-49-all.json` */
export function snapshotName(stamp: string): string {
  return `${checkedStamp(stamp)}-all.json`;
}

/**
 * `2026-11-25-07-49-create_{uuid}.json`
 * @throws Error when the type is not one of ours or the uuid is not 32 lower case hex digits
 */
export function orderFileName(stamp: string, type: string, uuid: string): string {
  if (findOrderType(type) === null) throw new Error(`no order type for a file name: ${JSON.stringify(type)}`);
  return `${checkedStamp(stamp)}-${type}_${checkedUuid(uuid)}.json`;
}

/** Whether a name is one that `snapshotName` gives. */
export function isSnapshotName(name: string): boolean {
  return SNAPSHOT_NAME.test(name);
}

/** What an order file's name says; null for every other name. */
export function parseOrderFileName(name: string): OrderFileParts | null {
  const [, stamp, word, uuid] = ORDER_FILE_NAME.exec(name) ?? [];
  const type = findOrderType(word ?? "");
  if (stamp === undefined || type === null || uuid === undefined) return null;
  return { stamp, type, uuid };
}

function findOrderType(word: string): OrderType | null {
  return ORDER_TYPES.find((type) => type === word) ?? null;
}

/** The uuid itself; throws a plain Error when it must not enter a file name. */
export function checkedUuid(uuid: string): string {
  if (!isPlainUuid(uuid)) throw new Error(`no uuid for a file name: ${JSON.stringify(uuid)}`);
  return uuid;
}

function checkedStamp(stamp: string): string {
  if (!STAMP.test(stamp)) throw new Error(`no minute for a file name: ${JSON.stringify(stamp)}`);
  return stamp;
}

type ClockParts = Record<"year" | "month" | "day" | "hour" | "minute" | "second" | "offset", string>;

/** `Intl` takes 10 ms to make a format, so it is asked only about zones that `Date` does not know. */
function clockParts(at: Date, timezone: string | null): ClockParts {
  if (timezone === "UTC") return partsAtOffset(at, 0);
  return timezone === null ? partsAtOffset(at, -at.getTimezoneOffset()) : partsInZone(at, timezone);
}

function partsAtOffset(at: Date, offsetMinutes: number): ClockParts {
  const shifted = new Date(at.getTime() + offsetMinutes * 60_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const distance = Math.abs(offsetMinutes);
  return {
    year: String(shifted.getUTCFullYear()).padStart(4, "0"),
    month: two(shifted.getUTCMonth() + 1),
    day: two(shifted.getUTCDate()),
    hour: two(shifted.getUTCHours()),
    minute: two(shifted.getUTCMinutes()),
    second: two(shifted.getUTCSeconds()),
    offset: `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(distance / 60))}:${two(distance % 60)}`,
  };
}

function partsInZone(at: Date, timezone: string): ClockParts {
  const found = new Map(
    clockFormat(timezone)
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? "";
  return {
    year: part("year").padStart(4, "0"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
    offset: part("timeZoneName").replace("GMT", ""),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function clockFormat(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longOffset",
  });
  formats.set(timezone, format);
  return format;
}
