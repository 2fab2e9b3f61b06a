// The POSTs that move an order. Checks come in the server's order: the object, the permission, the state.

import { isTable } from "../json.ts";
import { type Answer, detail, empty, forbidden, json, noSuch, serverError, wrongState } from "./answers.ts";
import { type Endpoint, type Exchange, seesAsProvider } from "./exchange.ts";
import { canFail, execute, fail, finish, isOptionsOnly, review } from "./lifecycle.ts";
import type { SimOrder } from "./model.ts";
import { cancelOrder, visibleOrder } from "./orders.ts";
import type { Worker } from "./worker.ts";

type Step = (exchange: Exchange, order: SimOrder) => Answer;

/** The actions by name. Orders of servers of 2024 have no backend id of their own to set. */
export function orderActions(worker: Worker): Readonly<Record<string, Endpoint>> {
  return {
    approve_by_provider: asProvider(approve(worker)),
    reject_by_provider: asProvider(reject),
    set_state_executing: asProvider(setExecuting),
    set_state_done: asProvider(setDone),
    set_state_erred: asProvider(setErred),
    cancel: cancelOrder,
  };
}

/** Actions that newer servers have beside these. */
export const NEWER_ORDER_ACTIONS: Readonly<Record<string, Endpoint>> = {
  set_backend_id: asProvider(setOrderBackendId),
};

function asProvider(step: Step): Endpoint {
  return (exchange, uuid) => {
    const order = visibleOrder(exchange, uuid);
    if (order === undefined) return noSuch("Order");
    const isAllowed = seesAsProvider(exchange, order.offeringUuid) && exchange.caller.role !== "manager";
    return isAllowed ? step(exchange, order) : forbidden();
  };
}

const BEGUN = "Order has been approved and is being processed.";
const KEPT_BACK = "Order has been approved. It will be processed on its start date.";

function approve(worker: Worker): Step {
  return (exchange, order) => {
    const { world, quirks } = exchange;
    if (order.state !== "pending-provider") return wrongState("pending-provider");
    if (review(world, order, "approved") === "pending-start-date") return detail(200, KEPT_BACK);
    const late = quirks.has("late-worker");
    if (world.generation === "2024" || late || isOptionsOnly(world, order)) worker.queue(order, late);
    errByItself(exchange, order);
    return world.generation === "2024" ? empty() : detail(200, BEGUN);
  };
}

function reject({ world }: Exchange, order: SimOrder): Answer {
  if (order.state !== "pending-provider") return wrongState("pending-provider");
  review(world, order, "rejected");
  return empty();
}

const BEFORE_EXECUTING = ["pending-consumer", "pending-provider", "erred"];

/** Queues nothing, leaves no reviewer behind, and revives an erred order with its old message. */
function setExecuting(exchange: Exchange, order: SimOrder): Answer {
  if (!BEFORE_EXECUTING.includes(order.state)) return wrongState(...BEFORE_EXECUTING);
  if (exchange.quirks.has("executing-without-effect")) return empty();
  execute(exchange.world, order);
  errByItself(exchange, order);
  return empty();
}

function setDone({ world, quirks }: Exchange, order: SimOrder): Answer {
  if (order.state !== "executing") return wrongState("executing");
  if (!quirks.has("done-without-effect")) finish(world, order);
  return empty();
}

/** Both keys are needed: without one the server breaks before it changes anything. */
function setErred({ world, body }: Exchange, order: SimOrder): Answer {
  const message = isTable(body) ? body.error_message : undefined;
  const traceback = isTable(body) ? body.error_traceback : undefined;
  if (message === undefined || traceback === undefined) return serverError();
  if (typeof message !== "string") return json(400, { error_message: ["Not a valid string."] });
  if (message.includes("\0")) return json(400, { error_message: ["Null characters are not allowed."] });
  if (!canFail(world, order)) return serverError();
  fail(world, order, message.trim());
  return empty();
}

function errByItself({ world, quirks }: Exchange, order: SimOrder): void {
  if (!quirks.has("erred-after-approve")) return;
  order.state = "erred";
  order.errorMessage = "The order was erred by the server itself.";
  world.touch(order);
}

function setOrderBackendId({ world, body }: Exchange, order: SimOrder): Answer {
  const checked = checkBackendId(body);
  if (!checked.ok) return checked.answer;
  const changed = order.backendId !== checked.value;
  order.backendId = checked.value;
  if (changed) world.touch(order);
  return json(200, { status: `Order backend_id ${changed ? "has been" : "is not"} changed.` });
}

const LONGEST_BACKEND_ID = 255;

/** Shared by orders and resources: an absent key breaks the server, an empty value clears the id. */
export function checkBackendId(body: unknown): { ok: true; value: string } | { ok: false; answer: Answer } {
  const value = isTable(body) ? body.backend_id : undefined;
  if (value === undefined) return { ok: false, answer: serverError() };
  const complaint = backendIdComplaint(value);
  if (complaint !== undefined) return { ok: false, answer: json(400, { backend_id: [complaint] }) };
  return { ok: true, value: String(value).trim() };
}

function backendIdComplaint(value: unknown): string | undefined {
  if (value === null) return "This field may not be null.";
  if (typeof value !== "string" && typeof value !== "number") return "Not a valid string.";
  const tooLong = String(value).trim().length > LONGEST_BACKEND_ID;
  return tooLong ? `Ensure this field has no more than ${LONGEST_BACKEND_ID} characters.` : undefined;
}
