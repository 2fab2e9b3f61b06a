// The open orders of an offering: as Waldur lists them, or, without Waldur, as far as the receipts know them.

import { type ClaimPlace, loadPlace } from "../claims/list.ts";
import type { ClaimTable } from "../claims/table.ts";
import { resourceOf } from "../orders/queue.ts";
import type { Receipt } from "../output/receipt.ts";
import { listOpenReceipts, peekFileName, peekReceipt } from "../output/receipts.ts";
import type { Reader } from "../waldur/client.ts";
import { fetchOpenOrders, isOutline, isUnreadable, type ListedOrder } from "../waldur/orders.ts";
import type { OrderStatus } from "./report.ts";
import {
  behind,
  isWithWorker,
  knownReason,
  NEXT_PASS,
  type OrderMemory,
  type Waits,
  WITH_WORKER,
} from "./waits.ts";

export type OrderContext = { place: ClaimPlace; memory: OrderMemory; now: Date };

/** As many as are worth a request each. */
const MOST_ASKED = 50;

/** Queries Waldur, by GETs only. */
export async function ordersOfWaldur(reader: Reader, context: OrderContext): Promise<OrderStatus[]> {
  const { place, memory, now } = context;
  const listed = await fetchOpenOrders(reader, place.offering.uuid);
  const table = listed.length === 0 ? null : loadPlace(place, now).table;
  const oldest = new Map<string, string>();
  const orders: OrderStatus[] = [];
  let asked = 0;
  for (const order of listed) {
    const resource = resourceOf(order);
    const older = resource === null ? undefined : oldest.get(resource);
    if (resource !== null && older === undefined) oldest.set(resource, order.uuid);
    const receipt = peekReceipt(place.directory, order.uuid)?.receipt ?? null;
    const state = "state" in order ? order.state : null;
    const known =
      older === undefined ? knownReason({ order: order.uuid, state, receipt }, memory) : behind(older);
    const mayBeWithWorker = known === null && !isUnreadable(order) && !isOutline(order) && asked < MOST_ASKED;
    if (mayBeWithWorker && order.state === "executing") asked++;
    const isAwaited = mayBeWithWorker && (await isWithWorker(order, reader, now));
    const waits = known ?? (isAwaited ? WITH_WORKER : NEXT_PASS);
    orders.push(orderStatus(order, { receipt, table, waits, directory: place.directory }));
  }
  return orders;
}

type Around = { receipt: Receipt | null; table: ClaimTable | null; waits: Waits; directory: string };

function orderStatus(order: ListedOrder, { receipt, table, waits, directory }: Around): OrderStatus {
  const resource = resourceOf(order);
  const isWhole = "resourceName" in order;
  const type = "type" in order ? order.type : "unknown";
  return {
    uuid: order.uuid,
    type,
    state: "state" in order ? order.state : null,
    since: isWhole ? order.created : null,
    resource,
    resourceName: isWhole ? order.resourceName || null : null,
    project: isWhole ? order.project.name || null : null,
    path: receipt?.mountPoint ?? presentPath(table, resource),
    file: receipt?.file ?? fileOf(order.uuid, type, directory),
    waits,
  };
}

/** Where its receipt was lost. */
function fileOf(order: string, type: string, directory: string): string | null {
  const known = (["create", "update", "terminate"] as const).find((name) => name === type.toLowerCase());
  return known === undefined ? null : peekFileName(directory, known, order);
}

function presentPath(table: ClaimTable | null, resource: string | null): string | null {
  if (table === null || resource === null) return null;
  const record = table.present(table.resource(resource));
  return record < 0 ? null : table.path(record);
}

/** Orders that have a name, and are not known to have ended. */
export function ordersOfFiles({ place, memory }: OrderContext): OrderStatus[] {
  return listOpenReceipts(place.directory)
    .filter(({ offering }) => offering === place.offering.uuid)
    .sort((one, other) => (one.claimedAt < other.claimedAt ? -1 : 1))
    .map((receipt) => {
      const { order, type, resource, claimedAt, mountPoint, file } = receipt;
      const named = memory.problems.find((problem) => problem.order === order);
      return {
        ...{ uuid: order, type: `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`, state: null },
        ...{ since: claimedAt, resource, path: mountPoint, file },
        resourceName: named?.resourceName ?? null,
        project: named?.project ?? null,
        waits: knownReason({ order, state: null, receipt }, memory) ?? NEXT_PASS,
      };
    });
}
