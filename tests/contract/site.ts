// The Waldur that the suite is run on: who may be asked for what, and the steps of an order's life through the API
// alone. Whatever is created has a name that begins with `contract-`.

import { AnswerError } from "../../lib/errors.ts";
import type { Generation } from "../../lib/simulator/model.ts";
import {
  type Answer,
  type Caller,
  createCaller,
  createReads,
  listAll,
  type Reads,
  said,
  type Table,
  tableOf,
  textOf,
} from "./api.ts";
import type { Variables } from "./variables.ts";

/** Names of everything that the suite creates begin so, and nothing else in the offering may live. */
export const PREFIX = "contract-";

/** The addresses that an order names. */
export type Ordering = { offering: string; plan: string; project: string };

/** A site whose generation is not known yet. */
export type SiteAccess = {
  variables: Variables;
  ordering: Ordering;
  provider: Caller;
  consumer: Caller;
  /** null on a real server. */
  staff: Caller | null;
  /** null: without a token. */
  readsWith(token: string | null): Reads;
  /** Part of every name, so that two runs can be distinguished. */
  run: string;
  /** Uuids of the resources that this run created. */
  created: Set<string>;
  /** A directory for the files of the program; it goes when the run ends. */
  scratch: string;
};

export type Site = SiteAccess & { generation: Generation };

export type Callers = Pick<SiteAccess, "provider" | "consumer" | "staff" | "readsWith">;

/** One hand for each token; all stop when the signal is aborted. */
export function createCallers(variables: Variables, signal: AbortSignal): Callers {
  const { apiUrl, token, consumerToken, staffToken } = variables;
  return {
    provider: createCaller({ apiUrl, token, signal }),
    consumer: createCaller({ apiUrl, token: consumerToken, signal }),
    staff: staffToken === null ? null : createCaller({ apiUrl, token: staffToken, signal }),
    readsWith: (other) => createReads({ apiUrl, token: other, signal }),
  };
}

export const ORDERS = "marketplace-orders/";
export const RESOURCES = "marketplace-provider-resources/";
export const CONSUMER_RESOURCES = "marketplace-resources/";

export type Placed = { answer: Answer; order: string; resource: string };

/** What the consumer asks for beside the name, which is `contract-…` unless `name` is given. */
export type Wish = { limits?: unknown; name?: string; body?: Table };

/** The consumer orders a resource, whatever comes of it. */
export async function ask(ground: SiteAccess, label: string, wish: Wish = {}): Promise<Placed> {
  const name = wish.name ?? `${PREFIX}${ground.run}-${label}`;
  const limits = wish.limits ?? { storage: 10 };
  const body = { ...ground.ordering, type: "Create", attributes: { name }, limits, ...wish.body };
  const answer = await ground.consumer.post(ORDERS, body);
  const table = tableOf(answer);
  const resource = textOf(table, "marketplace_resource_uuid");
  if (resource !== "") ground.created.add(resource);
  return { answer, order: textOf(table, "uuid"), resource };
}

/** The consumer orders a resource; throws an `AnswerError` with what was said when that fails. */
export async function place(ground: SiteAccess, label: string, wish?: Wish): Promise<Placed> {
  const placed = await ask(ground, label, wish);
  if (placed.answer.status !== 201 || placed.order === "" || placed.resource === "")
    throw new AnswerError(`the order was not placed: ${said(placed.answer)}`);
  return placed;
}

/** A resource in OK, by way of `set_state_executing`, which starts no worker on any server. */
export async function makeResource(site: SiteAccess, label: string, wish?: Wish): Promise<string> {
  const { order, resource } = await place(site, label, wish);
  await finish(site, order);
  return resource;
}

/** Takes a pending order to its end; throws an `AnswerError` when that is refused. */
export async function finish(site: SiteAccess, order: string): Promise<void> {
  for (const action of ["set_state_executing", "set_state_done"] as const) {
    const answer = await act(site, order, action);
    if (answer.status !== 200) throw new AnswerError(`${action} was answered with ${said(answer)}`);
  }
}

export type OrderAction =
  | "approve_by_provider"
  | "reject_by_provider"
  | "set_state_executing"
  | "set_state_done"
  | "set_state_erred"
  | "set_backend_id"
  | "cancel";

/** The provider POSTs an action of an order. */
export function act(site: SiteAccess, order: string, action: OrderAction, body?: Table): Promise<Answer> {
  return site.provider.post(`${ORDERS}${order}/${action}/`, body);
}

/** The consumer asks for other limits, or for the end; the order's uuid is empty when that was refused. */
export async function change(
  site: SiteAccess,
  resource: string,
  limits: unknown,
): Promise<{ answer: Answer; order: string }> {
  const answer = await site.consumer.post(`${CONSUMER_RESOURCES}${resource}/update_limits/`, { limits });
  return { answer, order: textOf(tableOf(answer), "order_uuid") };
}

/** The consumer asks for other options; null when the offering makes no order of that. */
export async function changeOptions(
  site: SiteAccess,
  resource: string,
  options: Table,
): Promise<string | null> {
  await site.consumer.post(`${CONSUMER_RESOURCES}${resource}/update_options/`, { options });
  const orders = await listAll(site.provider, ORDERS, {
    resource_uuid: resource,
    type: "Update",
    state: "pending-provider",
    field: ["uuid", "marketplace_resource_uuid"],
  });
  const mine = orders.find((order) => textOf(order, "marketplace_resource_uuid") === resource);
  return mine === undefined ? null : textOf(mine, "uuid");
}

export async function terminate(
  site: SiteAccess,
  resource: string,
): Promise<{ answer: Answer; order: string }> {
  const answer = await site.consumer.post(`${CONSUMER_RESOURCES}${resource}/terminate/`, {});
  return { answer, order: textOf(tableOf(answer), "order_uuid") };
}

export async function readOrder(site: SiteAccess, order: string): Promise<Table> {
  return tableOf(await site.provider.get(`${ORDERS}${order}/`));
}

export async function readResource(site: SiteAccess, resource: string): Promise<Table> {
  return tableOf(await site.provider.get(`${RESOURCES}${resource}/`));
}

export function setBackendId(site: SiteAccess, resource: string, body: unknown): Promise<Answer> {
  return site.provider.post(`${RESOURCES}${resource}/set_backend_id/`, body);
}

/** The states of an order and of its resource, `done, OK`. */
export async function statesOf(site: SiteAccess, { order, resource }: Pick<Placed, "order" | "resource">) {
  const [theOrder, theResource] = [await readOrder(site, order), await readResource(site, resource)];
  return `${textOf(theOrder, "state")}, ${textOf(theResource, "state")}`;
}

/** The limits of a resource as JSON. */
export async function limitsOf(site: SiteAccess, resource: string): Promise<string> {
  const { limits } = await readResource(site, resource);
  return JSON.stringify(limits);
}

const POLL_MS = 50;
/** The longest that a worker behind approval may take; measured was a quarter of a second, on an idle server. */
export const WORKER_MS = 10_000;

/** Waits for something that a worker of the server does; false when it did not happen in time. */
export async function happens(happened: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const startedAt = performance.now(); performance.now() - startedAt < withinMs; ) {
    if (await happened()) return true;
    await Bun.sleep(POLL_MS);
  }
  return false;
}

/** On servers with a worker: it has made the allocation of an approved Create order. */
export function workerIsThrough(site: Site, { order }: Pick<Placed, "order">): Promise<boolean> {
  return happens(async () => (await readOrder(site, order)).resource_uuid !== null, WORKER_MS);
}

/** Does it at the first call, and gives the same to every later one. */
export function once<T>(make: (site: Site) => Promise<T>): (site: Site) => Promise<T> {
  let made: Promise<T> | undefined;
  return (site) => {
    made ??= make(site);
    return made;
  };
}
