// Orders that ended lately, as far as their receipts know.

import { changedReceipts } from "../output/receipts.ts";
import { DAY_MS } from "../time.ts";
import type { OrderFacts } from "./data.ts";

const DAYS = 7;
const MOST = 500;

/** Of the last seven days, the one that ended last first. */
export function recentOrders(
  directory: string,
  { offering, now }: { offering: string; now: Date },
): Omit<OrderFacts, "row">[] {
  const since = new Date(now.getTime() - DAYS * DAY_MS);
  return changedReceipts(directory, since)
    .filter(({ receipt, open }) => !open && receipt.offering === offering)
    .reverse()
    .slice(0, MOST)
    .map(({ receipt: { order, type, resource, mountPoint, file, closedAt, ended } }) => ({
      uuid: order,
      type: `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`,
      ended: ended?.state ?? "ended",
      since: ended?.at ?? closedAt ?? null,
      ...{ resource, path: mountPoint, file, waits: null },
    }));
}
