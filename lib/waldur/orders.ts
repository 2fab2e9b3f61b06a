// Orders and the resource of one: reading them, and the five calls that an agent may send for them.
// An answer of 200 proves nothing here (docs/waldur.md, "Orders"); callers read back.

import { AnswerError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import type { Actor, Posted, Reader } from "./client.ts";
import { readList } from "./pages.ts";
import { OPEN_STATES, ORDER_TYPES, ORDERS_PATH, RESOURCES_PATH } from "./vocabulary.ts";
import { isFault, parseRows, parseUuid } from "./wire.ts";
import { ORDER_FIELDS, ORDER_OUTLINE, parseOrder, resourceOfRow, type WaldurOrder } from "./wire-order.ts";
import { parseResource, parseStateRow, resourceFields, type WaldurResource } from "./wire-resource.ts";

/**
 * An order whose row could not be read is kept apart, so that it does not stop the others. Its resource, where that can
 * be read, says which later orders have to wait for it.
 */
export type UnreadableOrder = {
  uuid: string;
  resource: string | null;
  fault: { field: string; message: string };
};

/** An order that is to be read again when its turn comes: the list had too much of it to keep. */
export type OrderOutline = Pick<WaldurOrder, "uuid" | "type" | "state"> & {
  resource: string | null;
  isOutline: true;
};

export type ListedOrder = WaldurOrder | UnreadableOrder | OrderOutline;

/** Orders are kept for a whole pass: in full up to so many characters of limits and attributes in all. */
const MOST_KEPT = 4 * 1024 * 1024;
/** Of even more open orders not even the outlines fit. */
const MOST_ORDERS = 100_000;

/** Every open order of the offering, oldest first; those that cannot be read stand where they are in the list. */
export function fetchOpenOrders(reader: Reader, offeringUuid: string): Promise<ListedOrder[]> {
  const query = { offering_uuid: offeringUuid, state: OPEN_STATES, o: "created", field: ORDER_FIELDS };
  return readList(
    reader,
    { path: ORDERS_PATH, query, what: "order", parallel: 1, outline: ORDER_OUTLINE, most: MOST_ORDERS },
    async (parts) => {
      const orders: ListedOrder[] = [];
      const keep = createKeeper();
      for await (const { rows } of parts) {
        for (const row of rows) {
          const order = parseOrder(row);
          if (!isFault(order)) orders.push(keep(ownOrder(order, offeringUuid)));
          else orders.push({ uuid: parseUuid(row, "an order"), resource: resourceOfRow(row), ...order });
        }
      }
      return orders;
    },
  );
}

/** Keeps orders whole up to `MOST_KEPT`, and the outlines of those after it. */
function createKeeper() {
  let kept = 0;
  return (order: WaldurOrder): WaldurOrder | OrderOutline => {
    const size = sizeOf(order);
    if (kept + size > MOST_KEPT) return outlineOf(order);
    kept += size;
    return order;
  };
}

/**
 * How many orders are open; null when the server does not say. Proves that the orders of the offering may be listed.
 */
export async function countOpenOrders(reader: Reader, offeringUuid: string): Promise<number | null> {
  const query = { offering_uuid: offeringUuid, state: OPEN_STATES, field: ["uuid"], page_size: 1 };
  const { body, count } = await reader.get(ORDERS_PATH, query);
  parseRows(body, ORDERS_PATH);
  return count;
}

function sizeOf({ limits, attributes, project, customer, resourceName }: WaldurOrder): number {
  return JSON.stringify([limits, attributes, project, customer, resourceName]).length;
}

/** Whatever a server may have written into type and state, only words that are known here are kept. */
function outlineOf({ uuid, type, state, marketplaceResourceUuid }: WaldurOrder): OrderOutline {
  const word = (text: string, known: readonly string[]) => known.find((one) => one === text) ?? "unknown";
  return {
    uuid,
    type: word(type, ORDER_TYPES),
    state: word(state, OPEN_STATES),
    resource: marketplaceResourceUuid,
    isOutline: true,
  };
}

export function isUnreadable(order: ListedOrder): order is UnreadableOrder {
  return isFault(order);
}

export function isOutline(order: ListedOrder): order is OrderOutline {
  return "isOutline" in order;
}

/** A server that ignores the filter by offering would return the orders of others. */
function ownOrder(order: WaldurOrder, offeringUuid: string): WaldurOrder {
  if (order.offeringUuid === offeringUuid) return order;
  throw new AnswerError(
    `GET ${ORDERS_PATH} for offering ${offeringUuid} gave order ${order.uuid} of offering ${order.offeringUuid}`,
    { hint: "this server seems to ignore the filter by offering; no order was touched" },
  );
}

/** The order as it is now; null when it is gone (a consumer can delete a pending order). */
export async function fetchOrder(reader: Reader, uuid: string): Promise<WaldurOrder | null> {
  const path = `${ORDERS_PATH}${uuid}/`;
  const answer = await getOrNull(reader, path, ORDER_FIELDS);
  if (answer === null) return null;
  const order = parseOrder(answer.body);
  if (isFault(order)) throw unusable(path, order.fault);
  if (order.uuid !== uuid) throw new AnswerError(`GET ${path} answered with another order, ${order.uuid}`);
  return order;
}

/** The resource as it is now; null when it is gone. */
export async function fetchResource(
  reader: Reader,
  uuid: string,
  withProvider = false,
): Promise<WaldurResource | null> {
  const path = `${RESOURCES_PATH}${uuid}/`;
  const answer = await getOrNull(reader, path, resourceFields(true, withProvider));
  if (answer === null) return null;
  const resource = parseResource(answer.body);
  if (isFault(resource)) throw unusable(path, resource.fault);
  if (resource.uuid !== uuid)
    throw new AnswerError(`GET ${path} answered with another resource, ${resource.uuid}`);
  return resource;
}

/** The state of the resource as it is now; null when it is gone. */
export async function fetchResourceState(reader: Reader, uuid: string): Promise<string | null> {
  const path = `${RESOURCES_PATH}${uuid}/`;
  const answer = await getOrNull(reader, path, ["uuid", "state"]);
  if (answer === null) return null;
  const row = parseStateRow(answer.body);
  if (row.uuid !== uuid) throw new AnswerError(`GET ${path} answered with another resource, ${row.uuid}`);
  return row.state;
}

async function getOrNull(reader: Reader, path: string, field: readonly string[]): Promise<Answer | null> {
  try {
    return await reader.get(path, { field });
  } catch (error) {
    if (error instanceof AnswerError && error.code === "not-found") return null;
    throw error;
  }
}

function unusable(path: string, fault: { field: string; message: string }): AnswerError {
  return new AnswerError(`GET ${path} gave an unusable answer: ${fault.field} ${fault.message}`);
}

/** A POST to Waldur as the report shows it. */
export type Call = { method: "POST"; path: string };

/** The calls by name; the same for the run that sends them and the dry run that lists them. */
export const CALLS = {
  approve: (order: string): Call => ({ method: "POST", path: `${ORDERS_PATH}${order}/approve_by_provider/` }),
  execute: (order: string): Call => ({ method: "POST", path: `${ORDERS_PATH}${order}/set_state_executing/` }),
  setDone: (order: string): Call => ({ method: "POST", path: `${ORDERS_PATH}${order}/set_state_done/` }),
  setErred: (order: string): Call => ({ method: "POST", path: `${ORDERS_PATH}${order}/set_state_erred/` }),
  setBackendId: (resource: string): Call => ({
    method: "POST",
    path: `${RESOURCES_PATH}${resource}/set_backend_id/`,
  }),
} as const;

/** The action of a call, without its object. */
export function actionOf({ path }: Call): string {
  return path.split("/").at(-2) ?? path;
}

/** Sends one call; the body goes to Waldur only, the report shows the path. */
export function send(actor: Actor, call: Call, body?: Readonly<Record<string, string>>): Promise<Posted> {
  return actor.post(call.path, body);
}
